// Two operators at work at once, without a lease, or because one was stopped for longer than its lease and does not know.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { sendOk } from '../../../support/api-client.ts';
import { type OperatorProcess, startOperator } from '../../../support/operator.ts';
import { lunPair, reasonOf } from '../../../support/scene.ts';
import { until } from '../../../support/until.ts';
import { answered, answerLate, statusWrite } from './support/api-faults.ts';
import {
  applyPair,
  expectOneOperation,
  makePair,
  type Pair,
  type ProxiedScene,
  QUICK,
  startedOf,
  startProxiedScene,
} from './support/proxied-scene.ts';

/** Starts a second operator of the scene, with the same flags and then these. */
function startSecond({ proxy, namespace }: ProxiedScene, flags: readonly string[] = []): Promise<OperatorProcess> {
  return startOperator({ kubeconfigPath: proxy.kubeconfigPath, namespace, flags: [...QUICK, ...flags] });
}

describe('two operators without a lease', () => {
  let scene: ProxiedScene;
  let second: OperatorProcess;

  beforeAll(async () => {
    scene = await startProxiedScene(inject('cluster'));
    second = await startSecond(scene);
  });

  afterAll(async () => {
    await second[Symbol.asyncDispose]();
    await scene[Symbol.asyncDispose]();
  });

  it('do each of twenty runs once, against conflicts and a third who writes all the time', async () => {
    const pairs: Pair[] = [];
    for (let index = 0; index < 20; index++) pairs.push(await makePair(scene, `many-${index}`));
    const path = `/apis/lunresync.io/v1alpha1/namespaces/${scene.namespace}/lunresyncs`;
    let patches = 0;
    const conflicts = scene.proxy.spoil(
      (request) => request.method === 'PATCH' && request.path.includes('/many-') && ++patches % 4 === 0,
      answered(409),
      { times: Number.POSITIVE_INFINITY },
    );
    const stop = new AbortController();
    await Promise.all(pairs.map(({ name }) => applyPair(scene, name)));
    const touching = touch(
      pairs.map(({ name }) => `${path}/${name}`),
      scene,
      stop.signal,
    );
    await Promise.all(pairs.map((pair) => expectOneOperation(scene, pair, 90_000)));
    stop.abort();
    expect(await touching).toBeGreaterThan(20);
    expect(conflicts.requests.length).toBeGreaterThan(10);
    for (const operator of [scene.operator, second]) expect(actionsOf(operator)).toContain('Start');
  });

  it('do no harm when one of them goes on, much later, from where it had recorded an intent', async () => {
    const pair = await makePair(scene, 'late');
    const other = await makePair(scene, 'other');
    await second.stop();
    const woken = Promise.withResolvers<void>();
    const late = scene.proxy.spoil(statusWrite('late', 'operationID'), answerLate(woken.promise));
    await applyPair(scene, 'late');
    await scene.until('late', 'the intent is on record', ({ status }) => status.operationID !== undefined);
    process.kill(scene.operator.pid, 'SIGSTOP');
    await second.start();
    await expectOneOperation(scene, pair);
    await scene.apply('other', { pairs: [lunPair('data', 'other-src', 'late-dst')] });
    expect(reasonOf(await scene.finished('other'))).toBe('Completed');
    process.kill(scene.operator.pid, 'SIGCONT');
    woken.resolve();
    expect(late.requests).toHaveLength(1);
    // A run of its own shows that the operator which slept works, and that nothing of what it held back is left.
    await second.stop();
    await expectOneOperation(scene, await applied('after'));
    expect(await scene.digest('late-dst')).toBe(other.source);
    expect(startedOf(scene, 'late')).toHaveLength(1);
    expect(reasonOf(await scene.finished('late'))).toBe('Completed');
  });

  async function applied(name: string): Promise<Pair> {
    const pair = await makePair(scene, name);
    await applyPair(scene, name);
    return pair;
  }
});

describe('an operator that is stopped for longer than its lease', () => {
  it('finds another one at work, does no harm and ends', async () => {
    await using scene = await startProxiedScene(inject('cluster'), { operatorFlags: ['--leader-elect'] });
    const pair = await makePair(scene, 'stopped');
    const other = await makePair(scene, 'other');
    const lease = `/apis/coordination.k8s.io/v1/namespaces/${scene.namespace}/leases/lunresync`;
    const holder = async (): Promise<unknown> =>
      (
        (await sendOk(scene.cluster.admin, 'GET', lease).catch(() => ({ spec: {} })))['spec'] as Record<string, unknown>
      )['holderIdentity'];
    await until(
      () => 'the first to lead',
      async () => (await holder()) === identityOf(scene.operator),
      20_000,
    );
    await using second = await startSecond(scene, ['--leader-elect']);
    const woken = Promise.withResolvers<void>();
    scene.proxy.spoil(statusWrite('stopped', 'operationID'), answerLate(woken.promise));
    await applyPair(scene, 'stopped');
    await scene.until('stopped', 'the intent is on record', ({ status }) => status.operationID !== undefined);
    process.kill(scene.operator.pid, 'SIGSTOP');
    await until(
      () => 'the second to lead',
      async () => (await holder()) === identityOf(second),
      60_000,
    );
    await expectOneOperation(scene, pair);
    await scene.apply('other', { pairs: [lunPair('data', 'other-src', 'stopped-dst')] });
    expect(reasonOf(await scene.finished('other'))).toBe('Completed');
    process.kill(scene.operator.pid, 'SIGCONT');
    woken.resolve();
    const hasEnded = (): boolean =>
      scene.operator.log.some(({ err }) => JSON.stringify(err ?? '').includes('LeadershipLost'));
    await until(() => 'the first to stand down', hasEnded, 30_000);
    expect(await scene.operator.stop()).toBe(1);
    expect(await scene.digest('stopped-dst')).toBe(other.source);
    expect(startedOf(scene, 'stopped')).toHaveLength(1);
    expect(await holder()).toBe(identityOf(second));
  });
});

function identityOf({ log }: OperatorProcess): unknown {
  return log.find(({ msg }) => msg === 'operator started')?.['identity'];
}

function actionsOf({ log }: OperatorProcess): readonly unknown[] {
  return log.filter(({ msg }) => msg === 'called the array').map((line) => line['action']);
}

/** Changes an annotation of one object after the other, without a pause to speak of; gives how often. */
async function touch(paths: readonly string[], { cluster }: ProxiedScene, signal: AbortSignal): Promise<number> {
  let count = 0;
  for (; !signal.aborted; count++) {
    const metadata = { annotations: { touched: String(count) } };
    await sendOk(cluster.admin, 'PATCH', paths[count % paths.length] ?? '', { metadata });
    await delay(5);
  }
  return count;
}
