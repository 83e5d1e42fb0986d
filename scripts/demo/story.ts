// What both stories of the demo have in common: a LunResync puts snapshots back, the bytes are compared, and it is undone.

import type { LunResyncSpec } from '../../src/api/lun-resync-spec.ts';
import { formatBytes } from '../../src/core/format.ts';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { apply, follow, show, type Voice } from './commands.ts';
import { firstLine, type LunBytes, MIB, readLun } from './lun-bytes.ts';
import type { DemoOptions } from './options.ts';
import { reasonOf } from './progress-line.ts';
import { NAMESPACE, type Stage } from './stage.ts';

/** So slow that there is something to watch, so fast that nobody falls asleep. */
const BYTES_PER_SECOND = 64 * MIB;

/** The ids of two LUNs: what is put back, and over what. */
export type Restored = { readonly snapshot: string; readonly target: string };

/** An object that a restore must leave alone. */
export type KeptObject = { readonly kind: string; readonly name: string; readonly uid: string; readonly spec: string };

/** In what the stories differ. */
export type Story = {
  readonly stage: Stage;
  /** Makes what the story begins with: snapshots, and targets that are damaged. */
  readonly prepare: (voice: Voice) => Promise<readonly Restored[]>;
  /** What the administrator does, as the end of a sentence, and the StorageArray's spec besides its endpoint. */
  readonly administrator: string;
  readonly arraySpec: object;
  readonly pairs: LunResyncSpec['pairs'];
  /** What there is to look at with kubectl. */
  readonly kinds: string;
  /** What the restore must leave alone, as it is now; absent where there is nothing. */
  readonly kept?: () => Promise<readonly KeptObject[]>;
};

/** What `--json` prints. `undoBytesEqual` is null when the run did not succeed, so that there was nothing to undo. */
export type Result = {
  readonly succeeded: boolean;
  readonly reason: string;
  readonly dataState: string;
  /** The targets hold what the sources hold, by the demo's own reading. */
  readonly bytesEqual: boolean;
  readonly undoBytesEqual: boolean | null;
  /** The targets hold what they held before the run. */
  readonly bytesAsBefore: boolean;
  /** Claims and volumes are the same objects with the same spec after it all; null where there are none. */
  readonly claimsKept: boolean | null;
  readonly seconds: number;
};

/** Tells a story to its end. */
export async function tell(story: Story, options: DemoOptions, voice: Voice): Promise<Result> {
  const { stage, kept } = story;
  const { array } = stage;
  const { say } = voice;
  const luns = await story.prepare(voice);
  if (options.inject === 'corrupt-copy')
    await array.admin.setFault({ fault: { action: FaultAction.CORRUPT_CHUNK, chunk: 3 } });
  const readTargets = (): Promise<LunBytes[]> => readAll(stage, luns, 'target');
  const [sources, before] = [await readAll(stage, luns, 'snapshot'), await readTargets()];
  const objects = await kept?.();
  await showLuns(stage, luns, say);
  await array.admin.setBandwidth({ bytesPerSecond: BigInt(BYTES_PER_SECOND) });

  say(`\n* The administrator ${story.administrator}`);
  await apply(stage, [storageArray(array.endpoint, story.arraySpec)], voice);
  say('\n* The requester applies a LunResync');
  const startedAt = performance.now();
  await apply(stage, [manifest('restore-shop', story.pairs)], voice);
  const run = await follow(stage, 'restore-shop', voice);
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  await show(stage, ['get', 'lunresyncs', `--namespace=${NAMESPACE}`], voice);
  await show(stage, ['describe', 'lunresync', 'restore-shop', `--namespace=${NAMESPACE}`], voice);

  say('\n* Reading all LUNs back and comparing');
  const after = await readTargets();
  await showLuns(stage, luns, say);
  const isKept = async (): Promise<boolean | null> =>
    objects === undefined || kept === undefined ? null : compareObjects(await kept(), objects, say);
  const result: Result = {
    succeeded: reasonOf(run) === 'Completed',
    reason: reasonOf(run),
    dataState: run.status.dataState ?? 'Untouched',
    bytesEqual: compare({ luns, left: after, right: sources, name: 'the snapshot' }, say),
    undoBytesEqual: null,
    bytesAsBefore: isEqual(after, before),
    claimsKept: await isKept(),
    seconds,
  };
  if (!result.succeeded) return result;

  say('\n* And back again: an undo, from the safety snapshots that the array took');
  await apply(stage, [manifest('undo-restore-shop', undoOf(story.pairs))], voice);
  const undo = await follow(stage, 'undo-restore-shop', voice);
  const undone = await readTargets();
  await showLuns(stage, luns, say);
  const isUndone = compare({ luns, left: undone, right: before, name: 'what was there before' }, say);
  return { ...result, undoBytesEqual: isUndone && reasonOf(undo) === 'Completed' };
}

function storageArray(endpoint: string, spec: object): object {
  return {
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'StorageArray',
    metadata: { name: 'array-a' },
    spec: { endpoint, ...spec },
  };
}

function manifest(name: string, pairs: LunResyncSpec['pairs']): object {
  return {
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'LunResync',
    metadata: { name, namespace: NAMESPACE },
    spec: { arrayName: 'array-a', pairs },
  };
}

/** The pairs of the run that puts back what was on the targets before. */
function undoOf(pairs: LunResyncSpec['pairs']): LunResyncSpec['pairs'] {
  return pairs.map(({ name }) => ({ name, source: { undoOf: 'restore-shop' } }));
}

async function readAll(stage: Stage, luns: readonly Restored[], which: keyof Restored): Promise<LunBytes[]> {
  const read: LunBytes[] = [];
  for (const lun of luns) read.push(await readLun(stage.array, lun[which]));
  return read;
}

function isEqual(left: readonly LunBytes[], right: readonly LunBytes[]): boolean {
  return left.every(
    ({ sizeBytes, sha256 }, index) => sizeBytes === right[index]?.sizeBytes && sha256 === right[index].sha256,
  );
}

type Comparison = {
  readonly luns: readonly Restored[];
  readonly left: readonly LunBytes[];
  readonly right: readonly LunBytes[];
  /** What is on the right. */
  readonly name: string;
};

function compare({ luns, left, right, name }: Comparison, say: (text: string) => void): boolean {
  luns.forEach(({ target }, index) => {
    const isSame = isEqual(left.slice(index, index + 1), right.slice(index, index + 1));
    const { sizeBytes = 0, sha256 = '' } = left[index] ?? {};
    const verdict = isSame ? 'equal to' : 'DIFFERENT from';
    say(`    ${target}: ${sizeBytes} bytes, SHA-256 ${sha256.slice(0, 16)}, ${verdict} ${name}`);
  });
  return isEqual(left, right);
}

function compareObjects(
  now: readonly KeptObject[],
  before: readonly KeptObject[],
  say: (text: string) => void,
): boolean {
  const isSame = (object: KeptObject | undefined, other: KeptObject | undefined): boolean =>
    object?.name === other?.name && object?.uid === other?.uid && object?.spec === other?.spec;
  before.forEach((object, index) => {
    const verdict = isSame(object, now[index]) ? 'the same as before' : 'CHANGED';
    say(`    ${object.kind} ${object.name}, uid ${object.uid}: ${verdict}`);
  });
  return before.length === now.length && before.every((object, index) => isSame(object, now[index]));
}

async function showLuns(stage: Stage, luns: readonly Restored[], say: (text: string) => void): Promise<void> {
  const ids = luns.flatMap(({ snapshot, target }) => [snapshot, target]);
  const width = Math.max(...ids.map((id) => id.length));
  for (const id of ids) {
    const { lun } = await stage.array.admin.getLun({ lunId: id });
    const size = formatBytes(Number(lun?.sizeBytes ?? 0n)).padStart(9);
    say(`    ${id.padEnd(width)} ${size}  "${await firstLine(stage.array, id)}"`);
  }
}
