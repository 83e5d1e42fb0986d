// Two operators at work at once, without a lease.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { sendOk } from '../../../support/api-client.ts';
import type { OperatorProcess } from '../../../support/operator.ts';
import { lunPair, reasonOf } from '../../../support/scene.ts';
import { sharedScene } from '../../../support/shared-scene.ts';
import { until } from '../../../support/until.ts';
import { answered, answerLate, statusWrite } from './support/api-faults.ts';
import type { Fault } from './support/api-proxy.ts';
import {
  applyPair,
  expectOneOperation,
  makePair,
  type Pair,
  type ProxiedScene,
  startedOf,
  startProxiedScene,
  startSecond,
} from './support/proxied-scene.ts';

describe('two operators without a lease', () => {
  const scene = sharedScene(() => startProxiedScene(inject('cluster')));
  let second: OperatorProcess;

  beforeAll(async () => {
    second = await startSecond(scene);
  });

  afterAll(async () => {
    await second[Symbol.asyncDispose]();
  });

  it('do each of twenty runs once, against conflicts and a third who writes just before them', async () => {
    const pairs: Pair[] = [];
    for (let index = 0; index < 20; index++) pairs.push(await makePair(scene, `many-${index}`));
    const spoilt = { refused: 0, lostToThird: 0 };
    scene.proxy.spoil(
      ({ method, path }) => method === 'PATCH' && path.includes('/lunresyncs/many-'),
      alternating(scene, spoilt),
      { times: Number.POSITIVE_INFINITY },
    );
    const [early, later] = [pairs.slice(0, 10), pairs.slice(10)];
    // One sleeps until the other has begun something, and that one until the first has: then both are at work.
    process.kill(second.pid, 'SIGSTOP');
    await Promise.all(early.map(({ name }) => applyPair(scene, name)));
    await until(
      () => 'a run that the first begins',
      () => actionsOf(scene.operator).includes('Start'),
    );
    process.kill(scene.operator.pid, 'SIGSTOP');
    process.kill(second.pid, 'SIGCONT');
    await Promise.all(later.map(({ name }) => applyPair(scene, name)));
    await until(
      () => 'a run that the second begins',
      () => actionsOf(second).includes('Start'),
    );
    process.kill(scene.operator.pid, 'SIGCONT');
    await Promise.all(pairs.map((pair) => expectOneOperation(scene, pair)));
    expect(spoilt.refused).toBeGreaterThan(10);
    expect(spoilt.lostToThird).toBeGreaterThan(10);
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

function actionsOf({ log }: OperatorProcess): readonly unknown[] {
  return log.filter(({ msg }) => msg === 'called the array').map((line) => line['action']);
}

/**
 * Of four writes one is answered with a conflict, and before another one a third writes to the object, so that the API
 * server itself refuses it.
 */
function alternating({ cluster }: ProxiedScene, spoilt: { refused: number; lostToThird: number }): Fault {
  let count = 0;
  return async (exchange) => {
    count += 1;
    if (count % 4 === 0) {
      spoilt.refused += 1;
      return answered(409)(exchange);
    }
    if (count % 4 === 2) {
      spoilt.lostToThird += 1;
      const metadata = { annotations: { touched: String(count) } };
      await sendOk(cluster.admin, 'PATCH', exchange.request.path.replace(/\/status$/, ''), { metadata });
    }
    return exchange.pass();
  };
}
