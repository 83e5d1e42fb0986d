/**
 * The Linux system calls that Node does not have: SEEK_DATA and SEEK_HOLE, punching holes, FICLONERANGE. They are called
 * through koffi and are optional: where koffi, the platform or the file system has them not, the answer is `undefined`.
 */
import { isMainThread } from 'node:worker_threads';
import type { KoffiFunc } from 'koffi';

type Syscall<Args extends unknown[]> = KoffiFunc<(...args: Args) => number>;

type Native = {
  readonly lseek: Syscall<[fd: number, offset: number, whence: number]>;
  readonly fallocate: Syscall<[fd: number, mode: number, offset: number, length: number]>;
  readonly ioctl: Syscall<[fd: number, request: number, argument: Uint8Array]>;
  readonly syncFileRange: Syscall<[fd: number, offset: number, length: number, flags: number]>;
  readonly errno: () => number;
  readonly codes: ReadonlyMap<number, string>;
};

type Outcome = { readonly value: number; readonly code: string };

const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const PUNCH_HOLE_KEEP_SIZE = 0x02 | 0x01;
const SYNC_FILE_RANGE_WRITE = 2;
const FICLONERANGE = 0x4020940d;

/** What a file system answers that lacks the call, as opposed to having failed at it. */
const UNSUPPORTED: ReadonlySet<string> = new Set(['ENOSYS', 'EOPNOTSUPP', 'ENOTSUP', 'ENOTTY', 'EINVAL', 'EXDEV']);

const native = await loadNative();

/** A system call failed although it is supported; `code` is the errno's name. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  readonly code: string;

  constructor(call: string, code: string) {
    super(`${call} failed with ${code}`);
    this.code = code;
  }
}

/** Position of the first data (or hole) at or after `offset`; Infinity when there is none; undefined when unknown. */
export function seekSync(fd: number, offset: number, what: 'data' | 'hole'): number | undefined {
  assertWorker('seekSync');
  return native && position(callSync(native, native.lseek, [fd, offset, whence(what)]), what);
}

/** As seekSync, on koffi's own threads: for the main thread. */
export async function seek(fd: number, offset: number, what: 'data' | 'hole'): Promise<number | undefined> {
  return native && position(await call(native, native.lseek, [fd, offset, whence(what)]), what);
}

/** Makes the range a hole: it reads as zeros and takes no blocks. False when the file system cannot. Size unchanged. */
export function punchHoleSync(fd: number, offset: number, length: number): boolean {
  assertWorker('punchHoleSync');
  return (
    native !== undefined && done('fallocate', callSync(native, native.fallocate, punchArguments(fd, offset, length)))
  );
}

/** As punchHoleSync, on koffi's own threads: for the main thread. */
export async function punchHole(fd: number, offset: number, length: number): Promise<boolean> {
  return (
    native !== undefined && done('fallocate', await call(native, native.fallocate, punchArguments(fd, offset, length)))
  );
}

/** Shares the source's blocks with the target at the same offset (both block-aligned). False when it cannot be done. */
export function cloneRangeSync(sourceFd: number, targetFd: number, offset: number, length: number): boolean {
  assertWorker('cloneRangeSync');
  // struct file_clone_range of <linux/fs.h>: source descriptor, source offset, length, target offset, 64 bits each.
  const argument = new Uint8Array(new BigInt64Array([sourceFd, offset, length, offset].map(BigInt)).buffer);
  return (
    native !== undefined && done('FICLONERANGE', callSync(native, native.ioctl, [targetFd, FICLONERANGE, argument]))
  );
}

/**
 * Starts writing the range to the disk and does not wait for it: a flush at the end then finds less to do. No promise of
 * durability, and no error that the flush would not report as well.
 */
export function startWritebackSync(fd: number, offset: number, length: number): void {
  assertWorker('startWritebackSync');
  if (native !== undefined) {
    callSync(native, native.syncFileRange, [fd, offset, length, SYNC_FILE_RANGE_WRITE]);
  }
}

async function loadNative(): Promise<Native | undefined> {
  // The switch lets tests and users run the portable path where the fast one exists.
  if (process.platform !== 'linux' || process.env['LUNRESYNC_SIMULATOR_SYSCALLS'] === 'off') {
    return undefined;
  }
  try {
    const { default: koffi } = await import('koffi');
    const libc = koffi.load(null);
    return {
      lseek: libc.func('int64_t lseek(int fd, int64_t offset, int whence)'),
      fallocate: libc.func('int fallocate(int fd, int mode, int64_t offset, int64_t length)'),
      ioctl: libc.func('int ioctl(int fd, unsigned long request, void *argument)'),
      syncFileRange: libc.func('int sync_file_range(int fd, int64_t offset, int64_t length, unsigned int flags)'),
      errno: () => koffi.errno(),
      codes: new Map(Object.entries(koffi.os.errno).map(([name, value]) => [value, name])),
    };
  } catch {
    // No build of koffi for this processor or C library: the portable path is complete, only slower.
    return undefined;
  }
}

function callSync<Args extends unknown[]>(library: Native, syscall: Syscall<Args>, args: Args): Outcome {
  const value = syscall(...args);
  return { value, code: value < 0 ? errnoName(library) : '' };
}

function call<Args extends unknown[]>(library: Native, syscall: Syscall<Args>, args: Args): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    syscall.async(...args, (error: unknown, value: number) => {
      if (error) {
        reject(error instanceof Error ? error : new Error('a system call could not be made', { cause: error }));
        return;
      }
      // koffi restores the call's errno for the duration of this callback only.
      resolve({ value, code: value < 0 ? errnoName(library) : '' });
    });
  });
}

function errnoName(library: Native): string {
  const errno = library.errno();
  return library.codes.get(errno) ?? `errno ${errno}`;
}

function whence(what: 'data' | 'hole'): number {
  return what === 'data' ? SEEK_DATA : SEEK_HOLE;
}

function position(outcome: Outcome, what: 'data' | 'hole'): number | undefined {
  if (outcome.code === '') {
    return outcome.value;
  }
  if (outcome.code === 'ENXIO') {
    return Number.POSITIVE_INFINITY;
  }
  if (UNSUPPORTED.has(outcome.code)) {
    return undefined;
  }
  throw new SystemCallError(`lseek to the next ${what}`, outcome.code);
}

function done(call: string, outcome: Outcome): boolean {
  if (outcome.code !== '' && !UNSUPPORTED.has(outcome.code)) {
    throw new SystemCallError(call, outcome.code);
  }
  return outcome.code === '';
}

function punchArguments(fd: number, offset: number, length: number): [number, number, number, number] {
  return [fd, PUNCH_HOLE_KEEP_SIZE, offset, length];
}

/** A synchronous call on the main thread would hold up every answer of the array while the disk is busy. */
function assertWorker(name: string): void {
  if (isMainThread) {
    throw new Error(`${name} was called on the main thread; use its asynchronous form`);
  }
}
