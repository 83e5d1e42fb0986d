// Two operators at work at once, without a lease.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { resyncPath } from '../../../api/acceptance.ts';
import { sendOk } from '../../../support/api-client.ts';
import type { OperatorProcess } from '../../../support/operator.ts';
import { lunPair, reasonOf } from '../../../support/scene.ts';
import { sharedScene } from '../support/shared-scene.ts';
import { answered, answerLate, statusWrite } from './support/api-faults.ts';
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

  it('do each of twenty runs once, against conflicts and a third who writes all the time', async () => {
    const pairs: Pair[] = [];
    for (let index = 0; index < 20; index++) pairs.push(await makePair(scene, `many-${index}`));
    let patches = 0;
    const conflicts = scene.proxy.spoil(
      (request) => request.method === 'PATCH' && request.path.includes('/many-') && ++patches % 4 === 0,
      answered(409),
      { times: Number.POSITIVE_INFINITY },
    );
    const stop = new AbortController();
    await Promise.all(pairs.map(({ name }) => applyPair(scene, name)));
    const touching = touch(
      pairs.map(({ name }) => resyncPath(scene, name)),
      scene,
      stop.signal,
    );
    await Promise.all(pairs.map((pair) => expectOneOperation(scene, pair)));
    stop.abort();
    expect(await touching).toBeGreaterThan(5);
    expect(conflicts.requests.length).toBeGreaterThan(10);
    // Which of the two begins how many is the machine's to say.
    expect([scene.operator, second].flatMap(actionsOf)).toContain('Start');
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
