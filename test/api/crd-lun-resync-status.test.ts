// Writing the status of a LunResync on a real API server: what has ended stays ended.
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type Answer, type Json, newNamespace, send, sendOk } from '../support/api-client.ts';
import type {} from '../support/control-plane-setup.ts';
import { condition, lunResync } from './objects.ts';

const cluster = inject('cluster');
let collection: string;

beforeAll(async () => {
  const namespace = await newNamespace(cluster.admin, 'crd');
  collection = `/apis/lunresync.io/v1alpha1/namespaces/${namespace}/lunresyncs`;
});

const patch = (object: Json, body: Json, part = ''): Promise<Answer> =>
  send(cluster.admin, 'PATCH', `${collection}/${String((object['metadata'] as Json)['name'])}${part}`, body);

const created = async (spec: Json = {}): Promise<Json> => sendOk(cluster.admin, 'POST', collection, lunResync(spec));

const finished = (status: string): Json => ({
  conditions: [condition('Succeeded', status, status === 'True' ? 'Completed' : 'Cancelled')],
  completionTime: '2026-11-24T10:00:00Z',
});

async function withStatus(status: Json): Promise<Json> {
  const object = await created();
  const answer = await patch(object, { status }, '/status');
  expect(answer.message).toBe('');
  return object;
}

describe('writing the status of a LunResync', () => {
  it.each([
    ['Unknown', 'True'],
    ['Unknown', 'False'],
  ])('lets Succeeded go from %s to %s', async (before, after) => {
    const object = await withStatus({ conditions: [condition('Succeeded', before, 'Copying')] });
    expect(await patch(object, { status: finished(after) }, '/status')).toMatchObject({ code: 200 });
  });

  it.each([
    ['True', 'False'],
    ['True', 'Unknown'],
    ['False', 'True'],
    ['False', 'Unknown'],
  ])('refuses Succeeded going from %s to %s', async (before, after) => {
    const object = await withStatus(finished(before));
    const answer = await patch(
      object,
      { status: { conditions: [condition('Succeeded', after, 'Copying')] } },
      '/status',
    );
    expect(answer.code).toBe(422);
    expect(answer.message).toContain(
      'a finished LunResync may not be reopened, nor change between success and failure',
    );
  });

  it.each([
    ['the condition alone', { conditions: [condition('Ready', 'True', 'Completed')] }],
    ['all conditions', { conditions: null }],
    ['an empty list of conditions', { conditions: [] }],
    ['the whole status', null],
  ])('refuses to take Succeeded away with %s', async (_, status) => {
    const object = await withStatus({ conditions: [condition('Succeeded', 'True', 'Completed')] });
    const answer = await patch(object, { status }, '/status');
    expect(answer.code).toBe(422);
    expect(answer.message).toContain(
      'a finished LunResync may not be reopened, nor change between success and failure',
    );
  });

  it.each(['2026-11-24T10:00:01Z', null])('refuses completionTime becoming %s', async (completionTime) => {
    const answer = await patch(await withStatus(finished('True')), { status: { completionTime } }, '/status');
    expect(answer.code).toBe(422);
    expect(answer.message).toContain('`completionTime` is immutable once set');
  });

  it('accepts another reason, message and further fields of a finished object', async () => {
    const object = await withStatus(finished('True'));
    const change = {
      observedGeneration: 2,
      safetySnapshotsDeleted: true,
      conditions: [
        condition('Succeeded', 'True', 'Completed', 'better words'),
        condition('UndoAvailable', 'False', 'Expired'),
      ],
    };
    expect(await patch(object, { status: change }, '/status')).toMatchObject({ code: 200 });
  });

  it('keeps every field that the safety protocol needs', async () => {
    const status = {
      observedGeneration: 1,
      startTime: '2026-11-24T10:00:00Z',
      arrayName: 'array-a',
      arrayID: 'a-1',
      hresult: { name: 'VSS_S_ASYNC_PENDING', code: '0x00042309' },
      attempt: 2,
      operationID: 'b7c1.2',
      operationKind: 'RollBack',
      failures: 1,
      rollBackFailures: 0,
      retryTime: '2026-11-24T10:00:00Z',
      waitingSince: '2026-11-24T10:00:00Z',
      pausedSince: '2026-11-24T10:00:00Z',
      pausedSeconds: 7,
      ending: { reason: 'DeadlineExceeded', message: 'too late', hresult: 'VSS_E_UNEXPECTED' },
      safetySnapshotsDeleted: false,
      progress: { percent: 42, copiedBytes: 1, totalBytes: 9007199254740991, bytesPerSecond: 3, display: '42%' },
      pairsSummary: '0/1',
      dataState: 'Overwriting',
      pairs: [
        {
          name: 'orders',
          source: { lunID: 'lun-1', identifier: 'naa.1', sizeBytes: 1 },
          target: {
            lunID: 'lun-2',
            identifier: 'naa.2',
            sizeBytes: 1,
            finalSizeBytes: 2,
            generation: 9007199254740991,
          },
          state: 'RollingBack',
          dataState: 'Overwriting',
          copiedBytes: 1,
          totalBytes: 2,
          safetySnapshotID: 'lun-3',
          reason: 'Copying',
          message: 'half',
        },
      ],
      users: [{ pair: 'orders', kind: 'Pod', name: 'orders-0' }],
      plan: [{ pair: 'orders', action: 'would copy 1 byte', severity: 'Info' }],
    };
    const answer = await patch(await created(), { status }, '/status');
    expect(answer.message).toBe('');
    expect(answer.body['status']).toEqual(status);
  });
});
