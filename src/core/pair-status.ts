/** status.pairs: what each pair was resolved to and what became of it. */
import type { PairStatus } from '../api/lun-resync-status.ts';
import { type Operation, uniqueIdentifier } from './array.ts';
import { dataStateOf } from './data-state.ts';
import { type History, isUnsuccessfulEnd, type TargetHistory } from './history.ts';
import type { ReadView } from './observation.ts';
import { clip } from './problem.ts';
import { reasonForHresult } from './reasons.ts';

type PairContext = {
  readonly history: History;
  readonly view: ReadView;
  readonly verify: 'Digest' | 'None';
  readonly previous: readonly PairStatus[];
};

/** One entry a pair, in the order of the spec. What was recorded at the intent stays as it was recorded. */
export function pairStatuses(context: PairContext): PairStatus[] {
  return context.history.targets.map((target) => pairStatus(target, context));
}

function pairStatus(target: TargetHistory, { history, view, verify, previous }: PairContext): PairStatus {
  const { pair, lun, run } = target;
  const before = previous.find((candidate) => candidate.name === pair.name);
  const copied = view.operation?.pairs.find((candidate) => candidate.targetLunID === pair.targetLunID);
  const source = view.luns.get(pair.sourceLunID);
  const done = run?.outcome === 'Succeeded' || run?.outcome === 'RolledBack';
  const totalBytes = copied?.totalBytes ?? before?.totalBytes;
  return {
    name: pair.name,
    source: before?.source ?? {
      lunID: pair.sourceLunID,
      ...(source === undefined ? {} : { identifier: uniqueIdentifier(source), sizeBytes: source.sizeBytes }),
    },
    target: {
      ...(before?.target ?? {
        lunID: pair.targetLunID,
        ...(lun === undefined ? {} : { identifier: uniqueIdentifier(lun), sizeBytes: lun.sizeBytes }),
      }),
      ...(run === undefined || lun === undefined || run.outcome === 'Running' ? {} : { finalSizeBytes: lun.sizeBytes }),
    },
    state: stateOf(target, view.operation),
    dataState: dataStateOf(target, history, verify),
    ...(totalBytes === undefined
      ? {}
      : { copiedBytes: done ? totalBytes : (copied?.copiedBytes ?? before?.copiedBytes ?? 0), totalBytes }),
    ...optional('safetySnapshotID', run?.safetySnapshotID || before?.safetySnapshotID),
    ...errorOf(target),
  };
}

function errorOf({ run }: TargetHistory): Pick<PairStatus, 'reason' | 'message'> {
  if (run?.error === undefined || !isUnsuccessfulEnd(run.outcome)) return {};
  if (run.error.lunID !== '' && run.error.reason === 'S_OK') return {};
  return { reason: reasonForHresult(run.error.reason), message: clip(run.error.message, 128) };
}

function stateOf({ run }: TargetHistory, operation: Operation | undefined): PairStatus['state'] {
  switch (run?.outcome) {
    case undefined:
      return 'Pending';
    case 'Running':
      if (run.kind === 'RollBack') return 'RollingBack';
      return operation?.step === 'Copying' ? 'Copying' : operation?.step === 'Verifying' ? 'Verifying' : 'Starting';
    case 'Succeeded':
      return 'Succeeded';
    default:
      return 'Failed';
  }
}

function optional<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  return value === undefined || value === '' ? {} : ({ [key]: value } as { [P in K]: string });
}
