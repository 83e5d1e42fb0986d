/** Durations as people write them on a command line: `500ms`, `10s`, `5m`, `24h`. */

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** A duration in milliseconds; undefined when the text is not a whole number with one of the units ms, s, m and h. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h)$/.exec(text);
  if (match === null) return undefined;
  const [, digits, unit] = match;
  return Number(digits) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** The shortest way to write a duration of whole milliseconds so that `parseDuration` reads it. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0s';
  for (const unit of ['h', 'm', 's'] as const) {
    if (durationMs % UNIT_MS[unit] === 0) return `${durationMs / UNIT_MS[unit]}${unit}`;
  }
  return `${durationMs}ms`;
}
