/**
 * Runs all operations of the array and ends each of them exactly once.
 */
import type { ArrayParts } from '../array-parts.ts';
import type { Ending } from '../state/end.ts';
import { dropOldOperations, endOperation } from '../state/end.ts';
import { OperationContext } from './operation-context.ts';
import { ArrayStopping, failureOf, OperationCancelled } from './operation-stop.ts';
import { runOperation } from './run-operation.ts';

/** More would only take turns on the same disks; the others wait in ACCEPTED. */
const maxConcurrent = 16;

/** All running operations. */
export class OperationRunner {
  readonly #parts: ArrayParts;
  readonly #contexts = new Map<string, { readonly context: OperationContext; readonly done: Promise<void> }>();
  readonly #waiting: (() => void)[] = [];
  #working = 0;
  #arrayRate = 0;

  constructor(parts: ArrayParts) {
    this.#parts = parts;
  }

  /** Starts an operation whose acceptance is durable. */
  start(operationID: string): void {
    const context = new OperationContext(operationID, this.#parts, this.#arrayRate);
    const done = this.#run(context).finally(() => this.#contexts.delete(operationID));
    this.#contexts.set(operationID, { context, done });
    // A cancel may have come between the acceptance and this call.
    if (context.record.isCancelRequested) {
      context.cancel();
    }
  }

  /** Makes a running operation stop; its end follows. */
  cancel(operationID: string): void {
    this.#contexts.get(operationID)?.context.cancel();
  }

  /** Limits every copy to bytes a second, 0 for no limit. */
  setArrayRate(bytesPerSecond: number): void {
    this.#arrayRate = bytesPerSecond;
    for (const { context } of this.#contexts.values()) {
      context.setArrayRate(bytesPerSecond);
    }
  }

  /** Stops all work without ending an operation: each is INTERRUPTED at the next start. Returns how many there were. */
  async stop(): Promise<number> {
    const running = [...this.#contexts.values()];
    for (const { context } of running) {
      context.abort(new ArrayStopping('The array is stopping.'));
    }
    await Promise.all(running.map(({ done }) => done));
    return running.length;
  }

  async #run(context: OperationContext): Promise<void> {
    context.start();
    await this.#turn(context.signal);
    let ending: Ending | undefined;
    try {
      context.signal.throwIfAborted();
      await runOperation(context);
      const outcome = context.record.kind === 'ROLL_BACK' ? 'ROLLED_BACK' : 'SUCCEEDED';
      ending = { outcome, now: this.#parts.clock.now() };
    } catch (error) {
      ending = this.#endingOf(context, error);
    } finally {
      context.stop();
      this.#leave();
    }
    if (ending !== undefined) {
      await this.#end(context, ending);
    }
  }

  #endingOf(context: OperationContext, error: unknown): Ending | undefined {
    const reason: unknown = context.signal.aborted ? context.signal.reason : error;
    if (reason instanceof ArrayStopping) {
      return undefined;
    }
    const now = this.#parts.clock.now();
    if (reason instanceof OperationCancelled) {
      const remedy = 'Start a new operation, or roll back.';
      return {
        outcome: 'CANCELLED',
        now,
        error: { reason: 'VSS_S_ASYNC_CANCELLED', message: reason.message, remedy, lunID: '' },
      };
    }
    return { outcome: 'FAILED', now, error: failureOf(error) };
  }

  async #end(context: OperationContext, ending: Ending): Promise<void> {
    const { committed, files } = this.#parts;
    const pins = context.record.pairs.map((pair) => pair.pinLunID).filter((id) => id !== '');
    await committed.update((state) => endOperation(state, context.operationID, ending));
    await committed.update(dropOldOperations);
    await files.remove(pins);
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (this.#working < maxConcurrent) {
      this.#working += 1;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      // One that is cancelled while it waits takes the place at once, only to leave it again.
      signal.addEventListener('abort', () => {
        const index = this.#waiting.indexOf(resolve);
        if (index >= 0) {
          this.#waiting.splice(index, 1);
          this.#working += 1;
          resolve();
        }
      });
    });
  }

  #leave(): void {
    this.#working -= 1;
    const next = this.#working < maxConcurrent ? this.#waiting.shift() : undefined;
    if (next !== undefined) {
      this.#working += 1;
      next();
    }
  }
}
