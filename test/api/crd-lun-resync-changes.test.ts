// Changing the spec of a LunResync on a real API server: what is immutable can neither change, nor come, nor go.
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type Answer, type Json, newNamespace, send, sendOk } from '../support/api-client.ts';
import type {} from '../support/control-plane-setup.ts';
import { lunResync, pair } from './objects.ts';

const cluster = inject('cluster');
let collection: string;

beforeAll(async () => {
  const namespace = await newNamespace(cluster.admin, 'crd');
  collection = `/apis/lunresync.io/v1alpha1/namespaces/${namespace}/lunresyncs`;
});

const patch = (object: Json, body: Json, part = ''): Promise<Answer> =>
  send(cluster.admin, 'PATCH', `${collection}/${String((object['metadata'] as Json)['name'])}${part}`, body);

const created = async (spec: Json = {}): Promise<Json> => sendOk(cluster.admin, 'POST', collection, lunResync(spec));

/** Every immutable field with the value it has after creation (absent: undefined) and another legal one. */
const IMMUTABLE: Record<string, readonly [unknown, unknown]> = {
  arrayName: ['array-a', 'array-b'],
  pairs: [[pair('orders')], [pair('orders', { source: { volumeSnapshotName: 'other' } })]],
  mode: ['Run', 'Plan'],
  sizePolicy: ['MatchSource', 'KeepLarger'],
  claimResize: ['Never', 'Raise'],
  identityPolicy: ['KeepTarget', 'RevertToOriginal'],
  unselectedVolumePolicy: ['Refuse', 'Overwrite'],
  safetySnapshot: ['Always', 'Never'],
  verify: ['Digest', 'None'],
  targetInUseTimeoutSeconds: [300, 301],
  runID: ['run-1', 'run-2'],
  activeDeadlineSeconds: [7200, 7201],
  stallTimeoutSeconds: [300, 301],
  backoffLimit: [3, 4],
};

const MUTABLE: Record<string, unknown> = {
  suspend: true,
  cancel: true,
  safetySnapshotRetentionSeconds: 60,
  ttlSecondsAfterFinished: 60,
};

const OPTIONAL = ['arrayName', 'runID', 'activeDeadlineSeconds'];

describe('changing a LunResync', () => {
  it('has a table of mutable and immutable fields that names every field of the schema', async () => {
    const crd = await sendOk(
      cluster.admin,
      'GET',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/lunresyncs.lunresync.io',
    );
    const path = ['spec', 'versions', '0', 'schema', 'openAPIV3Schema', 'properties', 'spec', 'properties'];
    const properties = path.reduce<Json>((node, key) => node[key] as Json, crd);
    expect([...Object.keys(IMMUTABLE), ...Object.keys(MUTABLE)].sort()).toEqual(Object.keys(properties).sort());
  });

  it.each(Object.entries(IMMUTABLE))('refuses another value of %s', async (field, [before, after]) => {
    const object = await created({ [field]: before });
    const answer = await patch(object, { spec: { [field]: after } });
    expect(answer.code).toBe(422);
    expect(answer.message).toContain(`\`${field}\` is immutable; create a new LunResync instead`);
    expect(await patch(object, { spec: { [field]: before } })).toMatchObject({ code: 200 });
  });

  it.each(OPTIONAL)('refuses to add %s later, or to take it away', async (field) => {
    const [value] = IMMUTABLE[field] ?? [];
    const without = await created();
    const added = await patch(without, { spec: { [field]: value } });
    expect(added.code).toBe(422);
    expect(added.message).toContain(`\`${field}\` is immutable; create a new LunResync instead`);
    const removed = await patch(await created({ [field]: value }), { spec: { [field]: null } });
    expect(removed.code).toBe(422);
    expect(removed.message).toContain(`\`${field}\` is immutable; create a new LunResync instead`);
  });

  it.each(Object.entries(MUTABLE))('accepts %s later', async (field, value) => {
    const answer = await patch(await created(), { spec: { [field]: value } });
    expect(answer.code).toBe(200);
    expect((answer.body['spec'] as Json)[field]).toEqual(value);
  });

  it.each(['safetySnapshotRetentionSeconds', 'ttlSecondsAfterFinished', 'suspend'])(
    'accepts %s taken back',
    async (field) => {
      const object = await created({ [field]: MUTABLE[field] });
      expect(await patch(object, { spec: { [field]: null } })).toMatchObject({ code: 200 });
    },
  );

  it.each([false, null])('refuses cancel: %s after true', async (value) => {
    const answer = await patch(await created({ cancel: true }), { spec: { cancel: value } });
    expect(answer.code).toBe(422);
    expect(answer.message).toContain('`cancel` may not be unset');
  });

  it('takes pairs in another order for the same', async () => {
    const object = await created({ pairs: [pair('a'), pair('b')] });
    expect(await patch(object, { spec: { pairs: [pair('b'), pair('a')] } })).toMatchObject({ code: 200 });
  });
});
