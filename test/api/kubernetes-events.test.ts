import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { EventRecorder } from '../../src/kubernetes/events.ts';
import type { StoredObject } from '../../src/kubernetes/stored-object.ts';
import { eventually, Fixture } from './kubernetes-fixture.ts';

const fixture = new Fixture();
afterAll(() => fixture[Symbol.asyncDispose]());

type Stored = StoredObject & {
  readonly note: string;
  readonly reason: string;
  readonly eventTime: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly series?: { readonly count: number };
};

function recorderWith(losses: unknown[]): EventRecorder {
  return new EventRecorder({
    server: fixture.server,
    reportingController: 'lunresync.io/lunresync-controller',
    reportingInstance: 'pod-1',
    onLoss: (...loss) => losses.push(loss),
  });
}

async function eventsIn(namespace: string): Promise<Stored[]> {
  const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
  return ((await fixture.raw({ verb: 'list', resource: 'events', path })) as { items: Stored[] }).items;
}

function subjectOf(object: StoredObject): {
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
  uid: string;
} {
  const { namespace = '', name, uid } = object.metadata;
  return { apiVersion: 'lunresync.io/v1alpha1', kind: 'LunResync', namespace, name, uid };
}

describe('EventRecorder on a real API server', () => {
  it('writes Events that the API server accepts and kubectl describe shows, repeats as a series', async () => {
    const namespace = await fixture.namespace();
    const regarding = subjectOf(await fixture.createLunResync(namespace, 'story'));
    const losses: unknown[] = [];
    const recorder = recorderWith(losses);
    const failed = {
      regarding,
      type: 'Warning',
      reason: 'ResyncFailed',
      action: 'Resync',
      note: '🗄'.repeat(900),
    } as const;
    recorder.record({ ...failed, type: 'Normal', reason: 'ResyncStarted', note: 'Attempt 1 was accepted by array-a.' });
    recorder.record(failed);
    await eventually(async () => (await eventsIn(namespace)).length === 2);
    for (let count = 0; count < 4; count += 1) recorder.record(failed);
    await recorder.flush(10_000);
    const stored = await eventsIn(namespace);
    const repeated = stored.find(({ reason }) => reason === 'ResyncFailed');
    expect(losses).toEqual([]);
    expect(stored).toHaveLength(2);
    expect(repeated).toMatchObject({ series: { count: 5 }, reportingController: 'lunresync.io/lunresync-controller' });
    const { kubectlPath, kubeconfigPath } = inject('cluster');
    const args = ['--kubeconfig', kubeconfigPath, 'describe', 'lunresync', '-n', namespace, 'story'];
    const { stdout } = await promisify(execFile)(kubectlPath, args);
    expect(stdout).toMatch(/Normal +ResyncStarted .* Attempt 1 was accepted by array-a\./);
    expect(stdout).toMatch(/Warning +ResyncFailed .*x5/);
  });

  it('writes an Event about a cluster-scoped object into the namespace default', async () => {
    const subject = {
      apiVersion: 'lunresync.io/v1alpha1',
      kind: 'StorageArray',
      name: 'array-a',
      uid: `uid-${Date.now()}`,
    };
    const losses: unknown[] = [];
    const recorder = recorderWith(losses);
    recorder.record({
      regarding: subject,
      type: 'Warning',
      reason: 'ArrayUnreachable',
      action: 'Probe',
      note: 'No answer.',
    });
    await recorder.flush(10_000);
    expect(losses).toEqual([]);
    expect((await eventsIn('default')).map(({ note }) => note)).toContain('No answer.');
  });

  it('drops Events of a namespace that is being deleted without an error', async () => {
    const namespace = await fixture.namespace();
    const regarding = subjectOf(await fixture.createLunResync(namespace, 'dying'));
    const stored = await fixture.namespaces.get({ name: namespace });
    if (stored === undefined) throw new Error('the namespace is gone');
    await fixture.namespaces.delete({ name: namespace }, stored.metadata);
    const losses: unknown[] = [];
    const recorder = recorderWith(losses);
    recorder.record({
      regarding,
      type: 'Normal',
      reason: 'ResyncCancelled',
      action: 'Resync',
      note: 'It was deleted.',
    });
    await recorder.flush(10_000);
    expect(losses).toEqual([['Terminating', undefined]]);
  });
});
