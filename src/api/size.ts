// Keeps a LunResync under 64 KiB: names and ids are bounded together, and free text gives way where room is short.
import type { LunResyncStatus, PairStatus, PlanStep } from './lun-resync-status.ts';

/** Largest LunResync that the operator makes, as JSON without labels, annotations and managed fields, in bytes. */
export const MAX_OBJECT_BYTES = 64 * 1024;

/** Size that a status is cut down to, as JSON in bytes: what the largest spec and metadata leave of an object. */
export const MAX_STATUS_BYTES = 51.5 * 1024;

/** Longest total of the ids and identifiers of both sides over all pairs, in characters; see {@link resolvedTextLength}. */
export const MAX_RESOLVED_TEXT = 8192;

/**
 * Characters that the LUN ids, the claims' uids and the identifiers of the resolved pairs take together.
 *
 * A run whose pairs need more than {@link MAX_RESOLVED_TEXT} cannot be recorded within the limits of an object and must
 * be refused before its intent is written: ids, unlike messages, cannot be shortened.
 */
export function resolvedTextLength(pairs: readonly Pick<PairStatus, 'source' | 'target'>[]): number {
  return pairs.reduce((sum, pair) => sum + sideLength(pair.source) + sideLength(pair.target), 0);
}

function sideLength({
  lunID = '',
  identifier = '',
  claimUID = '',
}: PairStatus['source'] & PairStatus['target'] = {}): number {
  return lunID.length + identifier.length + claimUID.length;
}

/**
 * Printable ASCII of at most `max` characters, for every text that comes from an array or from the API server.
 *
 * Anything else becomes `?` (line ends and tabs a space): a terminal must not be steered by a text in a status, and the
 * bound in characters has to be one in bytes. A shortened text ends in `...`.
 */
export function statusText(text: string, max: number): string {
  const plain = text.replace(/\s+/g, ' ').replace(/[^ -~]/gu, '?');
  return plain.length <= max ? plain : `${plain.slice(0, Math.max(0, max - 3))}...`.slice(0, max);
}

const LIMITS = [
  { message: 128, action: 256, reason: true },
  { message: 64, action: 128, reason: true },
  { message: 32, action: 64, reason: true },
  { message: 0, action: 32, reason: true },
  { message: 0, action: 16, reason: false },
] as const;

/**
 * The status with the texts of its pairs and of its plan shortened as little as is needed for `maxBytes`.
 *
 * Returns the very same object when it fits. Conditions, ids and numbers are never touched. With
 * {@link resolvedTextLength} held, what comes out leaves the whole object under {@link MAX_OBJECT_BYTES}.
 */
export function fitStatus(status: LunResyncStatus, maxBytes: number = MAX_STATUS_BYTES): LunResyncStatus {
  if (jsonBytes(status) <= maxBytes) return status;
  let fitted = status;
  for (const limit of LIMITS) {
    fitted = shorten(status, limit);
    if (jsonBytes(fitted) <= maxBytes) return fitted;
  }
  return fitted;
}

function shorten(status: LunResyncStatus, limit: (typeof LIMITS)[number]): LunResyncStatus {
  return {
    ...status,
    ...(status.pairs === undefined ? {} : { pairs: status.pairs.map((pair) => shortenPair(pair, limit)) }),
    ...(status.plan === undefined ? {} : { plan: status.plan.map((step) => shortenStep(step, limit.action)) }),
  };
}

function shortenPair(pair: PairStatus, limit: (typeof LIMITS)[number]): PairStatus {
  const { message, reason, ...rest } = pair;
  return {
    ...rest,
    ...(reason === undefined || !limit.reason ? {} : { reason }),
    ...(message === undefined || limit.message === 0 ? {} : { message: statusText(message, limit.message) }),
  };
}

function shortenStep(step: PlanStep, max: number): PlanStep {
  return { ...step, action: statusText(step.action, max) };
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
