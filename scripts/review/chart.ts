// The operator's chart, as `helm upgrade --install` takes it.
import { join } from 'node:path';
import { type Ended, printed } from './commands.ts';
import { type Ground, RELEASE, SYSTEM, type Terminal } from './ground.ts';
import { nameArray, type PodGround } from './pods.ts';
import type { World } from './world.ts';

/** The chart of this repository. */
export const CHART = join(import.meta.dirname, '..', '..', 'deploy', 'helm', 'lunresync');

/** Installs a chart as the release, or upgrades it. */
export function upgrade(
  { helm, releaseFlags = [] }: Pick<Terminal, 'helm'> & Partial<Pick<Ground, 'releaseFlags'>>,
  chart: string,
  flags: readonly string[] = [],
): Promise<Ended> {
  const where = [`--namespace=${SYSTEM}`, '--create-namespace'];
  return helm(['upgrade', '--install', RELEASE, chart, ...where, ...releaseFlags, ...flags]);
}

/** The cluster with Pods, with the release and the array in it. Throws MissingMeansError where there is no cluster. */
export async function installed(world: World): Promise<PodGround> {
  const ground = await world.pods();
  await printed(upgrade(ground, CHART));
  await nameArray(ground);
  return ground;
}
