/**
 * Every effect of a story, with a crash before it, with its answer lost, and after it, and with everything else that may
 * happen meanwhile. The effects are those of the story without faults: what is done during a recovery is a point too, and is
 * reached by the pairs.
 */
import type { CrashPoint, Recovery } from '../world/effects.ts';
import type { Planned } from './chaos.ts';
import { sideOf } from './registry.ts';
import { type Telling, type Told, tell } from './run-story.ts';
import type { Story } from './stories.ts';

const POINTS: readonly CrashPoint[] = ['before', 'lost', 'after'];
const RECOVERIES: readonly Recovery[] = ['Restart', 'TakeOver', 'ArrayRestart', 'Delete', 'Recreate'];
const KEPT = ['none', 'all', 'some'] as const;

/** The effects of the story until it is over: what idles on afterwards is the same again and again. */
export function pointsOf(told: Told): { readonly key: string; readonly name: string }[] {
  const last = told.effects.findLastIndex(({ name }) => /^(patch|delete|commit|remove|block|flush|digests)/.test(name));
  return told.effects.slice(0, last + 1).filter(({ name }) => sideOf(name) !== undefined);
}

/** All tellings of a story with one crash. */
export function* singleCrashes(story: Story, reference: Told): Generator<Telling> {
  for (const { key, name } of pointsOf(reference)) {
    if (sideOf(name) === 'operator')
      for (const point of POINTS)
        for (const recovery of RECOVERIES)
          yield { story, faults: [{ key, fault: { kind: 'Crash', point, recovery } }] };
    // An array's effect that has happened and one whose answer is lost are the same: nobody has heard of it.
    else
      for (const point of ['before', 'after'] as const)
        for (const kept of KEPT) yield { story, faults: [{ key, fault: { kind: 'Crash', point } }], kept };
  }
}

/** Tellings with a second crash during the recovery from the first: at each effect that follows it. */
export async function* crashesInRecovery(first: Telling): AsyncGenerator<Telling> {
  const told = await tell(first);
  const at = told.effects.findIndex(({ key }) => key === first.faults[0]?.key);
  const after = pointsOf({ ...told, effects: told.effects.slice(at + 1) });
  for (const { key } of after) {
    const second: Planned = { key, fault: { kind: 'Crash', point: 'lost' } };
    yield { ...first, faults: [...first.faults, second] };
  }
}

/** In words, for a report. */
export function wordsOf({ story, faults, kept }: Telling): string {
  const crashes = faults.map(({ key, fault }) => {
    const { point = '', recovery = '' } = fault.kind === 'Crash' ? fault : {};
    return `${point} ${key}${recovery === '' ? '' : `, ${recovery}`}`;
  });
  return `${story.name}: crash ${crashes.join('; crash ')}${kept === undefined ? '' : `, ${kept} kept`}`;
}
