// The three tools' verdicts on objects, by what deploy/ gives them.
import { type Answer, type Expressions, evaluate, type Question } from './evaluators.ts';
import { argoScript, fluxObjects } from './manifests.ts';
import type { State } from './states.ts';

/** A word of each tool; `error: …` where it could not say. */
export type Said = { readonly kstatus: string; readonly argo: string; readonly flux: string };

/** The health check expressions of every object in deploy/flux that has some, by kind and name. */
export const FLUX_EXPRESSIONS: readonly (readonly [string, Expressions])[] = fluxObjects().flatMap(
  ({ kind, metadata, spec }) =>
    (spec.healthCheckExprs ?? []).map((exprs) => [`${kind} ${metadata.name}`, exprs] as const),
);

/** What the tools say of each object; Flux by these expressions, or by the first in deploy/flux. */
export async function saidOf(objects: readonly object[], given?: Expressions): Promise<Said[]> {
  const expressions = given ?? FLUX_EXPRESSIONS[0]?.[1];
  if (expressions === undefined) throw new Error('deploy/flux has no health check expressions');
  const script = argoScript('health.lua');
  const questions = objects.flatMap((object): Question[] => [
    { evaluator: 'kstatus', object },
    { evaluator: 'health', script, object },
    { evaluator: 'expressions', expressions, object },
  ]);
  const words = (await evaluate(questions)).map(wordOf);
  return objects.map((_, nth) => {
    const [kstatus = '', argo = '', flux = ''] = words.slice(nth * 3, nth * 3 + 3);
    return { kstatus, argo, flux };
  });
}

/** What has to be said of the states, by their names. */
export function wantedOf(states: readonly State[]): ReadonlyMap<string, Said> {
  return new Map(states.map(({ name, verdicts: { kstatus, argo, flux } }) => [name, { kstatus, argo, flux }]));
}

/** The verdict; of a health, its status. */
export function wordOf({ value, error }: Answer): string {
  if (error !== undefined) return `error: ${error}`;
  return String(typeof value === 'object' && value !== null && 'status' in value ? value.status : value);
}
