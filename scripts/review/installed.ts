// The cluster with Pods once the operator's chart is in it.
import { CHART, upgrade } from './chart.ts';
import { printed } from './commands.ts';
import { nameArray, type PodGround } from './pods.ts';
import type { World } from './world.ts';

/** The cluster with Pods, with the release and the array in it. Throws MissingMeansError where there is no cluster. */
export async function installed(world: World): Promise<PodGround> {
  const ground = await world.pods();
  await printed(upgrade(ground, CHART));
  await nameArray(ground);
  return ground;
}
