/** Tells the stories with every crash, or with a share of them, and counts what was reached. */
import { crashesInRecovery, pointsOf, singleCrashes, wordsOf } from './enumerate.ts';
import { ARRAY_EFFECTS, OPERATOR_EFFECTS } from './registry.ts';
import { type Telling, tell } from './run-story.ts';
import { STORIES, type Story } from './stories.ts';

export type Exploration = {
  readonly stories: readonly string[];
  /** Every how manieth telling is told; 1: all. */
  readonly every: number;
  /** Every how manieth single crash also gets all its second crashes; 0: none. */
  readonly pairsOfEvery: number;
};

export type Found = {
  runs: number;
  pairs: number;
  /** `effect point recovery`, as far as reached. */
  readonly points: Set<string>;
  readonly names: Set<string>;
  readonly violations: string[];
};

/** The part of the work that belongs to `part`. */
export async function explore(exploration: Exploration, part = 0, parts = 1): Promise<Found> {
  const found: Found = { runs: 0, pairs: 0, points: new Set(), names: new Set(), violations: [] };
  let number = 0;
  for (const story of STORIES.filter(({ name }) => exploration.stories.includes(name))) {
    const reference = await referenceOf(story, found);
    for (const telling of singleCrashes(story, reference)) {
      number += 1;
      if (number % parts !== part || Math.floor(number / parts) % exploration.every !== 0) continue;
      await look(telling, found);
      const { pairsOfEvery } = exploration;
      if (pairsOfEvery === 0 || Math.floor(number / parts) % pairsOfEvery !== 0) continue;
      for await (const second of crashesInRecovery(telling)) {
        found.pairs += 1;
        await look(second, found);
      }
    }
  }
  return found;
}

async function referenceOf(story: Story, found: Found): ReturnType<typeof tell> {
  const reference = await tell({ story, faults: [] });
  if (reference.violation !== undefined) found.violations.push(`${story.name}, undisturbed: ${reference.violation}`);
  for (const { name } of pointsOf(reference)) found.names.add(name);
  return reference;
}

async function look(telling: Telling, found: Found): Promise<void> {
  const told = await tell(telling);
  found.runs += 1;
  for (const { key, fault } of telling.faults) {
    const effect = told.effects.find((candidate) => candidate.key === key);
    if (!told.visited.has(key) || effect === undefined || fault.kind !== 'Crash') continue;
    found.points.add(`${effect.name} ${fault.point} ${fault.recovery ?? ''}`.trimEnd());
  }
  if (told.violation !== undefined) found.violations.push(`${wordsOf(telling)}: ${told.violation}`);
}

/** How many kinds of points there are, and how many were reached. */
export function coverage(
  reached: ReadonlySet<string>,
  side: 'operator' | 'array',
): { registered: number; visited: number } {
  const names = new Set(Object.values(side === 'operator' ? OPERATOR_EFFECTS : ARRAY_EFFECTS));
  const kinds = side === 'operator' ? OPERATOR_KINDS : ARRAY_KINDS;
  const wanted = [...names].flatMap((name) => kinds.map((kind) => `${name} ${kind}`));
  return { registered: wanted.length, visited: wanted.filter((point) => reached.has(point)).length };
}

const OPERATOR_KINDS = ['before', 'lost', 'after'].flatMap((point) =>
  ['Restart', 'TakeOver', 'ArrayRestart', 'Delete', 'Recreate'].map((recovery) => `${point} ${recovery}`),
);
const ARRAY_KINDS = ['before', 'after'];
