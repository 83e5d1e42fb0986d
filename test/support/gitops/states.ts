// Every state that a LunResync can be seen in, as the operator's own rules write it, and what each tool has to say of it.
import type { LunResync } from '../../../src/api/lun-resync.ts';
import { conclude } from '../../../src/core/conclude.ts';
import { decide } from '../../../src/core/decide.ts';
import type { Observation } from '../../../src/core/observation.ts';
import { REASONS, type ReasonName } from '../../../src/core/reasons.ts';
import { compose } from '../../../src/core/status.ts';
import { fail } from '../../../src/core/terminal.ts';
import { unreachable } from '../answers.ts';
import {
  afterWrite,
  ago,
  claim,
  GiB,
  lun,
  type ObservationInput,
  OWNER,
  observation,
  operation,
  pair,
  recorded,
  resyncObject,
  run,
  safetySnapshot,
  targetWith,
  UNREACHABLE,
} from '../observations.ts';
import { ending, failed, intended, recordedPair, running, showing } from '../statuses.ts';

/** What the tools say: kstatus, the health that Argo CD shows, Flux by its expressions, and which waits of kubectl end. */
export type Verdicts = {
  readonly kstatus: 'InProgress' | 'Current' | 'Failed' | 'Terminating';
  readonly argo: 'Progressing' | 'Healthy' | 'Degraded' | 'Suspended';
  readonly flux: 'InProgress' | 'Current' | 'Failed';
  /** Of Succeeded, Succeeded=false, and the JSON path .status.completionTime, those whose wait is over. */
  readonly waits: readonly ('Succeeded' | 'Succeeded=false' | 'completionTime')[];
};

/** A named state. */
export type State = { readonly name: string; readonly resync: LunResync; readonly verdicts: Verdicts };

const GOES_ON: Verdicts = { kstatus: 'InProgress', argo: 'Progressing', flux: 'InProgress', waits: [] };
const HELD: Verdicts = { ...GOES_ON, argo: 'Suspended' };
const NEEDS_A_PERSON: Verdicts = { kstatus: 'Failed', argo: 'Degraded', flux: 'Failed', waits: [] };
const FAILED: Verdicts = { ...NEEDS_A_PERSON, waits: ['Succeeded=false', 'completionTime'] };
const SUCCEEDED: Verdicts = {
  kstatus: 'Current',
  argo: 'Healthy',
  flux: 'Current',
  waits: ['Succeeded', 'completionTime'],
};
const GOES_AWAY: Verdicts = { ...GOES_ON, kstatus: 'Terminating' };

const wreck = [targetWith({ outcome: 'Failed' }), safetySnapshot()];
const deleted = { deletionTimestamp: ago(1) };
const copying = { status: intended(), luns: [targetWith()], operation: operation() };
const succeeded = { luns: [targetWith({ outcome: 'Succeeded' }), safetySnapshot()] };
const done = showing('Completed', {
  dataState: 'MatchesSource',
  pairs: [recordedPair({ dataState: 'MatchesSource' })],
});
const doneBefore = run({ outcome: 'Succeeded', owner: OWNER.replace(/[^/]*$/, 'deleted'), runID: 'nightly' });

/** The states, by what the tools say of them. */
export const STATES: readonly State[] = [
  ...states(GOES_ON, {
    applied: resyncObject(),
    pending: written({ luns: [] }),
    'waiting-for-target': written({ luns: [lun({ publishedNodes: ['node-1'] })] }),
    maintenance: written({ policy: { maintenance: true } }),
    starting: written(),
    copying: written(copying),
    verifying: written({ ...copying, operation: operation({ step: 'Verifying' }) }),
    'array-unreachable': written({ status: running(), view: UNREACHABLE }),
    retrying: written({ status: running(), luns: wreck }),
    cancelling: written({ ...copying, spec: { cancel: true } }),
    'rolling-back': written({ status: failed({ ending: ending('NoProgress') }), luns: wreck }),
    'changed-while-copying': resyncObject({ status: running(), spec: { suspend: true }, metadata: { generation: 2 } }),
  }),
  ...states(HELD, { suspended: written({ spec: { suspend: true } }) }),
  ...states(NEEDS_A_PERSON, {
    'array-unreachable-for-long': written({ status: running(), view: UNREACHABLE, unreachableMs: 300_000 }),
    'cancelling-without-answer': written({ status: running(), view: UNREACHABLE, spec: { cancel: true } }),
    'target-too-small': written({ pairs: [pair({ claim: claim() })], luns: [lun({ sizeBytes: 8 * GiB })] }),
  }),
  ...states(SUCCEEDED, {
    completed: written({ status: running(), ...succeeded }),
    planned: written({ spec: { mode: 'Plan' } }),
    'already-completed': written({ spec: { runID: 'nightly' }, luns: [lun({ runs: [doneBefore] })] }),
    'completed-then-changed-and-seen': written({ status: done, metadata: { generation: 2 } }),
  }),
  ...states(FAILED, {
    cancelled: written({ spec: { cancel: true } }),
    'verification-failed': ended('VerificationFailed'),
    'target-in-use': written({
      spec: { targetInUseTimeoutSeconds: 0 },
      luns: [lun({ publishedNodes: ['node-1'] })],
    }),
  }),
  ...states(
    { ...GOES_ON, waits: ['completionTime'] },
    { 'completed-then-changed': resyncObject({ status: done, metadata: { generation: 2 } }) },
  ),
  ...states(GOES_AWAY, { 'deleted-while-copying': written({ ...copying, metadata: deleted }) }),
  ...states(
    { ...GOES_AWAY, waits: ['completionTime'] },
    {
      'deleted-after-the-end': resyncObject({ status: done, metadata: { ...deleted, generation: 2 } }),
      'deleted-and-held-back': heldBack(),
    },
  ),
];

/** An object for every reason that there is, and what has to be said of it. */
export const REASON_STATES: readonly State[] = (Object.keys(REASONS) as ReasonName[]).flatMap((reason) => {
  const { kind } = REASONS[reason];
  if (kind === 'Failure') return states(FAILED, { [reason]: ended(reason) });
  if (kind === 'Success') return states(SUCCEEDED, { [reason]: resyncObject({ status: showing(reason) }) });
  const resync = resyncObject({ status: compose(observation(), { reason, message: 'because' }) });
  return states(reason === 'Suspended' ? HELD : GOES_ON, { [reason]: resync });
});

function states(verdicts: Verdicts, resyncs: Readonly<Record<string, LunResync>>): State[] {
  return Object.entries(resyncs).map(([name, resync]) => ({ name, resync, verdicts }));
}

/** The object after the one status write that is decided on. */
function written(input: ObservationInput = {}): LunResync {
  const o = observation(input);
  return withWrite(o, decide(o));
}

function ended(reason: ReasonName): LunResync {
  const o = observation({ status: running() });
  return withWrite(o, fail(o, { reason, message: `because of ${reason}` }));
}

/** The array does not delete the safety snapshots. */
function heldBack(): LunResync {
  const status = { ...done, pairs: [recordedPair({ dataState: 'MatchesSource', safetySnapshotID: 'safe-1' })] };
  const o = observation({ status, metadata: { ...deleted, generation: 2 } });
  return withWrite(o, conclude(o, { to: 'DeleteSafetySnapshots', answer: unreachable }));
}

function withWrite(o: Observation, decision: ReturnType<typeof decide>): LunResync {
  return afterWrite(o, recorded(decision)).resync;
}
