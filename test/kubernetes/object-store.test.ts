import { describe, expect, it } from 'vitest';
import { ObjectStore } from '../../src/kubernetes/object-store.ts';
import type { StoredObject } from '../../src/kubernetes/stored-object.ts';

function object(version: number, uid = 'one'): StoredObject {
  return { metadata: { namespace: 'shop', name: 'a', uid, resourceVersion: String(version) } };
}

function storeWith(...objects: StoredObject[]): {
  store: ObjectStore<StoredObject>;
  version: () => string | undefined;
} {
  const store = new ObjectStore<StoredObject>((error) => {
    throw error;
  });
  store.replace(objects, new Set());
  return { store, version: () => store.get('shop/a')?.metadata.resourceVersion };
}

describe('ObjectStore', () => {
  it('compares versions as numbers, beyond what a double holds', () => {
    const { store, version } = storeWith(object(9));
    store.put(object(10));
    expect(version()).toBe('10');
    const large = { metadata: { ...object(1).metadata, resourceVersion: '9007199254740993' } };
    store.put({ metadata: { ...large.metadata, resourceVersion: '9007199254740992' } });
    store.put(large);
    expect(version()).toBe('9007199254740993');
  });

  it('does not bring back an object whose deletion came before the answer to our write', () => {
    const { store, version } = storeWith(object(5));
    store.remove({ namespace: 'shop', name: 'a', resourceVersion: '7' });
    store.seen(object(6));
    expect(version()).toBeUndefined();
  });

  it('does not mix our write to a deleted object into the one that was created in its place', () => {
    const { store, version } = storeWith(object(8, 'two'));
    store.seen(object(9, 'one'));
    expect(version()).toBe('8');
  });

  it('ignores a late deletion of an object that was created again', () => {
    const { store, version } = storeWith(object(8, 'two'));
    store.remove({ namespace: 'shop', name: 'a', resourceVersion: '7' });
    expect(version()).toBe('8');
  });

  it('keeps what we wrote while a list was being read that does not have it yet', () => {
    const { store, version } = storeWith(object(5));
    store.listBegins();
    store.seen(object(7));
    store.replace([object(5)], new Set());
    expect(version()).toBe('7');
  });

  it('says of an update whether a new list brought it, which may be of an earlier state', () => {
    const { store } = storeWith(object(5));
    const told: unknown[] = [];
    store.observe({
      onUpdate: (before, after, isRelisted) =>
        told.push([before.metadata.resourceVersion, after.metadata.resourceVersion, isRelisted]),
    });
    store.put(object(6));
    store.seen(object(7));
    store.listBegins();
    store.replace([object(4)], new Set());
    expect(told).toEqual([
      ['5', '6', false],
      ['6', '7', false],
      ['7', '4', true],
    ]);
  });

  it('takes a list with lower versions, as after an etcd was restored from a backup', () => {
    const { store, version } = storeWith(object(5));
    store.seen(object(7));
    store.listBegins();
    store.replace([object(3)], new Set());
    expect(version()).toBe('3');
  });

  it('takes another state under the same version, which an etcd that was put back may give out again', () => {
    const { store } = storeWith(object(5));
    const told: string[] = [];
    store.observe({ onUpdate: (_, after) => told.push(Object.keys(after).join()) });
    const other = { ...object(5), status: {} };
    for (let time = 0; time < 2; time++) store.replace([other], new Set());
    expect(told).toEqual(['metadata,status']);
    expect(store.get('shop/a')).toEqual(other);
  });

  it('tells a late observer of what is there already', () => {
    const { store } = storeWith(object(5));
    const seen: string[] = [];
    store.observe({ onAdd: ({ metadata }) => seen.push(metadata.resourceVersion) });
    expect(seen).toEqual(['5']);
  });
});
