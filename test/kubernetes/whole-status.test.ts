// What a write of a status sends: all of it, since an etcd that was put back may take the write for one of another state.
import { expect, it } from 'vitest';
import { wholeStatus } from '../../src/kubernetes/lun-resyncs.ts';

it('a write of a status sends what is as it was, too, so that it never leaves a mixture of two states', () => {
  const before = { observedGeneration: 1, attempt: 1, dataState: 'Untouched' } as const;
  expect(wholeStatus(before, { ...before, attempt: 2 })).toStrictEqual({ ...before, attempt: 2 });
});

it('a write of a status takes away what is no longer in it', () => {
  expect(wholeStatus({ observedGeneration: 1, retryTime: 'soon' }, { observedGeneration: 1 })).toStrictEqual({
    observedGeneration: 1,
    retryTime: null,
  });
});
