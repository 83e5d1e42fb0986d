// An operator that was stopped for longer than its lease, and does not know that another one took over.
import { describe, expect, inject, it } from 'vitest';
import { sendOk } from '../../../support/api-client.ts';
import type { OperatorProcess } from '../../../support/operator.ts';
import { lunPair, reasonOf } from '../../../support/scene.ts';
import { until } from '../../../support/until.ts';
import { answerLate, statusWrite } from './support/api-faults.ts';
import {
  applyPair,
  expectOneOperation,
  makePair,
  startedOf,
  startProxiedScene,
  startSecond,
} from './support/proxied-scene.ts';

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
    );
    await expectOneOperation(scene, pair);
    await scene.apply('other', { pairs: [lunPair('data', 'other-src', 'stopped-dst')] });
    expect(reasonOf(await scene.finished('other'))).toBe('Completed');
    process.kill(scene.operator.pid, 'SIGCONT');
    woken.resolve();
    const hasEnded = (): boolean =>
      scene.operator.log.some(({ err }) => JSON.stringify(err ?? '').includes('LeadershipLost'));
    await until(() => 'the first to stand down', hasEnded);
    expect(await scene.operator.ended()).toBe(1);
    expect(await scene.digest('stopped-dst')).toBe(other.source);
    expect(startedOf(scene, 'stopped')).toHaveLength(1);
    expect(await holder()).toBe(identityOf(second));
  });
});

function identityOf({ log }: OperatorProcess): unknown {
  return log.find(({ msg }) => msg === 'operator started')?.['identity'];
}
