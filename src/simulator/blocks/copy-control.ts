/**
 * The few numbers that a running copy shares with the workers in memory: whether it is cancelled, and how many bytes it may
 * still allocate. Shared memory, since a message would only be seen between tasks.
 */

const CANCELLED = 0;
const ALLOWANCE = 1;
const UNLIMITED = 2n ** 62n;

/** The file system would have had room, the copy's allowance had not; treated like the system's own ENOSPC. */
export class AllowanceUsedUpError extends Error {
  override readonly name = 'AllowanceUsedUpError';
  readonly code = 'ENOSPC';

  constructor(wantedBytes: number) {
    super(`${wantedBytes} more bytes of blocks are needed than the copy may allocate`);
  }
}

/** One copy's shared numbers; both threads make their own view of the same buffer. */
export class CopyControl {
  readonly buffer: SharedArrayBuffer;
  readonly #cells: BigInt64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#cells = new BigInt64Array(buffer);
  }

  /** @param maxAllocateBytes Infinity for no limit. */
  static create(maxAllocateBytes: number): CopyControl {
    const control = new CopyControl(new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT));
    control.#cells[ALLOWANCE] = maxAllocateBytes === Number.POSITIVE_INFINITY ? UNLIMITED : BigInt(maxAllocateBytes);
    return control;
  }

  get cancelled(): boolean {
    return Atomics.load(this.#cells, CANCELLED) !== 0n;
  }

  cancel(): void {
    Atomics.store(this.#cells, CANCELLED, 1n);
  }

  /** Whether allocation must be counted at all; counting costs a look at the target's holes before each write. */
  get limited(): boolean {
    return Atomics.load(this.#cells, ALLOWANCE) < UNLIMITED / 2n;
  }

  /** Takes bytes from the allowance (gives them back when negative); throws AllowanceUsedUpError and takes nothing when short. */
  allocate(bytes: number): void {
    const amount = BigInt(bytes);
    const before = Atomics.sub(this.#cells, ALLOWANCE, amount);
    if (amount > 0n && before < amount) {
      Atomics.add(this.#cells, ALLOWANCE, amount);
      throw new AllowanceUsedUpError(Number(amount - before));
    }
  }
}
