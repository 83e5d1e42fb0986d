/**
 * One running operation as its steps see it: how to record, how to stop, and which faults are ordered for it.
 */
import type { ArrayParts } from '../array-parts.ts';
import type { Fault } from '../faults/fault.ts';
import type { Transition } from '../state/draft.ts';
import type { ArrayState, OperationRecord, Step } from '../state/records.ts';
import { enterStep, recordProgress } from '../state/steps.ts';
import { OperationCancelled, OperationFailure } from './operation-stop.ts';

const heartbeatMs = 500;

/** A running operation. */
export class OperationContext {
  readonly operationID: string;
  readonly parts: ArrayParts;
  readonly #controller = new AbortController();
  readonly #onRate = new Set<(bytesPerSecond: number) => void>();
  #isStalled = false;
  #arrayRate: number;
  #stopHeart: () => void = () => undefined;

  constructor(operationID: string, parts: ArrayParts, arrayRate: number) {
    this.operationID = operationID;
    this.parts = parts;
    this.#arrayRate = arrayRate;
  }

  /** The operation as committed. */
  get record(): OperationRecord {
    const record = this.parts.committed.state.operations.get(this.operationID);
    if (record === undefined) {
      throw new Error(`The record of the running operation ${this.operationID} is gone.`);
    }
    return record;
  }

  /** Aborted with the error that the operation has to stop with. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Bytes a second that the operation may copy now; 0 is no limit. */
  get bytesPerSecond(): number {
    const own = this.record.arguments.maxBytesPerSecond;
    const limits = [own, this.#arrayRate].filter((rate) => rate > 0);
    return limits.length === 0 ? 0 : Math.min(...limits);
  }

  /** Commits a change of this operation. */
  async commit<R>(transition: (state: ArrayState, operationID: string) => Transition<R>, isFlushed = true): Promise<R> {
    return this.parts.committed.update((state) => transition(state, this.operationID), isFlushed);
  }

  /** Makes the step durable, then lets the faults fire that were ordered for it. */
  async enter(step: Step): Promise<void> {
    await this.commit((state, id) => enterStep(state, id, step));
    this.signal.throwIfAborted();
    await this.fire(step, 0);
  }

  /** Fires the faults of a step. Resolves when the operation may go on, and throws what it has to end with. */
  async fire(step: Step, copiedBytes: number, lunIDs?: readonly string[]): Promise<void> {
    const at = {
      operationID: this.operationID,
      step,
      copiedBytes,
      lunIDs: lunIDs ?? this.record.pairs.map((pair) => pair.targetLunID),
    };
    const actions = ['FAIL', 'CRASH', 'STALL', 'HANG', 'DROP_CONNECTION'] as const;
    for (;;) {
      const fault = await this.parts.faults.fireStep(at, actions);
      if (fault === undefined) {
        return;
      }
      this.note(`fault ${fault.action} at ${step}`);
      await this.#suffer(fault);
    }
  }

  /** The fault of an operation's content that is ordered for it, or undefined. */
  async contentFault(
    action: 'CORRUPT_CHUNK' | 'SUCCEED_WITHOUT_COPYING' | 'WRONG_DIGESTS',
    lunIDs: readonly string[],
  ): Promise<Fault | undefined> {
    const at = { operationID: this.operationID, step: 'COPYING', copiedBytes: Infinity, lunIDs } as const;
    return this.parts.faults.fireStep(at, [action]);
  }

  /** Shows signs of life until `stop`, except while stalled. */
  start(): void {
    this.#stopHeart = this.parts.clock.every(heartbeatMs, () => {
      if (!this.#isStalled && !this.signal.aborted) {
        // A lost beat is made up by the next one; a store that is broken ends the process by itself.
        this.commit((state, id) => recordProgress(state, id, null), false).catch(() => undefined);
      }
    });
  }

  stop(): void {
    this.#stopHeart();
  }

  /** Makes the operation stop as soon as it can. */
  abort(reason: Error): void {
    this.#controller.abort(reason);
  }

  cancel(): void {
    this.abort(new OperationCancelled(`Operation ${this.operationID} was cancelled.`));
  }

  setArrayRate(bytesPerSecond: number): void {
    this.#arrayRate = bytesPerSecond;
    for (const listener of this.#onRate) {
      listener(this.bytesPerSecond);
    }
  }

  /** Calls a listener when the rate changes; returns how to stop. */
  onRate(listener: (bytesPerSecond: number) => void): () => void {
    this.#onRate.add(listener);
    return () => this.#onRate.delete(listener);
  }

  note(detail: string): void {
    this.parts.journal.add({
      time: this.parts.clock.now(),
      event: 'OPERATION',
      owner: this.record.owner,
      operationID: this.operationID,
      code: '',
      milliseconds: 0,
      detail,
    });
  }

  async #suffer(fault: Fault): Promise<void> {
    switch (fault.action) {
      case 'CRASH':
        this.parts.crash();
        await new Promise(() => undefined);
        return;
      case 'DROP_CONNECTION':
        this.parts.dropConnections();
        return;
      case 'STALL':
      case 'HANG':
        this.#isStalled = true;
        await this.parts.faults.stalled(fault, this.signal);
        this.#isStalled = false;
        this.signal.throwIfAborted();
        return;
      default:
        throw new OperationFailure({
          reason: fault.reason,
          message: fault.message,
          remedy: fault.remedy,
          lunID: fault.lunID,
        });
    }
  }
}
