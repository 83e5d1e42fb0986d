/** Reading back, in a worker: which regions hold data, and the digests of source and target chunk by chunk. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { CopyControl } from './copy-control.ts';
import { CHUNK_BYTES, zeroChunkDigest } from './digest.ts';
import { attempt, type OpenFile, readFully } from './file-bytes.ts';
import { seekSync } from './linux.ts';
import type { Extent } from './region-scan.ts';
import { chunksOf } from './worker-copy.ts';
import type { BlockReplies, DigestTask, MapTask, VerifyTask } from './worker-tasks.ts';

/** Two of these fit into a processor's second-level cache, so that comparing and hashing find them there. */
const STRIDE_BYTES = 512 * 1024;

const sourceBytes = Buffer.allocUnsafeSlow(STRIDE_BYTES);
const targetBytes = Buffer.allocUnsafeSlow(STRIDE_BYTES);

/** The chunks in which any of the files has data, neighbours merged; a file system that cannot tell has data everywhere. */
export function mapRegions(task: MapTask): BlockReplies['map'] {
  const end = task.range.offset + task.range.length;
  const files = task.fds.map((fd) => new DataFinder(fd));
  const regions: { offset: number; length: number; dataIn: readonly boolean[] }[] = [];
  let offset = task.range.offset;
  let chunks = 0;
  while (offset < end && chunks < task.maxRegions) {
    const data = Math.min(...files.map((file) => file.nextData(offset)));
    if (data >= end) {
      return { regions, nextOffset: end };
    }
    const start = Math.max(offset, Math.floor(data / CHUNK_BYTES) * CHUNK_BYTES);
    const next = Math.min(end, (Math.floor(data / CHUNK_BYTES) + 1) * CHUNK_BYTES);
    const dataIn = files.map((file) => file.nextData(start) < next);
    const last = regions.at(-1);
    if (last !== undefined && last.offset + last.length === start && isDeepStrictEqual(last.dataIn, dataIn)) {
      last.length += next - start;
    } else {
      regions.push({ offset: start, length: next - start, dataIn });
    }
    chunks += 1;
    offset = next;
  }
  return { regions, nextOffset: offset };
}

/** Both digests of every chunk; equal bytes are hashed once, and not at all where the source's digest is known. */
export function verifyRegion(task: VerifyTask): BlockReplies['verify'] {
  const source: OpenFile = { fd: task.sourceFd, file: 'source' };
  const target: OpenFile = { fd: task.targetFd, file: 'target' };
  const control = new CopyControl(task.control);
  const sourceDigests: string[] = [];
  const targetDigests: string[] = [];
  for (const chunk of chunksOf(task.region)) {
    if (control.cancelled) {
      break;
    }
    const known = task.knownSourceDigests[sourceDigests.length] ?? '';
    const { equal, sourceDigest } = compareChunk(source, target, chunk, known);
    sourceDigests.push(sourceDigest);
    targetDigests.push(equal ? sourceDigest : digestOfRange(target, chunk));
  }
  return { sourceDigests, targetDigests };
}

/** The digest of every chunk of the region. */
export function digestRegion(task: DigestTask): BlockReplies['digest'] {
  const file: OpenFile = { fd: task.fd, file: 'source' };
  return { digests: [...chunksOf(task.region)].map((chunk) => digestOfRange(file, chunk)) };
}

function compareChunk(
  source: OpenFile,
  target: OpenFile,
  chunk: Extent,
  known: string,
): { readonly equal: boolean; readonly sourceDigest: string } {
  const hash = known === '' ? createHash('sha256') : undefined;
  let equal = true;
  for (const stride of stridesOf(chunk)) {
    const fromSource = sourceBytes.subarray(0, stride.length);
    const fromTarget = targetBytes.subarray(0, stride.length);
    readFully(source, fromSource, stride.offset);
    readFully(target, fromTarget, stride.offset);
    equal &&= fromSource.equals(fromTarget);
    hash?.update(fromSource);
  }
  return { equal, sourceDigest: hash === undefined ? known : hash.digest('hex') };
}

function digestOfRange(file: OpenFile, chunk: Extent): string {
  const first = attempt(file, chunk.offset, () => seekSync(file.fd, chunk.offset, 'data'));
  if (first !== undefined && first >= chunk.offset + chunk.length) {
    return zeroChunkDigest(chunk.length);
  }
  const hash = createHash('sha256');
  for (const stride of stridesOf(chunk)) {
    const bytes = targetBytes.subarray(0, stride.length);
    readFully(file, bytes, stride.offset);
    hash.update(bytes);
  }
  return hash.digest('hex');
}

function* stridesOf(range: Extent): Generator<Extent> {
  const end = range.offset + range.length;
  for (let offset = range.offset; offset < end; offset += STRIDE_BYTES) {
    yield { offset, length: Math.min(STRIDE_BYTES, end - offset) };
  }
}

/**
 * Finds data in one file, for positions that only grow; asks the file system only behind the extent that it last answered,
 * since on ext4 each question waits for the writes to the file that are under way.
 */
class DataFinder {
  readonly #file: OpenFile;
  #start = -1;
  #end = -1;

  constructor(fd: number) {
    this.#file = { fd, file: 'source' };
  }

  nextData(offset: number): number {
    if (offset >= this.#end) {
      this.#ask(offset);
    }
    return Math.max(offset, this.#start);
  }

  #ask(offset: number): void {
    attempt(this.#file, offset, () => {
      const start = seekSync(this.#file.fd, offset, 'data') ?? offset;
      this.#start = start;
      this.#end = Number.isFinite(start) ? (seekSync(this.#file.fd, start, 'hole') ?? Number.POSITIVE_INFINITY) : start;
    });
  }
}
