// The operator's chart, as `helm upgrade --install` takes it.
import { join } from 'node:path';
import type { Ended } from './commands.ts';
import { type Ground, RELEASE, SYSTEM, type Terminal } from './ground.ts';

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
