/** Quantities for people: the words in messages and columns. */

const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** For example `1.5 GiB`; whole numbers from 100 on. */
export function formatBytes(bytes: number): string {
  return inUnit(bytes, 1024);
}

/** `42% of 2.9 TiB`: at most 15 characters, which is what a table of 80 columns leaves. */
export function formatProgress(percent: number, totalBytes: number): string {
  return `${percent}% of ${inUnit(totalBytes, 1000)}`;
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

/** In the smallest unit that needs a number below `limit` as it is printed: 1023.7 KiB must not become `1024 KiB`. */
function inUnit(bytes: number, limit: number): string {
  const last = BINARY_UNITS.length - 1;
  const power = BINARY_UNITS.findIndex((_, index) => Math.round(bytes / 1024 ** index) < limit || index === last);
  return `${trim(bytes / 1024 ** power)} ${BINARY_UNITS[power] ?? 'B'}`;
}

function trim(value: number): string {
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);
}

const QUANTITIES = [
  ['Pi', 2 ** 50],
  ['Ti', 2 ** 40],
  ['Gi', 2 ** 30],
  ['Mi', 2 ** 20],
  ['Ki', 2 ** 10],
] as const;

/** A quantity of the Kubernetes API that means exactly so many bytes, such as `10Gi`. */
export function formatQuantity(bytes: number): string {
  const [unit, size] = QUANTITIES.find(([, each]) => bytes >= each && bytes % each === 0) ?? ['', 1];
  return `${bytes / size}${unit}`;
}
