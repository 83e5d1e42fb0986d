// Every code that ResyncLuns can return, and codes that no list has: how they come about at the array, and what a person
// then reads: reason, HRESULT, an Event with what to do, and what is on the target.
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { messageOf, order, startsOf, untilEvent } from './acceptance.ts';
import { expectFailure, failHalfWay, refuseStart } from './failures.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await startScene(inject('cluster'), { operatorFlags: ['--reference-timeout', '2s'] });
  await scene.lun('src', 4 * MIB, 'source');
  await scene.lun('dst', 4 * MIB, 'target');
});

afterEach(async () => {
  await scene.array.admin.clearFaults({});
  await scene.array.admin.setContract({});
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

const ONTO_DST = [lunPair('data', 'src', 'dst')];

describe('a return code of ResyncLuns', () => {
  it('S_OK: the run completes, with an Event', async () => {
    await scene.lun('good', 4 * MIB, 'good');
    await scene.apply('s-ok', { pairs: [lunPair('data', 'src', 'good')] });
    const done = await scene.finished('s-ok');
    expect(reasonOf(done)).toBe('Completed');
    expect(done.status.hresult).toEqual({ name: 'VSS_S_ASYNC_FINISHED', code: '0x0004230A' });
    expect(done.status.dataState).toBe('MatchesSource');
    await untilEvent(scene, 's-ok', ({ type, reason }) => type === 'Normal' && reason === 'ResyncCompleted');
    expect(await scene.digest('good')).toBe(await scene.digest('src'));
  });

  it('E_OUTOFMEMORY once: the attempt is made again and accepted exactly once', async () => {
    await scene.lun('again', 4 * MIB, 'again');
    await refuseStart(scene, 'E_OUTOFMEMORY', 'Wait a moment.');
    await scene.apply('memory-once', { pairs: [lunPair('data', 'src', 'again')] });
    const backoff = await scene.until('memory-once', 'it waits', (resync) => reasonOf(resync) === 'RetryBackoff');
    expect(messageOf(backoff)).toMatch(/E_OUTOFMEMORY.*again in 10 s/);
    expect(reasonOf(await scene.finished('memory-once'))).toBe('Completed');
    expect(startsOf(scene, 'memory-once').map(({ code }) => code)).toEqual(['FAILED_PRECONDITION', 'OK']);
    await untilEvent(scene, 'memory-once', ({ type, reason }) => type === 'Warning' && reason === 'AttemptFailed');
    expect(await scene.digest('again')).toBe(await scene.digest('src'));
  });

  it('E_OUTOFMEMORY as often as it is tried: BackoffLimitExceeded, with the code of the array', async () => {
    await refuseStart(scene, 'E_OUTOFMEMORY', 'Add memory to the array.', 100);
    await expectFailure(
      scene,
      'memory-always',
      { backoffLimit: 0, pairs: ONTO_DST },
      {
        reason: 'BackoffLimitExceeded',
        hresult: 'E_OUTOFMEMORY',
        says: ['E_OUTOFMEMORY', 'Add memory to the array.'],
      },
    );
    expect(startsOf(scene, 'memory-always')).toHaveLength(1);
  });

  it('E_OUTOFMEMORY half way: rolled back, with the code of the array', async () => {
    await failHalfWay(scene, 'E_OUTOFMEMORY', 'Add memory to the array.');
    await expectFailure(
      scene,
      'memory-half-way',
      { backoffLimit: 0, pairs: ONTO_DST },
      {
        reason: 'BackoffLimitExceeded',
        hresult: 'E_OUTOFMEMORY',
        dataState: 'RolledBack',
        says: ['E_OUTOFMEMORY', /Remove the cause|Add memory/],
      },
    );
  });

  it('VSS_E_PROVIDER_VETO with a remedy: the Event says it', async () => {
    await refuseStart(scene, 'VSS_E_PROVIDER_VETO', 'Replace the battery of controller B.');
    await expectFailure(
      scene,
      'veto',
      { pairs: ONTO_DST },
      {
        reason: 'ArrayVeto',
        hresult: 'VSS_E_PROVIDER_VETO',
        says: ['VSS_E_PROVIDER_VETO', 'Replace the battery of controller B.'],
      },
    );
    expect(startsOf(scene, 'veto')).toHaveLength(1);
  });

  it('VSS_E_PROVIDER_VETO half way: rolled back, and the Event says the remedy', async () => {
    await failHalfWay(scene, 'VSS_E_PROVIDER_VETO', 'Replace the battery of controller B.');
    await expectFailure(
      scene,
      'veto-half-way',
      { pairs: ONTO_DST },
      {
        reason: 'ArrayVeto',
        hresult: 'VSS_E_PROVIDER_VETO',
        dataState: 'RolledBack',
        says: ['VSS_E_PROVIDER_VETO', 'Replace the battery of controller B.'],
      },
    );
  });

  it('VSS_E_PROVIDER_VETO without a remedy: the Event says that the contract demands one', async () => {
    await refuseStart(scene, 'VSS_E_PROVIDER_VETO', '');
    await expectFailure(
      scene,
      'veto-silent',
      { pairs: ONTO_DST },
      {
        reason: 'ArrayVeto',
        hresult: 'VSS_E_PROVIDER_VETO',
        says: ['VSS_E_PROVIDER_VETO', /gave no remedy, which its contract demands/],
      },
    );
  });

  it('VSS_E_INSUFFICIENT_STORAGE of a full pool: refused, nothing is changed, nothing is tried again', async () => {
    await scene.array.admin.createPool({ name: 'small', capacityBytes: BigInt(6 * MIB) });
    await scene.array.admin.createLun({ id: 'tight', pool: 'small', sizeBytes: BigInt(4 * MIB) });
    await scene.array.admin.fillPattern({ lunId: 'tight', length: BigInt(4 * MIB), seed: 'tight' });
    const tight = await scene.digest('tight');
    await expectFailure(
      scene,
      'storage',
      { pairs: [lunPair('data', 'src', 'tight')] },
      {
        reason: 'InsufficientStorage',
        hresult: 'VSS_E_INSUFFICIENT_STORAGE',
        says: ['VSS_E_INSUFFICIENT_STORAGE', /small/],
      },
    );
    expect(startsOf(scene, 'storage')).toHaveLength(1);
    expect(await scene.digest('tight')).toBe(tight);
  });

  it('VSS_E_INSUFFICIENT_STORAGE half way: rolled back', async () => {
    await failHalfWay(scene, 'VSS_E_INSUFFICIENT_STORAGE', 'Add disks to pool gold.');
    await expectFailure(
      scene,
      'storage-half-way',
      { pairs: ONTO_DST },
      {
        reason: 'InsufficientStorage',
        hresult: 'VSS_E_INSUFFICIENT_STORAGE',
        dataState: 'RolledBack',
        says: ['VSS_E_INSUFFICIENT_STORAGE', 'Add disks to pool gold.'],
      },
    );
  });
});

describe('a code that no list has', () => {
  it.each([
    ['E_FAIL of the contract', 'E_FAIL', status.FAILED_PRECONDITION],
    ['S_FALSE of the contract', 'S_FALSE', status.FAILED_PRECONDITION],
    ['INVALID_ARGUMENT of gRPC', 'DISK_ON_FIRE', status.INVALID_ARGUMENT],
  ])('becomes UnexpectedArrayError, with the code in the Event: %s', async (_what, reason, code) => {
    const remedy = 'Call the vendor.';
    await order(scene, { action: FaultAction.FAIL, method: 'StartOperation', reason, remedy, message: 'No.', code });
    const name = `off-list-${reason.toLowerCase().replaceAll('_', '-')}`;
    await expectFailure(
      scene,
      name,
      { pairs: ONTO_DST },
      {
        reason: 'UnexpectedArrayError',
        hresult: 'VSS_E_UNEXPECTED_PROVIDER_ERROR',
        says: [reason, remedy],
      },
    );
    expect(startsOf(scene, name)).toHaveLength(1);
  });
});
