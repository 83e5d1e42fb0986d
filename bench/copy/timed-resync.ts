// One operation of the array, timed from StartOperation to the outcome that WatchOperations tells of.
import {
  type Operation,
  OperationKind,
  Outcome,
  SafetySnapshots,
  Verification,
} from '../../src/proto/lunarray/v1/lunarray_pb.js';
import type { Lab } from './lab.ts';

/** What is copied over what. Without `verify` nothing is read back; without `safety` no snapshot is taken before. */
export type ResyncRequest = {
  readonly source: string;
  readonly target: string;
  readonly verify?: boolean;
  readonly safety?: boolean;
  /** Called as soon as the operation has its id. */
  readonly onStart?: (operationID: string) => void;
};

/** How long it took, and how many bytes of the target it replaced. */
export type TimedResync = { readonly seconds: number; readonly writtenBytes: number };

let serial = 0;

/** Runs an operation to its end, and removes its record and its snapshots. Throws when it does not succeed. */
export async function timeResync({ array }: Lab, request: ResyncRequest): Promise<TimedResync> {
  const { client, arrayID: arrayId } = array;
  const { source, target, verify = false, safety = false } = request;
  serial += 1;
  const [operationId, owner] = [`bench.${serial}`, `bench/${serial}/`];
  const { luns } = await client.getLuns({ ids: [target] });
  const stop = new AbortController();
  // The watch is sent first, on the same connection, so that no end can come before it.
  const ended = endOf(array, owner, stop.signal);
  const startedAt = performance.now();
  try {
    const started = client.startOperation({
      arrayId,
      operationId,
      owner,
      kind: OperationKind.RESYNC,
      pairs: [{ sourceLunId: source, targetLunId: target, ifTargetGeneration: luns[0]?.generation ?? 0n }],
      verification: verify ? Verification.DIGEST : Verification.NONE,
      safetySnapshots: safety ? SafetySnapshots.ALWAYS : SafetySnapshots.NEVER,
    });
    void started.then(() => request.onStart?.(operationId)).catch(() => undefined);
    const [{ operation, atMs }] = await Promise.all([ended, started]);
    if (operation.outcome !== Outcome.SUCCEEDED)
      throw new Error(`${source} over ${target}: ${operation.error?.message}`);
    return { seconds: (atMs - startedAt) / 1000, writtenBytes: Number(operation.pairs[0]?.writtenBytes ?? 0n) };
  } finally {
    stop.abort();
    await client.releaseOperation({ arrayId, operationId });
    await client.deleteSafetySnapshots({ arrayId, owner });
  }
}

/** The same, of a copy that has to replace every byte; throws when it did not, since its time would mean nothing. */
export async function timeFullResync(lab: Lab, request: ResyncRequest): Promise<number> {
  const { seconds, writtenBytes } = await timeResync(lab, request);
  if (writtenBytes < lab.lunBytes)
    throw new Error(`the full copy of ${request.source} over ${request.target} replaced only ${writtenBytes} bytes`);
  return seconds;
}

async function endOf(
  { client }: Lab['array'],
  ownerPrefix: string,
  signal: AbortSignal,
): Promise<{ readonly operation: Operation; readonly atMs: number }> {
  for await (const { operation } of client.watchOperations({ ownerPrefix }, { signal })) {
    if (operation !== undefined && operation.outcome !== Outcome.RUNNING) return { operation, atMs: performance.now() };
  }
  throw new Error('WatchOperations ended before the operation did');
}
