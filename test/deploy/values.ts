// Values that tests render with: those in the charts' ci folders, which are also what chart-testing's `ct lint` takes.
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { load } from 'js-yaml';
import { CHART } from './helm.ts';

/** Values by the name of their file, without `-values.yaml`. */
export function ciValues(chart: string): ReadonlyMap<string, object> {
  const files = globSync(join(chart, 'ci', '*-values.yaml')).toSorted();
  return new Map(files.map((file) => [basename(file, '-values.yaml'), load(readFileSync(file, 'utf8')) as object]));
}

const values = ciValues(CHART);

/** Everything that is off by default is on, and everything that is empty has something in it. */
export const EVERYTHING = named('everything');

/** One namespace only. */
export const NAMESPACED = named('one-namespace');

function named(name: string): object {
  const found = values.get(name);
  if (found === undefined) throw new Error(`${CHART}/ci has no ${name}-values.yaml`);
  return found;
}
