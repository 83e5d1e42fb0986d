/** Quantities for people: the words in messages and columns. */

const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** For example `1.5 GiB`; whole numbers from 100 on. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), BINARY_UNITS.length - 1);
  const value = bytes / 1024 ** power;
  return `${trim(value)} ${BINARY_UNITS[power] ?? 'B'}`;
}

/** `42% (1.2/2.9 TiB)`: both numbers in the unit of the total. */
export function formatProgress(percent: number, copiedBytes: number, totalBytes: number): string {
  const [total, unit] = formatBytes(totalBytes).split(' ');
  const power = BINARY_UNITS.findIndex((candidate) => candidate === unit);
  return `${percent}% (${trim(copiedBytes / 1024 ** Math.max(power, 0))}/${total} ${unit})`;
}

/** For example `3 h 5 min`, `45 s`; never negative. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** Names for a message: at most `limit` of them, then how many more there are. */
export function formatNames(names: readonly string[], limit = 4): string {
  const shown = names.slice(0, limit).join(', ');
  return names.length > limit ? `${shown} and ${names.length - limit} more` : shown;
}

function trim(value: number): string {
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);
}
