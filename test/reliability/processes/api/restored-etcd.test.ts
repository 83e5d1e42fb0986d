// An etcd that is put back to an earlier state under a live operator, and under one that starts afterwards: objects have
// forgotten how they ended, or that they were deleted. The LUNs have not.
import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../../../support/scene.ts';
import { sharedScene } from '../../../support/shared-scene.ts';
import { until } from '../../../support/until.ts';
import { startPlaneScene } from './support/plane-scene.ts';
import {
  applyPair,
  contentOf,
  holdCopy,
  makePair,
  startedOf,
  untilCopying,
  untilGone,
  untilServed,
  writeTo,
} from './support/proxied-scene.ts';

/** What becomes of a run between the backup, which has it in the middle of its copy, and the restoration. */
type Story = {
  readonly cancel?: true;
  /** The backup has it before its first attempt. */
  readonly suspended?: true;
  /** `recreated`: another object of its name then has a run of its own on its LUNs. */
  readonly meanwhile?: 'written' | 'deleted' | 'recreated';
  /** `[Succeeded, dataState]` after the restoration. */
  readonly ends: readonly [status: string, reason: string, dataState: string];
};

const COMPLETED = ['True', 'Completed', 'MatchesSource'] as const;
/** Why it had been rolled back was in the status alone. */
const ROLLED_BACK = ['False', 'BackoffLimitExceeded', 'RolledBack'] as const;

const STORIES: Readonly<Record<string, Story>> = {
  kept: { ends: COMPLETED },
  written: { meanwhile: 'written', ends: COMPLETED },
  deleted: { meanwhile: 'deleted', ends: COMPLETED },
  recreated: { meanwhile: 'recreated', ends: COMPLETED },
  waiting: { suspended: true, ends: COMPLETED },
  'waiting-written': { suspended: true, meanwhile: 'written', ends: COMPLETED },
  off: { cancel: true, ends: ROLLED_BACK },
  'off-written': { cancel: true, meanwhile: 'written', ends: ['False', 'TargetChanged', 'Unknown'] },
  'off-deleted': { cancel: true, meanwhile: 'deleted', ends: ROLLED_BACK },
};
/** Its operation ends when no operator is there, so that its record at the array is not released before the restoration. */
const UNRELEASED = 'unreleased';
/** Made after the backup: the restored cluster does not know it, and its operation runs. */
const UNKNOWN = 'unknown';
const NAMES = Object.keys(STORIES);

const scene = sharedScene(startPlaneScene);
let copy: string;

/** Plays a story up to the backup; gives the function that plays the rest. */
async function begin(name: string, { suspended, cancel, meanwhile }: Story): Promise<() => Promise<void>> {
  await makePair(scene, name);
  const held = await holdCopy(scene, name);
  await applyPair(scene, name, { suspend: suspended === true });
  if (suspended) await scene.until(name, 'it waits', (resync) => reasonOf(resync) === 'Suspended');
  else await untilCopying(scene, name);
  return async () => {
    if (suspended) await scene.patch(name, { suspend: false });
    if (cancel) await scene.patch(name, { cancel: true });
    else await held.letGo();
    expect(reasonOf(await scene.finished(name))).toBe(cancel ? 'Cancelled' : 'Completed');
    if (meanwhile === 'written') await writeTo(scene, `${name}-dst`);
    if (meanwhile === undefined || meanwhile === 'written') return;
    await scene.remove(name);
    await untilGone(scene, name);
    if (meanwhile === 'deleted') return;
    await applyPair(scene, name);
    await scene.finished(name);
  };
}

beforeAll(async () => {
  const rest = await Promise.all(NAMES.map((name) => begin(name, STORIES[name] as Story)));
  await makePair(scene, UNRELEASED);
  const unreleased = await holdCopy(scene, UNRELEASED);
  await applyPair(scene, UNRELEASED);
  await untilCopying(scene, UNRELEASED);
  copy = await scene.plane.backUp();
  await untilServed(scene);
  await Promise.all(rest.map((play) => play()));
  await makePair(scene, UNKNOWN);
  await holdCopy(scene, UNKNOWN);
  await applyPair(scene, UNKNOWN);
  await untilCopying(scene, UNKNOWN);
  await scene.operator.kill();
  await unreleased.letGo();
  await untilRecord(UNRELEASED, 'SUCCEEDED');
});

/** What every object should have ended with, and what was ever asked of the array for it. */
async function endings(): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const ended = [...NAMES, UNRELEASED].map(async (name) => {
    if (STORIES[name]?.suspended) await scene.patch(name, { suspend: false });
    const { status } = await scene.finished(name);
    const [succeeded, undo] = ['Succeeded', 'UndoAvailable'].map((wanted) =>
      status.conditions?.find(({ type }) => type === wanted),
    );
    return [name, [succeeded?.status, succeeded?.reason, status.dataState, undo?.reason]] as const;
  });
  return Object.fromEntries(await Promise.all(ended));
}

/** The deletion of an object has taken its safety snapshots with it. */
function undoAfter({ meanwhile }: Story): string {
  return meanwhile === 'deleted' || meanwhile === 'recreated' ? 'SafetySnapshotsDeleted' : 'SafetySnapshotsKept';
}

const expected = (): Readonly<Record<string, readonly unknown[]>> => ({
  ...Object.fromEntries(Object.entries(STORIES).map(([name, story]) => [name, [...story.ends, undoAfter(story)]])),
  [UNRELEASED]: [...COMPLETED, 'SafetySnapshotsKept'],
});

const starts = (): readonly (readonly string[])[] =>
  [...NAMES, UNRELEASED, UNKNOWN].map((name) => startedOf(scene, name));

/** Waits until the array says that of the object's newest operation. */
async function untilRecord(name: string, outcome: string): Promise<void> {
  const isThere = async (): Promise<boolean> => {
    const { entries } = await scene.array.admin.journal({ limit: 10_000 });
    return entries.some(({ event, owner }) => event === outcome && owner.includes(`/${name}/`));
  };
  await until(() => `${name} to be ${outcome} at the array`, isThere);
}

describe('an etcd that is put back to the middle of runs', () => {
  it('ends each as it had ended, by an operator that starts then, without a call that changes a LUN', async () => {
    const [content, calls] = [await contentOf(scene), starts()];
    await scene.plane.restore(copy);
    await untilServed(scene);
    await scene.operator.start();
    expect(await endings()).toEqual(expected());
    await untilRecord(UNKNOWN, 'CANCELLED');
    expect([await contentOf(scene), starts()]).toEqual([content, calls]);
  });

  it('and once more, by an operator that had ended them and lives on', async () => {
    const [content, calls] = [await contentOf(scene), starts()];
    await scene.plane.restore(copy);
    await untilServed(scene);
    expect(await endings()).toEqual(expected());
    expect([await contentOf(scene), starts()]).toEqual([content, calls]);
  });
});
