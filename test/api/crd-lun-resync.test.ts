// Creating a LunResync on a real API server: every rule accepts what it should and refuses the rest with its message.
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

const create = (body: Json): Promise<Answer> => send(cluster.admin, 'POST', collection, body);

const lun = (id: string): Json => ({ lunID: id });

type Case = { readonly rule: string; readonly accepted: Json; readonly refused: Json; readonly message: string };

const CASES: readonly Case[] = [
  {
    rule: 'a source is exactly one of three things',
    accepted: { pairs: [pair('a', { source: { undoOf: 'earlier' } })] },
    refused: { pairs: [pair('a', { source: { undoOf: 'earlier', volumeSnapshotName: 's' } })] },
    message: 'exactly one of `lunID`, `volumeSnapshotName`, `undoOf` must be set',
  },
  {
    rule: 'a source is not empty',
    accepted: { pairs: [pair('a', { source: lun('lun-1') })] },
    refused: { pairs: [pair('a', { source: {} })] },
    message: 'exactly one of `lunID`, `volumeSnapshotName`, `undoOf` must be set',
  },
  {
    rule: 'a target is exactly one of two things',
    accepted: { pairs: [pair('a', { target: lun('lun-2') })] },
    refused: { pairs: [pair('a', { target: { lunID: 'lun-2', persistentVolumeClaimName: 'a' } })] },
    message: 'exactly one of `lunID`, `persistentVolumeClaimName` must be set',
  },
  {
    rule: 'a target that is given is not empty',
    accepted: { pairs: [{ name: 'a', source: { volumeSnapshotName: 's' } }] },
    refused: { pairs: [pair('a', { target: {} })] },
    message: 'exactly one of `lunID`, `persistentVolumeClaimName` must be set',
  },
  {
    rule: 'a target may be left out with undoOf but not with lunID',
    accepted: { pairs: [{ name: 'a', source: { undoOf: 'earlier' } }] },
    refused: { pairs: [{ name: 'a', source: lun('lun-1') }] },
    message: '`target` may be left out only with `volumeSnapshotName` or `undoOf`',
  },
  {
    rule: 'a LUN is the target of one pair only',
    accepted: { pairs: [pair('a', { target: lun('lun-1') }), pair('b', { target: lun('lun-2') })] },
    refused: { pairs: [pair('a', { target: lun('lun-1') }), pair('b', { target: lun('lun-1') })] },
    message: 'a LUN may be the target of one pair only',
  },
  {
    rule: 'a claim is the target of one pair only',
    accepted: { pairs: [pair('a'), pair('b')] },
    refused: { pairs: [pair('a'), pair('b', { target: { persistentVolumeClaimName: 'a' } })] },
    message: 'a claim may be the target of one pair only',
  },
  {
    rule: 'no LUN is both source and target, also across pairs',
    accepted: {
      pairs: [pair('a', { source: lun('lun-1'), target: lun('lun-2') }), pair('b', { source: lun('lun-1') })],
    },
    refused: {
      pairs: [pair('a', { source: lun('lun-1'), target: lun('lun-2') }), pair('b', { source: lun('lun-2') })],
    },
    message: 'a LUN may not be both a source and a target',
  },
  {
    rule: 'a snapshot goes back over its own volume once',
    accepted: {
      pairs: [{ name: 'a', source: { volumeSnapshotName: 's' } }, pair('b', { source: { volumeSnapshotName: 's' } })],
    },
    refused: {
      pairs: [
        { name: 'a', source: { volumeSnapshotName: 's' } },
        { name: 'b', source: { volumeSnapshotName: 's' } },
      ],
    },
    message: 'a snapshot may be put back over its own volume by one pair only',
  },
  {
    rule: 'all names and ids together are bounded',
    accepted: { pairs: manyPairs(30) },
    refused: { pairs: manyPairs(31) },
    message: 'the names and ids in `pairs` must have at most 6144 characters together; use several LunResyncs',
  },
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

/** 2 × 40 + 62 + 62 characters a pair: 30 pairs have 6120. */
function manyPairs(count: number): Json[] {
  return Array.from({ length: count }, (_, position) => {
    const text = String(position).padStart(3, '0');
    return {
      name: `n${text}`.padEnd(40, 'x'),
      source: { volumeSnapshotName: `s${text}`.padEnd(62, 'x') },
      target: { persistentVolumeClaimName: `c${text}`.padEnd(62, 'x') },
    };
  });
}

function shortPairs(count: number): Json[] {
  return Array.from({ length: count }, (_, position) => pair(`p${position}`));
}

function enumCases(fields: Record<string, string>): Case[] {
  return Object.entries(fields).map(([field, value]) => ({
    rule: `${field} has closed values`,
    accepted: { [field]: value },
    refused: { [field]: 'Maybe' },
    message: `spec.${field}: Unsupported value: "Maybe"`,
  }));
}

function numberCases(fields: Record<string, readonly [number, number]>): Case[] {
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
