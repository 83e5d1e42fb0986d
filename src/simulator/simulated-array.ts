/**
 * One simulated array over its data directory: opens, recovers from a crash, and stops.
 */
import { chmodSync, mkdirSync } from 'node:fs';
import type { ArrayParts } from './array-parts.ts';
import { type CrashPoint, withCrashPoint } from './crash-point.ts';
import { decodeFault, encodeFault } from './faults/fault-message.ts';
import { FaultTable } from './faults/fault-table.ts';
import { Journal } from './journal.ts';
import { LunDirectory } from './operations/lun-directory.ts';
import { LunGates } from './operations/lun-gates.ts';
import { OperationRunner } from './operations/operation-runner.ts';
import type { ArrayClock, ArrayStore, LunFiles } from './ports.ts';
import { interruptOperations } from './state/interrupt.ts';
import type { OperationRecord } from './state/records.ts';
import { CommittedState } from './store/committed-state.ts';
import { type StoredArray, StoreError } from './store/database.ts';
import { Store } from './store/store.ts';
import { WriteMarks } from './store/write-marks.ts';
import { systemClock } from './system-clock.ts';

/** An array that is ready to be served. */
export type SimulatedArray = {
  readonly parts: ArrayParts;
  readonly runner: OperationRunner;
  /** Operations that the last process left running and which are INTERRUPTED now. */
  readonly interrupted: readonly OperationRecord[];
  /** Stops all work; returns how many operations will be INTERRUPTED at the next start. */
  readonly close: () => Promise<number>;
};

/** What the array is connected to. */
export type ArrayConnections = {
  readonly dropConnections: () => void;
  /** The store has failed and nobody knows what is on disk: the process must end now. */
  readonly onLost: (error: unknown) => void;
};

/** What an array is made of: its machine, and what its store held. */
export type ArrayMachine = ArrayConnections & {
  readonly store: ArrayStore;
  readonly stored: StoredArray;
  readonly files: LunFiles;
  readonly clock: ArrayClock;
  readonly crash: () => void;
};

/**
 * Opens a data directory, which is made when it is missing. Rejects with StoreError when it cannot be used. `crashAt` ends
 * the process at a point of its work, after the recovery from the last end.
 */
export async function openArray(
  dataDirectory: string,
  connections: ArrayConnections,
  crashAt?: CrashPoint,
): Promise<SimulatedArray> {
  mkdirSync(dataDirectory, { recursive: true });
  chmodSync(dataDirectory, 0o700);
  const { store, stored } = await Store.open(dataDirectory);
  const crash = (): void => {
    process.kill(process.pid, 'SIGKILL');
  };
  const machine = { store, files: LunDirectory.open(dataDirectory), crash };
  const parts = crashAt === undefined ? machine : withCrashPoint(machine, crashAt);
  return startArray({ ...connections, ...parts, stored, clock: systemClock, crash });
}

/** Recovers what was stored and makes the array ready. Rejects with StoreError when files are missing. */
export async function startArray(machine: ArrayMachine): Promise<SimulatedArray> {
  const { store, stored, files, clock, crash, dropConnections } = machine;
  const marks = new WriteMarks(stored.marks);
  const committed = new CommittedState({ store, state: stored.state, marks }, machine.onLost);
  const interrupted = await recover(committed, files, clock);
  const faults = new FaultTable(stored.faults.map(decodeFault), (id, fault) =>
    store.putFault(id, fault === null ? null : encodeFault(fault)),
  );
  const parts: ArrayParts = {
    committed,
    store,
    files,
    clock,
    gates: new LunGates(),
    faults,
    journal: new Journal(),
    isReflinkAvailable: await files.hasReflinks(),
    dropConnections,
    crash,
  };
  journalOperations(parts);
  const runner = new OperationRunner(parts);
  const close = async (): Promise<number> => {
    const running = await runner.stop();
    await store.close();
    return running;
  };
  return { parts, runner, interrupted, close };
}

async function recover(
  committed: CommittedState,
  files: LunFiles,
  clock: ArrayClock,
): Promise<readonly OperationRecord[]> {
  files.removeStrayFiles(committed.state);
  const fileSizeBytes = (lunID: string): number => files.fileSizeBytes(lunID);
  const interrupted = await committed.update((state) =>
    interruptOperations(state, { now: clock.now(), fileSizeBytes }),
  );
  // The end of an operation drops its pins, whose files are strays from now on.
  files.removeStrayFiles(committed.state);
  const damaged = files.damagedLuns(committed.state);
  if (damaged.length > 0) {
    throw new StoreError(
      `The files of ${damaged.slice(0, 8).join(', ')} are missing or have another size than recorded. ` +
        'Restore the data directory, or start with an empty one.',
    );
  }
  return interrupted;
}

function journalOperations(parts: ArrayParts): void {
  parts.committed.onCommit((before, changes) => {
    for (const operation of [...changes.operations.values(), ...changes.ended]) {
      const old = operation === null ? undefined : before.operations.get(operation.operationID);
      if (operation !== null && (old?.step !== operation.step || old.outcome !== operation.outcome)) {
        parts.journal.add({
          time: parts.clock.now(),
          event: operation.outcome === 'RUNNING' ? operation.step : operation.outcome,
          owner: operation.owner,
          operationID: operation.operationID,
          code: '',
          milliseconds: 0,
          detail: operation.error?.message ?? '',
        });
      }
    }
  });
}
