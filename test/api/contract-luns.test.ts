// What the contract of ResyncLuns says of LUNs: their identity, one resync at a time, and what is left when it is over.
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { LunResyncSpec } from '../../src/api/lun-resync-spec.ts';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { type Lun, LunState, Step } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { until } from '../support/until.ts';
import {
  cancelInMidRun,
  digestsOf,
  lunOf,
  messageOf,
  order,
  setBandwidth,
  slowDown,
  startsOf,
  untilCopying,
  untilEvent,
} from './acceptance.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await startScene(inject('cluster'), { operatorFlags: ['--reference-timeout', '2s'] });
  await scene.lun('src', 4 * MIB, 'source');
});

afterEach(async () => {
  await scene.array.admin.clearFaults({});
  await setBandwidth(scene, 0);
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

type Pairs = LunResyncSpec['pairs'];

async function completed(name: string, pairs: Pairs, spec: Partial<LunResyncSpec> = {}): Promise<void> {
  await scene.apply(name, { ...spec, pairs });
  expect(reasonOf(await scene.finished(name))).toBe('Completed');
}

/** The LUN, which is there. */
async function lunNow(id: string): Promise<Lun> {
  const lun = await lunOf(scene, id);
  if (lun === undefined) throw new Error(`LUN ${id} is gone`);
  return lun;
}

/** A LUN with that page 83 identifiers or that disk signature. */
async function makeLun(
  id: string,
  lun: { readonly identifiers?: object[]; readonly diskSignature?: string },
): Promise<void> {
  await scene.array.admin.createLun({ id, pool: 'pool', sizeBytes: BigInt(4 * MIB), ...lun });
  await scene.array.admin.fillPattern({ lunId: id, length: BigInt(4 * MIB), seed: id });
}

describe('pairs', () => {
  it('give each target its own source, in whatever order they are', async () => {
    for (const name of ['one', 'two', 'three']) {
      await scene.lun(`${name}-src`, 4 * MIB, `${name} source`);
      await scene.lun(`${name}-dst`, 4 * MIB, `${name} target`);
    }
    for (const names of [
      ['three', 'one', 'two'],
      ['two', 'three', 'one'],
    ]) {
      const pairs = names.map((name) => lunPair(name, `${name}-src`, `${name}-dst`));
      await completed(`order-${names[0]}`, pairs);
      for (const name of names) expect(await scene.digest(`${name}-dst`)).toBe(await scene.digest(`${name}-src`));
      for (const name of names) await scene.array.admin.fillPattern({ lunId: `${name}-dst`, seed: 'damage' });
    }
  });
});

describe('an identifier of page 83', () => {
  const naa = { codeSet: 1, type: 3, value: Uint8Array.from([0x60, 9, 8, 7, 6, 5, 4, 3]) };
  const unknown = { codeSet: 9, type: 99, value: Uint8Array.from([1, 2, 3]) };

  it('of a type that nobody knows does no harm beside one that counts', async () => {
    await makeLun('odd', { identifiers: [unknown, naa] });
    await completed('odd', [lunPair('data', 'src', 'odd')]);
    expect(await scene.digest('odd')).toBe(await scene.digest('src'));
  });

  it('of a type that nobody knows does not count alone', async () => {
    await makeLun('strange', { identifiers: [unknown] });
    const before = await scene.digest('strange');
    await scene.apply('strange', { pairs: [lunPair('data', 'src', 'strange')] });
    const ended = await scene.finished('strange');
    expect(reasonOf(ended)).toBe('VolumeNotSupported');
    expect(messageOf(ended)).toContain('LUN strange has no page 83 identifier of type 1, 2, 3 or 8');
    expect(await scene.digest('strange')).toBe(before);
  });
});

describe('the identity of a target', () => {
  it('stays its own: identifiers, disk signature and id', async () => {
    await makeLun('own', { diskSignature: 'target-signature' });
    const before = await lunNow('own');
    await completed('own', [lunPair('data', 'src', 'own')]);
    const { id, identifiers, diskSignature, kind } = await lunNow('own');
    expect({ id, identifiers, diskSignature, kind }).toEqual({
      id: before.id,
      identifiers: before.identifiers,
      diskSignature: 'target-signature',
      kind: before.kind,
    });
    expect(await scene.digest('own')).toBe(await scene.digest('src'));
  });

  it('becomes that of the snapshot’s original with RevertToOriginal, and nothing else of it changes', async () => {
    await makeLun('original', { diskSignature: 'original-signature' });
    await scene.array.admin.snapshot({ lunId: 'original', id: 'original-snap' });
    await scene.array.admin.deleteLun({ lunId: 'original' });
    await makeLun('reverted', { diskSignature: 'another-signature' });
    const { identifiers } = await lunNow('reverted');
    expect((await lunNow('original-snap')).diskSignature).not.toBe('original-signature');
    await completed('reverted', [lunPair('data', 'original-snap', 'reverted')], { identityPolicy: 'RevertToOriginal' });
    expect(await lunNow('reverted')).toMatchObject({ diskSignature: 'original-signature', identifiers });
  });

  it('that cannot be set after the copy ends the run, rolled back', async () => {
    await makeLun('late', { diskSignature: 'late-signature' });
    const before = await digestsOf(scene, ['late']);
    const reason = 'VSS_E_CANNOT_REVERT_DISKID';
    await order(scene, {
      action: FaultAction.FAIL,
      step: Step.VERIFYING,
      lunId: 'late',
      reason,
      message: 'Write-protected.',
    });
    await scene.apply('late', { pairs: [lunPair('data', 'src', 'late')] });
    const ended = await scene.finished('late');
    expect([reasonOf(ended), ended.status.hresult?.name, ended.status.dataState]).toEqual([
      'CannotRevertDiskID',
      reason,
      'RolledBack',
    ]);
    expect(await digestsOf(scene, ['late'])).toEqual(before);
    expect((await lunNow('late')).diskSignature).toBe('late-signature');
  });
});

describe('one resync at a time', () => {
  it('is what a LUN takes part in, whoever wants it: five objects on one target run one after another', async () => {
    await scene.lun('wanted', 4 * MIB, 'wanted');
    const names = ['a', 'b', 'c', 'd', 'e'].map((letter) => `wants-${letter}`);
    for (const name of names) await scene.lun(`${name}-src`, 4 * MIB, name);
    await Promise.all(names.map((name) => scene.apply(name, { pairs: [lunPair('data', `${name}-src`, 'wanted')] })));
    for (const name of names) expect(reasonOf(await scene.finished(name, 120_000))).toBe('Completed');
    const owners = [...new Set(names.map((name) => startsOf(scene, name)[0]?.owner ?? ''))];
    const { luns } = await scene.array.client.getLuns({ ids: ['wanted'], owners });
    const runs = (luns[0]?.runs ?? []).toSorted((one, other) => Number(one.intentGeneration - other.intentGeneration));
    expect(runs).toHaveLength(names.length);
    for (const [index, run] of runs.entries()) {
      expect(run.endGeneration).toBeGreaterThan(run.intentGeneration);
      const next = runs[index + 1];
      if (next !== undefined) expect(next.intentGeneration).toBeGreaterThanOrEqual(run.endGeneration);
    }
    expect(await scene.digest('wanted')).toBe(await scene.digest(runs.at(-1)?.sourceLunId ?? ''));
  });

  it('is no rule for LUNs that have nothing to do with each other: two copies run at once', async () => {
    const names = ['left', 'right'];
    for (const name of names) {
      await scene.lun(`${name}-src`, 16 * MIB, `${name} source`);
      await scene.lun(`${name}-dst`, 16 * MIB, `${name} target`);
    }
    const stall = { action: FaultAction.STALL, step: Step.COPYING, atByte: BigInt(MIB) };
    for (const name of names) await order(scene, { ...stall, lunId: `${name}-dst` });
    for (const name of names) await scene.apply(name, { pairs: [lunPair('data', `${name}-src`, `${name}-dst`)] });
    let states: readonly LunState[] = [];
    await until(
      () => `both copies to run; the states of the LUNs are ${states.join(', ')}`,
      async () => {
        states = (await Promise.all(names.map((name) => lunNow(`${name}-dst`)))).map(({ state }) => state);
        return states.every((state) => state === LunState.RESYNCING);
      },
    );
    await scene.array.admin.clearFaults({});
    for (const name of names) expect(reasonOf(await scene.finished(name))).toBe('Completed');
  });
});

describe('two runs at once', () => {
  it('are told apart by the uid of their objects, in the calls of the array and in every Event', async () => {
    for (const name of ['red', 'blue']) await scene.lun(`${name}-dst`, 4 * MIB, name);
    const objects = await Promise.all(
      ['red', 'blue'].map((name) => scene.apply(name, { pairs: [lunPair('data', 'src', `${name}-dst`)] })),
    );
    for (const { metadata } of objects) {
      const { name, namespace, uid } = metadata;
      expect(reasonOf(await scene.finished(name))).toBe('Completed');
      const calls = scene.array.callLog().filter(({ operationID }) => operationID === `${uid}.1`);
      expect(calls.map(({ method }) => method)).toEqual(expect.arrayContaining(['StartOperation', 'ReleaseOperation']));
      const owners = startsOf(scene, name).map(({ owner }) => owner.split('/').slice(1));
      expect(owners).toEqual([[namespace, name, uid]]);
      const events = await untilEvent(scene, name, ({ reason }) => reason === 'ResyncCompleted');
      expect(events.map((event) => (event as { regarding?: { uid?: string } }).regarding?.uid)).toEqual(
        events.map(() => uid),
      );
    }
  });
});

describe('the source', () => {
  it('is as it was after three runs and one that was cancelled, and an older one may follow a newer one', async () => {
    await scene.lun('volume', 16 * MIB, 'first');
    await scene.array.admin.snapshot({ lunId: 'volume', id: 'older' });
    await scene.array.admin.fillPattern({ lunId: 'volume', length: BigInt(16 * MIB), seed: 'second' });
    await scene.array.admin.snapshot({ lunId: 'volume', id: 'newer' });
    const before = await digestsOf(scene, ['older', 'newer']);
    const { generation, state } = await lunNow('older');
    await completed('from-newer', [lunPair('data', 'newer', 'volume')]);
    await slowDown(scene);
    await scene.apply('aborted', { pairs: [lunPair('data', 'older', 'volume')] });
    await untilCopying(scene, 'aborted');
    await cancelInMidRun(scene, 'aborted');
    expect(reasonOf(await scene.finished('aborted'))).toBe('Cancelled');
    expect(await scene.digest('volume')).toBe(before['newer']);
    for (const name of ['first', 'second']) await completed(`from-older-${name}`, [lunPair('data', 'older', 'volume')]);
    expect(await scene.digest('volume')).toBe(before['older']);
    expect(await digestsOf(scene, ['older', 'newer'])).toEqual(before);
    expect(await lunNow('older')).toMatchObject({ generation, state });
  });
});

describe('when a run is over', () => {
  it('the target takes I/O at once: a node gets it as soon as the success can be read', async () => {
    await scene.lun('ready', 4 * MIB, 'ready');
    await completed('ready', [lunPair('data', 'src', 'ready')]);
    await scene.array.admin.publish({ lunId: 'ready', node: 'node-1' });
    expect(await lunNow('ready')).toMatchObject({ state: LunState.ONLINE, publishedNodes: ['node-1'] });
    expect(await scene.digest('ready')).toBe(await scene.digest('src'));
  });

  it('the array has no record of it any more, whether it succeeded, failed or was cancelled', async () => {
    for (const id of ['kept-well', 'kept-ill', 'kept-off']) await scene.lun(id, 16 * MIB, id);
    await scene.lun('big', 16 * MIB, 'big');
    await completed('well', [lunPair('data', 'big', 'kept-well')]);
    await order(scene, { action: FaultAction.CORRUPT_CHUNK, lunId: 'kept-ill' });
    await scene.apply('ill', { pairs: [lunPair('data', 'big', 'kept-ill')] });
    expect(reasonOf(await scene.finished('ill'))).toBe('VerificationFailed');
    await slowDown(scene);
    await scene.apply('off', { pairs: [lunPair('data', 'big', 'kept-off')] });
    await untilCopying(scene, 'off');
    await cancelInMidRun(scene, 'off');
    expect(reasonOf(await scene.finished('off'))).toBe('Cancelled');
    let left: readonly string[] = [];
    await until(
      () => `no record of an operation; there are ${left.join(', ')}`,
      async () => {
        const { operations } = await scene.array.client.listOperations({});
        left = operations.map(({ owner }) => owner).filter((owner) => /\/(well|ill|off)\//.test(owner));
        return left.length === 0;
      },
      5_000,
    );
  });
});
