/**
 * WatchOperations: first every operation, then each one again whenever its step or outcome changes.
 */
import type { Changes } from '../state/draft.ts';
import type { ArrayState, OperationRecord } from '../state/records.ts';
import type { CommittedState } from '../store/committed-state.ts';

/**
 * Operations whose owner begins with the prefix, until the signal is aborted.
 *
 * At most one waiting state an operation is kept: a slow reader sees fewer of them, and never an old one last.
 */
export async function* watchOperations(
  committed: CommittedState,
  ownerPrefix: string,
  signal: AbortSignal,
): AsyncGenerator<OperationRecord, void, undefined> {
  const waiting = new Map<string, OperationRecord>();
  let wake: () => void = () => undefined;
  const offer = (operation: OperationRecord): void => {
    if (operation.owner.startsWith(ownerPrefix)) {
      waiting.delete(operation.operationID);
      waiting.set(operation.operationID, operation);
      wake();
    }
  };
  const stopListening = committed.onCommit((before, changes) => changedOperations(before, changes).forEach(offer));
  const stop = (): void => wake();
  signal.addEventListener('abort', stop);
  try {
    const known = [...committed.state.operations.values()];
    known.toSorted((a, b) => (a.operationID < b.operationID ? -1 : 1)).forEach(offer);
    while (!signal.aborted) {
      const [next] = waiting;
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (signal.aborted) {
            resolve();
          }
        });
        continue;
      }
      waiting.delete(next[0]);
      yield next[1];
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stopListening();
  }
}

/** Operations that a commit brought to another step or outcome. The end of a released one is the deletion's. */
function changedOperations(before: ArrayState, changes: Changes): OperationRecord[] {
  return [...changes.operations.values(), ...changes.ended].filter((operation) => {
    const old = operation === null ? undefined : before.operations.get(operation.operationID);
    return operation !== null && (old?.step !== operation.step || old.outcome !== operation.outcome);
  }) as OperationRecord[];
}
