/** Answers as they can be compared: what the two servers may choose freely is replaced by the order in which it came. */
import { isDeepStrictEqual } from 'node:util';
import { ApiFailure } from '../../../../../src/kubernetes/api-error.ts';
import { isObject } from '../structural.ts';

/** What came of one step. `era` grows with every restore, after which versions come a second time. */
export type Outcome = { readonly name: string; readonly era: number; readonly answer: unknown };

/** A failure, without its words. */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof ApiFailure)) throw error;
  const { kind, code, causeReason = 'no cause' } = error.error;
  return { refused: { kind, code, causeReason } };
}

/** The outcomes with versions by their order, uids by their first appearance, and no times of the server. */
export function normalised(outcomes: readonly Outcome[]): Outcome[] {
  const versions = new Map<number, number[]>();
  for (const { era, answer } of outcomes)
    visit(answer, (meta) => {
      if (isOfObject(meta)) versions.set(era, [...(versions.get(era) ?? []), Number(meta['resourceVersion'])]);
    });
  const uids = new Map<string, string>();
  const uidOf = (uid: string): string => {
    const known = uids.get(uid) ?? `uid ${uids.size + 1}`;
    uids.set(uid, known);
    return known;
  };
  return outcomes.map(({ name, era, answer }) => {
    const seen = [...new Set(versions.get(era))].sort((a, b) => a - b);
    // The version of a list or a bookmark may be one of which nothing was seen.
    const rank = (version: number): string => `version ${seen.filter((one) => one <= version).length}`;
    return { name, era, answer: plain(answer, { rank, uidOf }) };
  });
}

type Names = { readonly rank: (version: number) => string; readonly uidOf: (uid: string) => string };

function plain(value: unknown, names: Names): unknown {
  if (Array.isArray(value)) return withoutRepeats(value.map((item) => plain(item, names)));
  if (!isObject(value)) return value;
  if (value['type'] === 'BOOKMARK') return { type: 'BOOKMARK', version: versionIn(value['object'], names) };
  if (value['type'] === 'ERROR') {
    const { code, reason } = value['object'] as { code: unknown; reason: unknown };
    return { type: 'ERROR', code, reason };
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([field, inner]) => field !== 'managedFields' && inner !== undefined && !(field === 'continue' && inner === ''),
      )
      .map(([field, inner]) => [field, plainField(field, inner, { parent: value, names })]),
  );
}

/** How often the same bookmark comes is the server's own affair. */
function withoutRepeats(items: readonly unknown[]): unknown[] {
  const isBookmark = (item: unknown): boolean => isObject(item) && item['type'] === 'BOOKMARK';
  return items.filter((item, at) => !isBookmark(item) || !isDeepStrictEqual(item, items[at - 1]));
}

function plainField(field: string, value: unknown, at: { readonly parent: object; readonly names: Names }): unknown {
  const { parent, names } = at;
  if (typeof value !== 'string') return plain(value, names);
  if (field === 'uid') return names.uidOf(value);
  if (field === 'resourceVersion') return names.rank(Number(value));
  if (field === 'creationTimestamp' || field === 'deletionTimestamp') return 'a time';
  if (field === 'continue') return 'a token';
  if (field === 'name' && 'generateName' in parent) return 'a name';
  return value;
}

function versionIn(object: unknown, { rank }: Names): string {
  const meta = isObject(object) ? object['metadata'] : undefined;
  return rank(Number(isObject(meta) ? meta['resourceVersion'] : Number.NaN));
}

/** Every `metadata` in an answer but those of bookmarks. */
function visit(value: unknown, look: (meta: Readonly<Record<string, unknown>>) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, look);
  if (!isObject(value) || value['type'] === 'BOOKMARK') return;
  for (const [field, inner] of Object.entries(value)) {
    if (field === 'metadata' && isObject(inner)) look(inner);
    visit(inner, look);
  }
}

function isOfObject(meta: Readonly<Record<string, unknown>>): boolean {
  return typeof meta['uid'] === 'string' && typeof meta['resourceVersion'] === 'string';
}
