/** Kubernetes' MicroTime: the API server refuses a Lease or an Event whose times do not have six digits of a second. */

/** A moment as MicroTime, such as `2026-11-24T10:00:00.123000Z`. */
export function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}
