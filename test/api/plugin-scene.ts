// What the tests of the kubectl plugin share: the plugin in a scene's namespace, and runs for it.
import { type PluginResult, runPlugin } from '../support/plugin.ts';
import { MIB, type Scene } from '../support/scene.ts';

/** How kubectl and the plugin call a LunResync, before the slash and its name. */
export const RESYNC = 'lunresync.lunresync.io';

/** The plugin's arguments, in the scene's namespace. */
export function inNamespace({ namespace }: Scene, ...args: readonly string[]): string[] {
  return [...args, '-n', namespace];
}

/** Runs the plugin on pipes in the scene's namespace. */
export function plugin(scene: Scene, ...args: readonly string[]): Promise<PluginResult> {
  return runPlugin(scene.cluster, inNamespace(scene, ...args));
}

/** LUNs `<name>-src` and `<name>-dst` with different bytes. */
export async function makeLuns(scene: Scene, name: string, sizeBytes = 4 * MIB): Promise<void> {
  await scene.lun(`${name}-src`, sizeBytes, `${name} source`);
  await scene.lun(`${name}-dst`, sizeBytes, `${name} target`);
}

/** Arguments that create a run with a pair for each name of `makeLuns`, and do not ask whether they may. */
export function createArgs({ arrayName }: Scene, name: string, ...luns: readonly string[]): string[] {
  const pairs = luns.flatMap((lun) => ['--pair', `${lun}=lun:${lun}-src,lun:${lun}-dst`]);
  return ['create', name, '--yes', '--array', arrayName, ...pairs];
}
