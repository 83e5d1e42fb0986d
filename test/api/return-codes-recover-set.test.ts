// Every code that RecoverSet and AddSnapshotToRecoverySet can return and that a resync of LUNs can run into: how it comes
// about, and what a person then reads: reason, HRESULT, an Event with what to do, and what is on the target.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { Capability, LunArray } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { addService } from '../../src/rpc/server.ts';
import type { ServiceImplementation } from '../../src/rpc/service-types.ts';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import {
  conditionOf,
  createArray,
  messageOf,
  type Spec,
  setBandwidth,
  slowDown,
  startsOf,
  untilCopying,
} from './acceptance.ts';
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

describe('a return code of RecoverSet or AddSnapshotToRecoverySet', () => {
  it('E_NOTIMPL: the array lacks a capability that the spec asks for', async () => {
    const { RESYNC, RESIZE, VERIFY, REVERT_IDENTITY, ROLL_BACK } = Capability;
    const lacking: readonly (readonly [string, Capability[], Partial<Spec>, RegExp])[] = [
      ['resync', [RESIZE, VERIFY, REVERT_IDENTITY, ROLL_BACK], {}, /array cannot resync/],
      ['verify', [RESYNC, RESIZE, REVERT_IDENTITY, ROLL_BACK], {}, /cannot verify \(spec\.verify: None does without\)/],
      ['rollback', [RESYNC, RESIZE, VERIFY, REVERT_IDENTITY], {}, /safety snapshots \(spec\.safetySnapshot: Never/],
      [
        'revert',
        [RESYNC, RESIZE, VERIFY, ROLL_BACK],
        { identityPolicy: 'RevertToOriginal' },
        /cannot revert disk signatures/,
      ],
    ];
    for (const [name, capabilities, spec, says] of lacking) {
      await scene.array.admin.setContract({ capabilities });
      // An array that is new to the operator is asked at once what it can do.
      const arrayName = `${scene.arrayName}-${name}`;
      await createArray(scene, arrayName);
      const ending = { reason: 'NotImplemented', hresult: 'E_NOTIMPL', says: [says, /has the capability/] };
      await expectFailure(scene, `lacks-${name}`, { ...spec, arrayName, pairs: ONTO_DST }, ending);
      expect(startsOf(scene, `lacks-${name}`)).toEqual([]);
    }
  });

  it('VSS_E_LEGACY_PROVIDER: the array speaks an older version of the contract', async () => {
    await using old = await startLegacyArray();
    const arrayName = `${scene.arrayName}-legacy`;
    await createArray(scene, arrayName, { endpoint: old.endpoint, insecure: true });
    await expectFailure(
      scene,
      'legacy-version',
      { arrayName, pairs: ONTO_DST },
      {
        reason: 'ArrayTooOld',
        hresult: 'VSS_E_LEGACY_PROVIDER',
        says: ['version 0 of the contract', 'Upgrade the software of the array'],
      },
    );
  });

  it('VSS_E_LEGACY_PROVIDER: the array says so itself', async () => {
    await refuseStart(scene, 'VSS_E_LEGACY_PROVIDER', 'Upgrade to release 9.');
    await expectFailure(
      scene,
      'legacy',
      { pairs: ONTO_DST },
      {
        reason: 'ArrayTooOld',
        hresult: 'VSS_E_LEGACY_PROVIDER',
        says: ['VSS_E_LEGACY_PROVIDER', 'Upgrade to release 9.'],
      },
    );
  });

  it('VSS_E_BAD_STATE: the source is half-written by another run', async () => {
    await scene.lun('wreck', 4 * MIB, 'wreck');
    await failHalfWay(scene, 'VSS_E_PROVIDER_VETO', 'None.');
    await scene.apply('wrecks', { safetySnapshot: 'Never', pairs: [lunPair('data', 'src', 'wreck')] });
    const wrecked = await scene.finished('wrecks');
    expect([reasonOf(wrecked), wrecked.status.dataState]).toEqual(['ArrayVeto', 'Inconsistent']);
    expect(conditionOf(wrecked, 'TargetConsistent')?.status).toBe('False');
    expect(messageOf(wrecked)).toMatch('Target wreck is INCONSISTENT and fenced');
    await expectFailure(
      scene,
      'bad-state',
      { targetInUseTimeoutSeconds: 0, pairs: [lunPair('data', 'wreck', 'dst')] },
      {
        reason: 'BadState',
        hresult: 'VSS_E_BAD_STATE',
        says: ['source LUN wreck is INCONSISTENT'],
      },
    );
  });

  it('VSS_E_OBJECT_NOT_FOUND: a LUN does not appear in time', async () => {
    await expectFailure(
      scene,
      'not-found',
      { pairs: [lunPair('data', 'nowhere', 'dst')] },
      {
        reason: 'ObjectNotFound',
        hresult: 'VSS_E_OBJECT_NOT_FOUND',
        says: ['LUN nowhere does not exist', 'Create what the message names'],
      },
    );
  });

  it('VSS_E_SNAPSHOT_NOT_IN_SET: the run to undo took no safety snapshot', async () => {
    await scene.lun('unsafe', 4 * MIB, 'unsafe');
    await scene.apply('without', { safetySnapshot: 'Never', pairs: [lunPair('data', 'src', 'unsafe')] });
    expect(reasonOf(await scene.finished('without'))).toBe('Completed');
    await expectFailure(
      scene,
      'not-in-set',
      { pairs: [{ name: 'data', source: { undoOf: 'without' } }] },
      {
        reason: 'SnapshotNotInSet',
        hresult: 'VSS_E_SNAPSHOT_NOT_IN_SET',
        says: [/no safety snapshot of LUN unsafe/, 'Name a finished run that has a pair of this name'],
      },
    );
  });

  it('VSS_E_RESYNC_IN_PROGRESS: another run has the target', async () => {
    await scene.lun('slow-src', 16 * MIB, 'slow');
    await scene.lun('busy', 16 * MIB, 'busy');
    await slowDown(scene);
    await scene.apply('other', { pairs: [lunPair('data', 'slow-src', 'busy')] });
    await untilCopying(scene, 'other');
    await expectFailure(
      scene,
      'in-progress',
      { targetInUseTimeoutSeconds: 0, pairs: [lunPair('data', 'src', 'busy')] },
      {
        reason: 'ResyncInProgress',
        hresult: 'VSS_E_RESYNC_IN_PROGRESS',
        says: ['LUN busy is a target of another operation', 'Wait for the other run'],
      },
    );
    await setBandwidth(scene, 0);
    expect(reasonOf(await scene.finished('other'))).toBe('Completed');
  });

  it('VSS_E_VOLUME_NOT_SUPPORTED: the target has no unique page 83 identifier', async () => {
    const identifiers = [{ codeSet: 2, type: 0, value: Uint8Array.from([1]) }];
    await scene.array.admin.createLun({ id: 'vague', pool: 'pool', sizeBytes: BigInt(4 * MIB), identifiers });
    await expectFailure(
      scene,
      'not-supported',
      { pairs: [lunPair('data', 'src', 'vague')] },
      {
        reason: 'VolumeNotSupported',
        hresult: 'VSS_E_VOLUME_NOT_SUPPORTED',
        says: ['LUN vague has no page 83 identifier of type 1, 2, 3 or 8', 'Choose another LUN'],
      },
    );
  });

  it('VSS_E_UNSELECTED_VOLUME: another volume lives on the target', async () => {
    await scene.lun('crowded', 4 * MIB, 'crowded');
    await scene.array.admin.addVolume({ lunId: 'crowded', volume: 'payroll' });
    await expectFailure(
      scene,
      'unselected',
      { pairs: [lunPair('data', 'src', 'crowded')] },
      {
        reason: 'UnselectedVolume',
        hresult: 'VSS_E_UNSELECTED_VOLUME',
        says: ['payroll', 'Set spec.unselectedVolumePolicy to Overwrite'],
      },
    );
  });

  it('VSS_E_CANNOT_REVERT_DISKID: the original still has its disk signature', async () => {
    await scene.array.admin.snapshot({ lunId: 'src', id: 'src-snap' });
    const pairs = [lunPair('data', 'src-snap', 'dst')];
    await expectFailure(
      scene,
      'disk-id',
      { identityPolicy: 'RevertToOriginal', pairs },
      {
        reason: 'CannotRevertDiskID',
        hresult: 'VSS_E_CANNOT_REVERT_DISKID',
        says: [/signature .* is in use by LUN src/, /own signature, or free the original one first/],
      },
    );
  });

  it('VSS_E_BAD_STATE as in WinPE: an array in maintenance starts nothing, and says so', async () => {
    const before = await scene.digest('dst');
    await scene.patchArray({ maintenance: true });
    await scene.apply('win-pe', { pairs: ONTO_DST });
    const held = await scene.until('win-pe', 'it is held', (resync) => reasonOf(resync) === 'Maintenance');
    expect(messageOf(held)).toMatch('VSS_E_BAD_STATE');
    await scene.patch('win-pe', { cancel: true });
    expect(reasonOf(await scene.finished('win-pe'))).toBe('Cancelled');
    await scene.patchArray({ maintenance: false });
    expect(startsOf(scene, 'win-pe')).toEqual([]);
    expect(await scene.digest('dst')).toBe(before);
  });
});

/** An array of before the first version of the contract: it says who it is, and knows no LUN. */
async function startLegacyArray(): Promise<AsyncDisposable & { readonly endpoint: string }> {
  const server = new Server();
  const old = {
    getArray: async () => ({ arrayId: 'old-array', vendor: 'Acme', product: 'Old', contractVersion: 0 }),
    getLuns: async () => ({ arrayId: 'old-array', luns: [] }),
  };
  addService(server, LunArray, old as unknown as ServiceImplementation<typeof LunArray>);
  const listening = Promise.withResolvers<number>();
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
    if (error === null) listening.resolve(port);
    else listening.reject(error);
  });
  const endpoint = `dns:///127.0.0.1:${await listening.promise}`;
  return { endpoint, [Symbol.asyncDispose]: async () => server.forceShutdown() };
}
