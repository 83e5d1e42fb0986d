/** The store: what is committed comes back, and a directory that cannot be used is refused. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acceptOperation } from '../../../src/simulator/state/accept.ts';
import { endOperation } from '../../../src/simulator/state/end.ts';
import { createPool, createSnapshot, createVolume, deleteLun } from '../../../src/simulator/state/luns.ts';
import { touchTarget } from '../../../src/simulator/state/steps.ts';
import { CommittedState } from '../../../src/simulator/store/committed-state.ts';
import { databaseName, Store } from '../../../src/simulator/store/store.ts';
import { WriteMarks } from '../../../src/simulator/store/write-marks.ts';
import { facts, gib, Scene } from '../state/state-scene.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lunarray-store-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function open(): Promise<{ store: Store; committed: CommittedState }> {
  const { store, stored } = await Store.open(directory);
  const marks = new WriteMarks(stored.marks);
  const committed = new CommittedState({ store, state: stored.state, marks }, (error) => {
    throw error;
  });
  return { store, committed };
}

const volume = { pool: 'pool', sizeBytes: gib, identifiers: null, diskSignature: '', volumes: ['v'], now: 1 };

async function fill(committed: CommittedState): Promise<void> {
  await committed.update((state) => createPool(state, { name: 'pool', capacityBytes: 1000 * gib }));
  await committed.update((state) => createVolume(state, { ...volume, id: 's' }));
  await committed.update((state) => createVolume(state, { ...volume, id: 't' }));
  await committed.update((state) => createSnapshot(state, { id: 'snap', parentLunID: 't', sharedBytes: 0, now: 1 }));
}

function request(committed: CommittedState, owner: string): ReturnType<Scene['request']> {
  const scene = new Scene();
  scene.state = committed.state;
  return scene.request([['s', 't']], { operationID: `${owner}.1`, owner, overwriteUnselectedVolumes: true });
}

describe('the store', () => {
  it('gives back exactly what was committed, runs, marks and used ids included', async () => {
    const first = await open();
    await fill(first.committed);
    for (const owner of ['b', 'a']) {
      const start = request(first.committed, owner);
      await first.committed.update((state) => acceptOperation(state, start, facts));
      await first.committed.update((state) =>
        touchTarget(state, start.operationID, { targetLunID: 't', ranges: [{ offset: 100 * 65_536, length: 65_537 }] }),
      );
      await first.committed.update((state) => endOperation(state, start.operationID, { outcome: 'SUCCEEDED', now: 3 }));
    }
    await first.committed.update((state) => deleteLun(state, 's'));
    const { state } = first.committed;
    const changed = first.committed.marks.changedSince('t', 1, gib);
    expect(changed).toEqual([{ offset: 100 * 65_536, length: 2 * 65_536 }]);
    expect(state.luns.get('t')?.runs.map(({ owner }) => owner)).toEqual(['b', 'a']);
    await first.store.close();
    const second = await open();
    expect(second.committed.state).toEqual(state);
    expect(second.committed.marks.changedSince('t', 1, gib)).toEqual(changed);
    await second.store.close();
  });

  it('applies changes that are asked for at once one after another', async () => {
    const { store, committed } = await open();
    await fill(committed);
    const before = committed.state.generation;
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        committed.update((state) => createVolume(state, { ...volume, id: `v${index}` })),
      ),
    );
    const generations = [...committed.state.luns.values()].map(({ generation }) => generation);
    expect(new Set(generations).size).toBe(23);
    expect(committed.state.generation).toBe(before + 20);
    await store.close();
  });

  it('keeps the digests of a snapshot until it is deleted', async () => {
    const { store, committed } = await open();
    await fill(committed);
    const digests = ['ab'.repeat(32), '01'.repeat(32)];
    await store.putDigests('snap', digests);
    expect(await store.digests('snap')).toEqual(digests);
    await committed.update((state) => deleteLun(state, 'snap'));
    expect(await store.digests('snap')).toBeUndefined();
    await store.close();
  });

  it('refuses a directory that another one holds, and one of a newer version', async () => {
    const { store } = await open();
    await expect(Store.open(directory)).rejects.toThrow(/in use by another process/);
    await store.close();
    const database = new DatabaseSync(join(directory, databaseName));
    database.exec('PRAGMA user_version = 99');
    database.close();
    await expect(Store.open(directory)).rejects.toThrow(/schema version 99 .* Use a newer program/);
  });
});

describe('write marks', () => {
  it('say which granules were written after an epoch, over page borders and up to an end', () => {
    const marks = new WriteMarks([]);
    marks.install(marks.pagesWith([{ lunID: 'a', from: 1020, to: 1030, epoch: 3 }]));
    marks.install(marks.pagesWith([{ lunID: 'a', from: 5, to: 6, epoch: 4 }]));
    marks.install(marks.pagesWith([{ lunID: 'a', from: 1020, to: 1021, epoch: 2 }]));
    const kib = 1024;
    expect(marks.changedSince('a', 2, Number.MAX_SAFE_INTEGER)).toEqual([
      { offset: 5 * 64 * kib, length: 64 * kib },
      { offset: 1020 * 64 * kib, length: 640 * kib },
    ]);
    expect(marks.changedSince('a', 3, 6 * 64 * kib - 512)).toEqual([{ offset: 5 * 64 * kib, length: 64 * kib - 512 }]);
    expect(marks.changedSince('b', 0, gib)).toEqual([]);
    expect(marks.isMarked({ lunID: 'a', from: 1020, to: 1030, epoch: 3 })).toBe(true);
    expect(marks.isMarked({ lunID: 'a', from: 1020, to: 1031, epoch: 3 })).toBe(false);
    expect(marks.isMarked({ lunID: 'a', from: 1020, to: 1030, epoch: 4 })).toBe(false);
  });
});
