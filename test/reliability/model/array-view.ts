/** What an operator is told of the array's state: the way through messages and codec, without the bytes. */
import type { Lun, Operation, Run } from '../../../src/core/array.ts';
import type { View } from '../../../src/core/observation.ts';
import type { ArrayState, LunRecord, OperationRecord, RunRecord } from '../../../src/simulator/state/records.ts';

export const ARRAY_ID = 'array-1';

const IDENTITY = {
  arrayID: ARRAY_ID,
  vendor: 'v',
  product: 'p',
  contractVersion: 1,
  capabilities: ['Resync', 'Resize', 'RollBack', 'Verify', 'RevertIdentity'],
} as const;

const OUTCOMES = {
  RUNNING: 'Running',
  SUCCEEDED: 'Succeeded',
  FAILED: 'Failed',
  CANCELLED: 'Cancelled',
  INTERRUPTED: 'Interrupted',
  ROLLED_BACK: 'RolledBack',
} as const;
const KINDS = { RESYNC: 'Resync', ROLL_BACK: 'RollBack' } as const;
const STATES = { ONLINE: 'Online', RESYNCING: 'Resyncing', INCONSISTENT: 'Inconsistent' } as const;
const STEPS = {
  ACCEPTED: 'Accepted',
  SNAPSHOTTING: 'Snapshotting',
  RESIZING: 'Resizing',
  COPYING: 'Copying',
  VERIFYING: 'Verifying',
} as const;

/** All LUNs, with the runs of the owners that were asked for and those of the run id. */
export function viewOf(array: ArrayState, operationID: string | undefined, owner: string, runID: string): View {
  const filter = (run: RunRecord): boolean => run.owner === owner || (runID !== '' && run.runID === runID);
  const luns = new Map(
    [...array.luns.values()].filter(({ isHidden }) => !isHidden).map((lun) => [lun.id, lunOf(lun, filter)]),
  );
  const operation = operationID === undefined ? undefined : array.operations.get(operationID);
  return {
    state: 'read',
    identity: IDENTITY,
    luns,
    ...(operation === undefined ? {} : { operation: operationOf(operation) }),
  };
}

function lunOf(lun: LunRecord, filter: (run: RunRecord) => boolean): Lun {
  const {
    id,
    identifiers,
    sizeBytes,
    generation,
    contentGeneration,
    publishedNodes,
    parentLunID,
    volumes,
    safetyOwner,
  } = lun;
  return {
    id,
    kind: lun.kind === 'VOLUME' ? 'Volume' : 'Snapshot',
    identifiers,
    sizeBytes,
    generation,
    contentGeneration,
    state: STATES[lun.state],
    publishedNodes,
    parentLunID,
    volumes,
    runs: lun.runs.filter(filter).map(runOf),
    safetyOwner,
    allocatedBytes: 0,
  };
}

function runOf({ error, kind, outcome, startTime: _start, endTime: _end, ...run }: RunRecord): Run {
  return { ...run, kind: KINDS[kind], outcome: OUTCOMES[outcome], ...(error === null ? {} : { error }) };
}

/** An operation as the array answers with it. */
export function operationOf(record: OperationRecord): Operation {
  return {
    operationID: record.operationID,
    owner: record.owner,
    kind: KINDS[record.kind],
    step: STEPS[record.step],
    outcome: OUTCOMES[record.outcome],
    heartbeat: 0,
    pairs: record.pairs.map(({ sourceLunID, targetLunID, copiedBytes, totalBytes, safetySnapshotID }) => ({
      sourceLunID,
      targetLunID,
      copiedBytes,
      totalBytes,
      safetySnapshotID,
    })),
  };
}
