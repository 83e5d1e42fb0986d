// Quantities for people, and texts that stay within their bounds.
import { describe, expect, it } from 'vitest';
import { lunResyncStatusSchema } from '../../src/api/lun-resync-status.ts';
import { MAX_STATUS_BYTES } from '../../src/api/size.ts';
import { uniqueIdentifier } from '../../src/core/array.ts';
import { backoffAfter } from '../../src/core/backoff.ts';
import { decide } from '../../src/core/decide.ts';
import { formatBytes, formatDuration, formatNames, formatProgress, formatQuantity } from '../../src/core/format.ts';
import { attemptOf } from '../../src/core/history.ts';
import {
  lun,
  observation,
  pair,
  readView,
  recorded,
  safetySnapshot,
  settle,
  targetWith,
} from '../support/observations.ts';
import { ending, failed, recordedPair } from '../support/statuses.ts';

describe('quantities', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [99.96 * 1024, '100.0 KiB'],
    [100.4 * 1024, '100 KiB'],
    [100.6 * 1024, '101 KiB'],
    [1023.7 * 1024, '1.0 MiB'],
    [10 * 2 ** 30, '10 GiB'],
    [2.94 * 2 ** 40, '2.9 TiB'],
    [2 ** 53, '8 PiB'],
    [2 ** 63, '8192 PiB'],
  ])('%s bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [42, 2.94 * 2 ** 40, '42% of 2.9 TiB'],
    [100, 999 * 2 ** 30, '100% of 999 GiB'],
    [100, 1000 * 2 ** 30, '100% of 1.0 TiB'],
    [0, 0, '0% of 0 B'],
  ])('%s %% of %s bytes are %s, which fits into its column', (percent, bytes, text) => {
    expect(formatProgress(percent, bytes)).toBe(text);
    expect(text.length).toBeLessThanOrEqual(15);
  });

  it.each([
    [-5, '0 s'],
    [59_400, '59 s'],
    [60_000, '1 min 0 s'],
    [3_599_400, '59 min 59 s'],
    [3_600_000, '1 h 0 min'],
    [3 * 3_600_000 + 5 * 60_000, '3 h 5 min'],
  ])('%s ms are %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('of names are four, and how many more there are', () => {
    expect(formatNames(['a', 'b'])).toBe('a, b');
    expect(formatNames(['a', 'b', 'c', 'd'])).toBe('a, b, c, d');
    expect(formatNames(['a', 'b', 'c', 'd', 'e', 'f'])).toBe('a, b, c, d and 2 more');
  });

  it('of failures double from ten seconds to five minutes', () => {
    expect([0, 1, 2, 3, 4, 5, 1000].map(backoffAfter)).toEqual([10e3, 20e3, 40e3, 80e3, 160e3, 300e3, 300e3]);
  });
});

describe('ids', () => {
  it.each([
    ['uid.1', 1],
    ['a.b.12', 12],
    ['uid.0', 0],
    ['uid.-1', 0],
    ['uid.1.5', 5],
    ['uid', 0],
    ['uid.99999999999', 0],
    ['', 0],
    [undefined, 0],
  ])('%s is of attempt %s', (id, attempt) => {
    expect(attemptOf(id)).toBe(attempt);
  });

  it('are the first unique page 83 identifier, within bounds', () => {
    const of = (...identifiers: { type: number; value: string }[]): string | undefined =>
      uniqueIdentifier(lun({ identifiers: identifiers.map((each) => ({ codeSet: 1, ...each })) }));
    expect(of({ type: 0, value: 'aa' }, { type: 3, value: '' }, { type: 8, value: 'bb' })).toBe('8:bb');
    expect(of({ type: 5, value: 'aa' })).toBeUndefined();
    expect(of({ type: 3, value: 'a'.repeat(200) })).toHaveLength(64);
  });
});

describe('the largest run', () => {
  const names = Array.from({ length: 64 }, (_, nth) => `p${nth}`.padEnd(47, 'x'));
  const id = (kind: string, nth: number): string => `${kind}${nth}`.padEnd(64, 'x');
  const error = { reason: 'E_OUTOFMEMORY', message: 'm'.repeat(512), remedy: 'r'.repeat(512), lunID: '' };
  const pairs = names.map((name, nth) => pair({ name, sourceLunID: id('s', nth), targetLunID: id('t', nth) }));
  const lunList = pairs.flatMap(({ sourceLunID, targetLunID }) => [
    lun({ id: sourceLunID }),
    targetWith({ outcome: 'Failed', error, sourceLunID, safetySnapshotID: 'z'.repeat(128) }, { id: targetLunID }),
  ]);
  const status = failed({
    ending: ending('NoProgress', 'e'.repeat(512)),
    rollBackFailures: 9,
    pairs: pairs.map(({ name, sourceLunID, targetLunID }) =>
      recordedPair({ name, source: { lunID: sourceLunID }, target: { lunID: targetLunID, generation: 2 ** 53 - 1 } }),
    ),
  });

  it('has a status that fits into an object and that the API server accepts', () => {
    const view = readView({ lunList: [...lunList, safetySnapshot({ id: 'z'.repeat(128) })] });
    const { decision } = settle(observation({ pairs, view, status }));
    const { status: final } = recorded(decision);
    expect(Buffer.byteLength(JSON.stringify(final))).toBeLessThanOrEqual(MAX_STATUS_BYTES);
    expect(lunResyncStatusSchema.safeParse(final).success).toBe(true);
    expect(final.pairs).toHaveLength(64);
    expect(final.pairs?.every((each) => each.safetySnapshotID?.length === 128)).toBe(true);
  });

  it('gives way in its texts where there is more in it than the rules write', () => {
    const view = readView({ lunList: [...lunList, safetySnapshot({ id: 'z'.repeat(128) })] });
    const plan = names.map((name) => ({ pair: name, severity: 'Info' as const, action: 'a'.repeat(256) }));
    const { status: final } = recorded(settle(observation({ pairs, view, status: { ...status, plan } })).decision);
    expect(Buffer.byteLength(JSON.stringify(final))).toBeLessThanOrEqual(MAX_STATUS_BYTES);
    expect(final.plan?.[0]?.action.length).toBeLessThan(256);
  });

  it('is announced in a note of bounded length', () => {
    const { announcements } = recorded(
      decide(
        observation({
          pairs,
          view: readView({ lunList: lunList.map((each) => ({ ...each, runs: [], state: 'Online' as const })) }),
        }),
      ),
    );
    expect(announcements[0]?.note.length).toBeLessThan(1024);
  });
});

describe('a quantity', () => {
  it.each([
    [0, '0'],
    [1000, '1000'],
    [1024, '1Ki'],
    [3 * 2 ** 20, '3Mi'],
    [2 ** 30, '1Gi'],
    [2 ** 30 + 2 ** 20, '1025Mi'],
    [5 * 2 ** 40, '5Ti'],
    [2 ** 50, '1Pi'],
    [2048 * 2 ** 50, '2048Pi'],
  ])('of %d bytes is %s', (bytes, text) => {
    expect(formatQuantity(bytes)).toBe(text);
  });
});
