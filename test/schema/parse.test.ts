// The parsers read what the API server sends and answer junk with a problem, never with an exception.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLunResync } from '../../src/api/lun-resync.ts';
import { parseStorageArray } from '../../src/api/storage-array.ts';
import { largestLunResync, largestPlan, largestRun } from './objects.ts';

const good = {
  apiVersion: 'lunresync.io/v1alpha1',
  kind: 'LunResync',
  metadata: {
    name: 'restore',
    namespace: 'shop',
    uid: 'u-1',
    resourceVersion: '7',
    generation: 1,
    creationTimestamp: '2026-11-24T10:00:00Z',
    managedFields: [{ manager: 'kubectl' }],
  },
  spec: { pairs: [{ name: 'data', source: { volumeSnapshotName: 's' }, later: { field: 1 } }], later: true },
};

const array = { ...good, kind: 'StorageArray', spec: { endpoint: 'unix:///a' } };

/** Objects that are nearly right: any part of a good one replaced by junk. */
const nearlyGood = fc
  .tuple(fc.constantFrom('apiVersion', 'kind', 'metadata', 'spec', 'status'), fc.anything({ withBigInt: true }))
  .map(([key, value]) => ({ ...good, [key]: value }));

const junk = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withSparseArray: true, withNullPrototype: true }),
  nearlyGood,
  fc.anything().map((status) => ({ ...good, status: { pairs: status, conditions: status, progress: status } })),
  fc.anything().map((pairs) => ({ ...good, spec: { pairs } })),
);

describe.each([
  ['LunResync', parseLunResync],
  ['StorageArray', parseStorageArray],
] as const)('parsing a %s', (kind, parse) => {
  it('never throws, and says in one bounded sentence what is wrong', () => {
    fc.assert(
      fc.property(junk, (value) => {
        const result = parse(value);
        if (!result.ok) {
          expect(result.problem).toContain(`not a readable ${kind}`);
          expect(result.problem.length).toBeLessThanOrEqual(512);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('answers an object whose properties throw with a problem', () => {
    const trap = new Proxy({}, { get: () => raise(), ownKeys: () => raise(), has: () => raise() });
    expect(parse(trap)).toMatchObject({ ok: false });
  });
});

function raise(): never {
  throw new Error('trap');
}

describe('parsing a LunResync', () => {
  it('fills in defaults and a status, and drops what it does not know', () => {
    const result = parseLunResync(good);
    expect(result).toMatchObject({
      ok: true,
      value: { spec: { mode: 'Run', backoffLimit: 3, safetySnapshot: 'Always' }, status: { observedGeneration: -1 } },
    });
    expect(JSON.stringify(result)).not.toMatch(/later|managedFields/);
  });

  it('keeps every field that it knows', () => {
    const object = largestLunResync({ ...largestRun(12), plan: largestPlan(12).plan });
    expect(parseLunResync(JSON.parse(JSON.stringify(object)))).toEqual({ ok: true, value: object });
  });

  it('names the field that is wrong', () => {
    const result = parseLunResync({ ...good, spec: { pairs: [{ name: 'data', source: { lunID: '../x' } }] } });
    expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('spec.pairs.0.source.lunID') });
  });

  it('refuses a number that JavaScript cannot hold exactly', () => {
    const text = JSON.stringify({ ...good, status: { progress: { copiedBytes: 0 } } });
    const value: unknown = JSON.parse(text.replace('"copiedBytes":0', '"copiedBytes":18446744073709551615'));
    expect(parseLunResync(value)).toMatchObject({ ok: false, problem: expect.stringContaining('copiedBytes') });
  });
});

describe('parsing a StorageArray', () => {
  it('fills in defaults', () => {
    expect(parseStorageArray(array)).toMatchObject({
      ok: true,
      value: { spec: { insecure: false, maintenance: false, abandoned: false, maxConcurrentOperations: 8 } },
    });
  });
});
