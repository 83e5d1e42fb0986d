// Which operations the sweep ends: those that no object declares, as far as it may read the objects.
import { describe, expect, it } from 'vitest';
import type { ArrayClient, ResyncStore } from '../../src/controller/ports.ts';
import { sweepArray } from '../../src/controller/sweep.ts';
import type { Operation } from '../../src/core/array.ts';
import { operation } from '../support/observations.ts';

const IDENTITY = { arrayID: 'array-a', vendor: 'v', product: 'p', contractVersion: 1, capabilities: [] };

/** An array that lists these operations, and what was asked of it. */
function arrayWith(operations: readonly Operation[]): { readonly client: ArrayClient; readonly released: string[] } {
  const released: string[] = [];
  const unasked = (): never => {
    throw new Error('the sweep asks for nothing else');
  };
  const client: ArrayClient = {
    identity: async () => IDENTITY,
    operations: async function* () {
      yield* operations;
    },
    cancel: async () => ({ kind: 'Stopping' }),
    release: async (_, operationID) => {
      released.push(operationID);
      return { kind: 'Done' };
    },
    luns: unasked,
    operation: unasked,
    start: unasked,
    deleteSafetySnapshots: unasked,
    watch: unasked,
  };
  return { client, released };
}

/** Objects of namespace shop can be read, and there are none; others may not be read. */
const onlyShop: ResyncStore = {
  get: () => undefined,
  list: () => [],
  read: async (key) => {
    if (key.startsWith('shop/')) return undefined;
    throw new Error(`${key} may not be read`);
  },
  writeStatus: () => Promise.reject(new Error('nothing is written')),
  addFinalizer: () => Promise.reject(new Error('nothing is written')),
  removeFinalizer: () => Promise.reject(new Error('nothing is written')),
  delete: () => Promise.reject(new Error('nothing is written')),
};

const left = (namespace: string): Operation =>
  operation({ operationID: `of-${namespace}`, owner: `cluster/${namespace}/gone/uid`, outcome: 'Succeeded' });

describe('the sweep of an operator for one namespace', () => {
  it('ends what is left of that namespace, and is not held up by what another has left', async () => {
    const { client, released } = arrayWith([left('other'), left('shop')]);
    const sweep = { clusterID: 'cluster', namespace: 'shop', store: onlyShop, report: () => undefined };
    await sweepArray(client, sweep, AbortSignal.timeout(5_000));
    expect(released).toEqual(['of-shop']);
  });
});

describe('the sweep of an operator for all namespaces', () => {
  it('ends nothing of an object that it may not read', async () => {
    const { client, released } = arrayWith([left('other')]);
    const sweep = { clusterID: 'cluster', namespace: undefined, store: onlyShop, report: () => undefined };
    await expect(sweepArray(client, sweep, AbortSignal.timeout(5_000))).rejects.toThrow('may not be read');
    expect(released).toEqual([]);
  });
});
