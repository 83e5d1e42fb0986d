// The line that people watch: bar, bytes, rate, time left, step. On a terminal it is redrawn, elsewhere it is printed
// when something worth a line has changed.
import type { LunResync } from '../../src/api/lun-resync.ts';
import { formatBytes, formatDuration } from '../../src/core/format.ts';

const BAR_WIDTH = 24;
const STEPS_WORTH_A_LINE = 25;

/** Draws to one stream; `end` leaves the last state standing. */
export class ProgressLine {
  readonly #out: NodeJS.WriteStream;
  #last = '';
  #lastPlain = '';

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  draw(resync: LunResync): void {
    const line = textOf(resync);
    if (line === this.#last) return;
    this.#last = line;
    if (this.#out.isTTY) {
      this.#out.write(`\r\u001b[2K${line.slice(0, (this.#out.columns || 80) - 1)}`);
      return;
    }
    const { percent = 0 } = resync.status.progress ?? {};
    const plain = `${reasonOf(resync)} ${Math.floor(percent / STEPS_WORTH_A_LINE)}`;
    if (plain === this.#lastPlain) return;
    this.#lastPlain = plain;
    this.#out.write(`${line}\n`);
  }

  end(): void {
    if (this.#out.isTTY && this.#last !== '') this.#out.write('\n');
  }
}

function textOf(resync: LunResync): string {
  const {
    percent = 0,
    copiedBytes = 0,
    totalBytes = 0,
    bytesPerSecond,
    estimatedCompletionTime,
  } = resync.status.progress ?? {};
  const filled = Math.round((percent / 100) * BAR_WIDTH);
  const bar = `${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}`;
  const rate = bytesPerSecond === undefined ? '' : `  ${formatBytes(bytesPerSecond)}/s`;
  const left = estimatedCompletionTime === undefined ? 0 : Date.parse(estimatedCompletionTime) - Date.now();
  const eta = left <= 0 || percent === 100 ? '' : `  ${formatDuration(left)} left`;
  const bytes = totalBytes === 0 ? '' : `  ${formatBytes(copiedBytes)} of ${formatBytes(totalBytes)}`;
  return `  [${bar}] ${String(percent).padStart(3)}%${bytes}${rate}${eta}  ${reasonOf(resync)}`;
}

/** The reason of the Succeeded condition: the word that people read. */
export function reasonOf(resync: LunResync): string {
  return resync.status.conditions?.find((condition) => condition.type === 'Succeeded')?.reason ?? 'Pending';
}
