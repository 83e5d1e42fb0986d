/**
 * StartOperation: pins volume sources where the file system can, accepts, and sets the operation going.
 */
import type { ArrayParts } from '../array-parts.ts';
import { type AcceptFacts, type AcceptResult, acceptOperation, knownOperation } from '../state/accept.ts';
import { type AdmissionFacts, admissionFault } from '../state/admission.ts';
import { reserveIDs } from '../state/luns.ts';
import type { ArrayState, LunRecord, StartArguments } from '../state/records.ts';
import { snapshotRecord } from '../state/snapshot-record.ts';
import type { OperationRunner } from './operation-runner.ts';
import { cloneFile } from './snapshots.ts';

/** Accepts and starts, returns a known operation, or refuses. The acceptance is durable when this resolves. */
export async function startOperation(
  parts: ArrayParts,
  runner: OperationRunner,
  request: StartArguments,
): Promise<AcceptResult> {
  const { committed } = parts;
  const facts: AdmissionFacts = {
    allocatedBytes: (lunID) => parts.files.allocatedBytes(lunID),
    isReflinkAvailable: parts.isReflinkAvailable,
  };
  // Nothing is cloned for a request that is going to be refused or is known.
  const early = knownOperation(committed.state, request) ?? admissionFault(committed.state, request, facts);
  const volumes = early === undefined ? sourceVolumes(parts, request) : [];
  using _held = await parts.gates.hold(volumes);
  const pins = await pinSources(parts, volumes);
  const accept = (state: ArrayState): ReturnType<typeof acceptOperation> =>
    acceptOperation(state, request, { ...facts, now: parts.clock.now(), pins } satisfies AcceptFacts);
  const result = await committed.update(accept);
  if (result.kind === 'accepted') {
    runner.start(request.operationID);
  } else {
    await parts.files.remove([...pins.values()].map((pin) => pin.id));
  }
  return result;
}

function sourceVolumes(parts: ArrayParts, request: StartArguments): string[] {
  if (!parts.isReflinkAvailable) {
    return [];
  }
  const ids = new Set(request.pairs.map((pair) => pair.sourceLunID));
  return [...ids].filter((id) => parts.committed.state.luns.get(id)?.kind === 'VOLUME');
}

async function pinSources(parts: ArrayParts, volumes: readonly string[]): Promise<ReadonlyMap<string, LunRecord>> {
  const pins = new Map<string, LunRecord>();
  if (volumes.length === 0) {
    return pins;
  }
  const ids = await parts.committed.update((state) => reserveIDs(state, 'pin', volumes.length));
  for (const [index, volume] of volumes.entries()) {
    const source = parts.committed.state.luns.get(volume);
    const id = ids[index];
    if (source !== undefined && id !== undefined) {
      const { sharedBytes } = await cloneFile(parts, { source, id });
      const now = parts.clock.now();
      const fields = { id, isHidden: true, safetyOwner: '', sharedBytes, createTime: now, identifiers: [] };
      pins.set(volume, snapshotRecord(source, { ...fields, generation: 0 }));
    }
  }
  return pins;
}
