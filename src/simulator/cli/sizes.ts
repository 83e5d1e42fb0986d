/**
 * Numbers of bytes as people write and read them.
 */
import { UsageError } from './command.ts';

const units: Readonly<Record<string, bigint>> = {
  '': 1n,
  KiB: 1024n,
  MiB: 1024n ** 2n,
  GiB: 1024n ** 3n,
  TiB: 1024n ** 4n,
};

/** Bytes of `4096`, `64KiB`, `8MiB`, `10GiB`, `1TiB`. The empty text is 0. Throws UsageError for anything else. */
export function parseBytes(name: string, text: string): bigint {
  const [, digits, unit] = /^(\d{1,18})(|KiB|MiB|GiB|TiB)$/.exec(text) ?? [];
  const factor = units[unit ?? ''];
  if (text === '') {
    return 0n;
  }
  if (digits === undefined || factor === undefined) {
    throw new UsageError(`${name} is ${JSON.stringify(text)}: write a number of bytes, or 64KiB, 8MiB, 10GiB.`);
  }
  return BigInt(digits) * factor;
}

/** A number of bytes with the largest unit that keeps it short. */
export function formatBytes(bytes: bigint): string {
  const [name, factor] = Object.entries(units).findLast(([, unit]) => bytes >= unit) ?? ['', 1n];
  if (bytes % factor === 0n) {
    return `${bytes / factor}${name}`;
  }
  return `${(Number(bytes) / Number(factor)).toFixed(1)}${name}`;
}
