// Creating a LunResync on a real API server: every rule accepts what it should and refuses the rest with its message.
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type Answer, type Json, newNamespace, send, sendOk } from '../support/api-client.ts';
import type {} from '../support/control-plane-setup.ts';
import { lunResync, pair } from './objects.ts';
import { PAIR_CASES, type SpecCase } from './spec-cases.ts';

const cluster = inject('cluster');
let collection: string;

beforeAll(async () => {
  const namespace = await newNamespace(cluster.admin, 'crd');
  collection = `/apis/lunresync.io/v1alpha1/namespaces/${namespace}/lunresyncs`;
});

const create = (body: Json): Promise<Answer> => send(cluster.admin, 'POST', collection, body);

const lun = (id: string): Json => ({ lunID: id });

const CASES: readonly SpecCase[] = [
  ...PAIR_CASES,
  {
    rule: 'pair names are unique',
    accepted: { pairs: [pair('a'), pair('b')] },
    refused: { pairs: [pair('a'), pair('a', { target: { persistentVolumeClaimName: 'b' } })] },
    message: 'Duplicate value: {"name":"a"}',
  },
  {
    rule: 'there are at most 64 pairs',
    accepted: { pairs: shortPairs(64) },
    refused: { pairs: shortPairs(65) },
    message: 'spec.pairs: Too many: 65: must have at most 64 items',
  },
  {
    rule: 'there is at least one pair',
    accepted: { pairs: [pair('a')] },
    refused: { pairs: [] },
    message: 'spec.pairs in body should have at least 1 items',
  },
  {
    rule: 'a LUN id has 1 to 128 characters of a small alphabet',
    accepted: { pairs: [pair('a', { target: lun(`naa.6001:${'x'.repeat(119)}`) })] },
    refused: { pairs: [pair('a', { target: lun('../lun-1') })] },
    message: "spec.pairs[0].target.lunID in body should match '^[A-Za-z0-9._:-]{1,128}$'",
  },
  ...enumCases({
    mode: 'Plan',
    sizePolicy: 'KeepLarger',
    claimResize: 'Raise',
    identityPolicy: 'RevertToOriginal',
    unselectedVolumePolicy: 'Overwrite',
    safetySnapshot: 'Never',
    verify: 'None',
  }),
  ...numberCases({
    targetInUseTimeoutSeconds: [0, 604800],
    stallTimeoutSeconds: [1, 604800],
    backoffLimit: [0, 100],
    activeDeadlineSeconds: [1, 2147483647],
    safetySnapshotRetentionSeconds: [0, 2147483647],
    ttlSecondsAfterFinished: [0, 2147483647],
  }),
  {
    rule: 'runID has a small alphabet',
    accepted: { runID: 'nightly/2026-11-24_1:a.b' },
    refused: { runID: 'with space' },
    message: "spec.runID in body should match '^[A-Za-z0-9._:/-]+$'",
  },
];

function shortPairs(count: number): Json[] {
  return Array.from({ length: count }, (_, position) => pair(`p${position}`));
}

function enumCases(fields: Record<string, string>): SpecCase[] {
  return Object.entries(fields).map(([field, value]) => ({
    rule: `${field} has closed values`,
    accepted: { [field]: value },
    refused: { [field]: 'Maybe' },
    message: `spec.${field}: Unsupported value: "Maybe"`,
  }));
}

function numberCases(fields: Record<string, readonly [number, number]>): SpecCase[] {
  return Object.entries(fields).flatMap(([field, [min, max]]) => [
    {
      rule: `${field} has a smallest value`,
      accepted: { [field]: min },
      refused: { [field]: min - 1 },
      message: `spec.${field} in body should be greater than or equal to ${min}`,
    },
    {
      rule: `${field} has a largest value`,
      accepted: { [field]: max },
      refused: { [field]: max + 1 },
      message: `spec.${field} in body should be less than or equal to ${max}`,
    },
  ]);
}

describe('creating a LunResync', () => {
  it.each(CASES)('$rule', async ({ accepted, refused, message }) => {
    expect(await create(lunResync(accepted))).toMatchObject({ code: 201 });
    const answer = await create(lunResync(refused));
    expect(answer.code).toBe(422);
    expect(answer.message).toContain(message);
  });

  it('refuses a field that it does not know, where the client asks for strict validation, as kubectl does', async () => {
    const unknown = lunResync({ force: true });
    const answer = await send(cluster.admin, 'POST', `${collection}?fieldValidation=Strict`, unknown);
    expect(answer.code).toBe(400);
    expect(answer.message).toContain('unknown field "spec.force"');
  });

  it('refuses one that undoes itself', async () => {
    const undo = { pairs: [{ name: 'a', source: { undoOf: 'itself' } }] };
    const answer = await create(lunResync(undo, 'itself'));
    expect(answer.code).toBe(422);
    expect(answer.message).toContain('`undoOf` must name another LunResync');
    expect(await create(lunResync(undo, 'another'))).toMatchObject({ code: 201 });
  });

  it('fills in the defaults of the spec and the status that says "not looked at yet"', async () => {
    const object = await sendOk(cluster.admin, 'POST', collection, lunResync());
    expect(object['spec']).toEqual({
      pairs: [pair('orders')],
      mode: 'Run',
      sizePolicy: 'MatchSource',
      claimResize: 'Never',
      identityPolicy: 'KeepTarget',
      unselectedVolumePolicy: 'Refuse',
      safetySnapshot: 'Always',
      verify: 'Digest',
      targetInUseTimeoutSeconds: 300,
      stallTimeoutSeconds: 300,
      backoffLimit: 3,
      suspend: false,
      cancel: false,
    });
    expect(object['status']).toEqual({ observedGeneration: -1 });
  });
});
