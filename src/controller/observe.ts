/** Gathers one observation: the object, its array, its LUNs from one answer, and how long nothing has moved. */
import { createHash } from 'node:crypto';
import type { LunResync } from '../api/lun-resync.ts';
import { FINALIZER } from '../api/names.ts';
import type { StorageArray } from '../api/storage-array.ts';
import type { Lun, NotKnown, Operation } from '../core/array.ts';
import type { Observation, ResolvedPair, View } from '../core/observation.ts';
import { withChange, withOwnRecord } from '../core/recorded.ts';
import type { VolumesView } from '../core/volumes.ts';
import type { ArrayClient, LunsAnswer } from './ports.ts';
import { recordedPairs, resolveArray, withSafetySnapshot, withSourceOwner } from './resolve.ts';
import { type Names, resolvePairs } from './resolve-pair.ts';
import { ownerOf, type World } from './world.ts';

/** Never rejects because the array does not answer. `othersRunning` is counted by the caller, right before it decides. */
export async function observe(
  object: LunResync,
  world: World,
  signal: AbortSignal,
): Promise<Omit<Observation, 'othersRunning'>> {
  const resync = withOwnRecord(object);
  const { observed, array, names, pairs } = resolved(resync, world, world.volumes.view);
  const owner = ownerOf(world.clusterID, resync);
  const seen =
    array === undefined || !needsLook(resync) || pairs.some((pair) => pair.problem !== undefined)
      ? { view: { state: 'unresolved' } as const, pairs }
      : await look({ resync, world, owner, array, pairs, names, signal });
  const answered = seen.view.state === 'read';
  const arrayName = array?.metadata.name ?? '';
  return {
    now: world.clock.now(),
    resync,
    owner,
    settings: world.settings,
    array: observed,
    pairs: seen.pairs,
    view: seen.view,
    pairsDigest: digestOf(seen.pairs),
    idleMs: idleMs(seen.view, resync, world),
    unreachableMs: seen.view.state === 'unresolved' ? 0 : world.activity.silentMs(arrayName, answered),
  };
}

/** The pairs of the spec as they are resolved over these volumes. */
export function pairsOf(resync: LunResync, world: World, volumes: VolumesView): readonly ResolvedPair[] {
  return resolved(resync, world, volumes).pairs;
}

type Resolved = ReturnType<typeof resolveArray> & { readonly names: Names; readonly pairs: readonly ResolvedPair[] };

function resolved(resync: LunResync, world: World, volumes: VolumesView): Resolved {
  const undone = runsToUndo(resync, world);
  const { observed, array } = resolveArray(resync, world.arrays.list(), { undone, volumes });
  const { namespace } = resync.metadata;
  const names = {
    undone,
    volumes,
    namespace,
    driver: array?.spec.csiDriverName,
    arrayName: array?.metadata.name ?? '',
  };
  const pairs = isAttempted(resync) ? recordedPairs(resync, names) : resolvePairs(resync, names);
  return { observed, ...(array === undefined ? {} : { array }), names, pairs };
}

function isAttempted({ status }: LunResync): boolean {
  return (status.attempt ?? 0) > 0;
}

/** Before the finalizer is on, and once the run has ended, nothing that is decided depends on the array. */
function needsLook({ metadata, status }: LunResync): boolean {
  return status.completionTime === undefined && (metadata.finalizers ?? []).includes(FINALIZER);
}

function runsToUndo(resync: LunResync, world: World): ReadonlyMap<string, LunResync> {
  const names = new Set(resync.spec.pairs.flatMap((pair) => pair.source.undoOf ?? []));
  return new Map(
    [...names].flatMap((name): [string, LunResync][] => {
      const other = world.store.get(`${resync.metadata.namespace}/${name}`);
      return other === undefined ? [] : [[name, other]];
    }),
  );
}

type Looking = {
  readonly resync: LunResync;
  readonly world: World;
  readonly owner: string;
  readonly array: StorageArray;
  readonly pairs: readonly ResolvedPair[];
  readonly names: Names;
  readonly signal: AbortSignal;
};

type Seen = { readonly view: View; readonly pairs: readonly ResolvedPair[] };

async function look(looking: Looking): Promise<Seen> {
  const { resync, world, array, pairs, signal } = looking;
  const client = await world.arrays.client(array, signal);
  if ('kind' in client) return { view: unread(client), pairs };
  const { operationID } = resync.status;
  // Before the LUNs: where the two differ, the LUNs must be the newer ones.
  const operation = operationID === undefined ? 'absent' : await client.operation(operationID, signal);
  if (isNotKnown(operation)) return report(looking, { view: unread(operation), pairs });
  const luns = await readLuns(client, looking);
  if ('kind' in luns) return report(looking, { view: unread(luns), pairs });
  const identity = await world.identities.of(client, luns.arrayID, signal);
  if ('kind' in identity) return report(looking, { view: unread(identity), pairs });
  return report(looking, {
    pairs: luns.pairs,
    view: { state: 'read', identity, luns: luns.luns, ...(operation === 'absent' ? {} : { operation }) },
  });
}

function report(looking: Looking, seen: Seen): Seen {
  looking.world.report.onArrayAnswer(looking.array.metadata.name, seen.view.state === 'read');
  return seen;
}

/**
 * The sources and targets, and the safety snapshots that the runs name. Ids that only the answer reveals are asked for
 * once more, all together, since generation, state and runs must come from one answer.
 */
async function readLuns(
  client: ArrayClient,
  looking: Looking,
): Promise<(LunsAnswer & { readonly pairs: readonly ResolvedPair[] }) | NotKnown> {
  const { resync, owner, pairs, names, world, signal } = looking;
  const owners = [owner, ...[...names.undone.values()].map((other) => ownerOf(world.clusterID, other))];
  const ids = new Set(pairs.flatMap((pair) => [pair.sourceLunID, pair.targetLunID]).filter((id) => id !== ''));
  for (const pair of resync.status.pairs ?? []) if (pair.safetySnapshotID !== undefined) ids.add(pair.safetySnapshotID);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const answer = await client.luns({ ids: [...ids], owners, runID: resync.spec.runID ?? '' }, signal);
    if ('kind' in answer) return answer;
    const unseen = snapshotsIn(answer.luns, owners).filter((id) => !ids.has(id));
    if (unseen.length === 0) return { ...answer, pairs: completed(looking, answer.luns) };
    for (const id of unseen) ids.add(id);
  }
  const message = 'each of its answers names other safety snapshots than the one before';
  return { kind: 'NotKnown', cause: 'Unreachable', message };
}

/** More than an operation that is accepted between two answers makes needed. */
const MAX_ROUNDS = 4;

function snapshotsIn(luns: ReadonlyMap<string, Lun>, owners: readonly string[]): string[] {
  const runs = [...luns.values()].flatMap((lun) => lun.runs);
  return runs
    .filter((run) => owners.includes(run.owner) && run.safetySnapshotID !== '')
    .map((run) => run.safetySnapshotID);
}

/** What only the array can tell: an undo's source, and whose volume a snapshot was taken from. */
function completed({ pairs, resync, names, world }: Looking, luns: ReadonlyMap<string, Lun>): ResolvedPair[] {
  return pairs.map((pair) => {
    const other = names.undone.get(resync.spec.pairs.find(({ name }) => name === pair.name)?.source.undoOf ?? '');
    if (other !== undefined) return undone(pair, ownerOf(world.clusterID, other), luns);
    const { problem, final, ...rest } = withSourceOwner(pair, names, luns);
    if (problem === undefined || pair.problem !== undefined) return pair;
    return isAttempted(resync) ? { ...rest, final: false, changed: { problem, final } } : { ...rest, problem, final };
  });
}

/** A recorded source is compared with what the array says that it is. */
function undone(pair: ResolvedPair, ownerUndone: string, luns: ReadonlyMap<string, Lun>): ResolvedPair {
  if (pair.sourceLunID === '' || pair.problem !== undefined) return withSafetySnapshot(pair, ownerUndone, luns);
  return withChange(pair, withSafetySnapshot({ ...pair, sourceLunID: '' }, ownerUndone, luns));
}

function unread(answer: NotKnown): View {
  return { state: 'unread', cause: answer.cause, message: answer.message };
}

function isNotKnown(value: Operation | 'absent' | NotKnown): value is NotKnown {
  return typeof value === 'object' && 'cause' in value && value.kind === 'NotKnown';
}

function idleMs(view: View, resync: LunResync, world: World): number {
  const { operationID } = resync.status;
  const operation = view.state === 'read' ? view.operation : undefined;
  if (operation?.outcome === 'Running' && !resync.spec.suspend) return world.activity.idleMs(operation);
  if (operationID !== undefined) world.activity.forget(operationID);
  return 0;
}

/** The same for the same pairs in any order, and for a re-created object: what makes two runs the same run. */
function digestOf(pairs: readonly ResolvedPair[]): string {
  if (pairs.some((pair) => pair.problem !== undefined)) return '';
  const lines = pairs.map((pair) => `${pair.targetLunID}\n${pair.sourceLunID}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex');
}
