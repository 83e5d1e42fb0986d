// A LunResync stays under 64 KiB, whatever its pairs are called and whatever there is to say about them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLunResync } from '../../src/api/lun-resync.ts';
import { MAX_PAIRS_TEXT } from '../../src/api/lun-resync-rules.ts';
import type { LunResyncStatus } from '../../src/api/lun-resync-status.ts';
import { fitStatus, MAX_OBJECT_BYTES, MAX_RESOLVED_TEXT, resolvedTextLength, statusText } from '../../src/api/size.ts';
import { largestLunResync, largestPlan, largestRun } from './objects.ts';

const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const CASES = [
  ['a run whose pairs have short names', largestRun, 12],
  ['a run whose pairs have long names', largestRun, 47],
  ['a plan whose pairs have short names', largestPlan, 12],
  ['a plan whose pairs have long names', largestPlan, 47],
] as const;

describe('the largest LunResync', () => {
  it.each([12, 47] as const)('uses up the bounds on names and ids with names of %s', (names) => {
    const status = largestRun(names);
    const text = largestLunResync(status, names).spec.pairs.map(
      ({ name, source, target }) =>
        2 * name.length + (source.volumeSnapshotName ?? '').length + (target?.persistentVolumeClaimName ?? '').length,
    );
    expect(text.reduce((sum, length) => sum + length, 0)).toBe(MAX_PAIRS_TEXT);
    expect(resolvedTextLength(status.pairs ?? [])).toBe(MAX_RESOLVED_TEXT);
  });

  it.each(CASES)('is readable and stays under 64 KiB: %s', (_, largest, names) => {
    const object = largestLunResync(fitStatus(largest(names)), names);
    expect(parseLunResync(object)).toMatchObject({ ok: true });
    expect(bytes(object)).toBeLessThanOrEqual(MAX_OBJECT_BYTES);
  });

  it.each(CASES)('keeps every id, number and condition when it makes a status fit: %s', (_, largest, names) => {
    const strip = ({ pairs, plan, ...rest }: LunResyncStatus): unknown => ({
      ...rest,
      pairs: pairs?.map(({ message: _message, reason: _reason, ...pair }) => pair),
      plan: plan?.map(({ pair, severity }) => ({ pair, severity })),
    });
    expect(strip(fitStatus(largest(names)))).toEqual(strip(largest(names)));
  });

  it('leaves a status that fits as it is', () => {
    const status = { ...largestRun(12), pairs: largestRun(12).pairs?.slice(0, 16) };
    expect(fitStatus(status)).toBe(status);
  });
});

describe('text for a status', () => {
  it('is printable ASCII of the allowed length, whatever comes in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 0, max: 200 }), (text, max) => {
        const result = statusText(text, max);
        expect(result).toMatch(/^[ -~]*$/);
        expect(result.length).toBeLessThanOrEqual(max);
      }),
    );
  });

  it('stays as it is when it needs no change', () => {
    expect(statusText('pair data: LUN lun-7 is in use', 128)).toBe('pair data: LUN lun-7 is in use');
  });

  it('says that it was shortened', () => {
    expect(statusText('x'.repeat(20), 10)).toBe('xxxxxxx...');
  });

  it('does not let an array steer a terminal', () => {
    expect(statusText('no\u001b[2J\nroom', 128)).toBe('no?[2J room');
  });
});
