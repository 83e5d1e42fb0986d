// Operators that die in the middle of a copy: the array goes on, and nobody has it copy twice.
import { afterAll, describe, expect, inject, it } from 'vitest';
import { until } from '../../support/until.ts';
import { isExpected } from '../support/engine.ts';
import { installOperator, leader, OPERATOR_NAMESPACE, operatorPods } from '../support/installation.ts';
import { expectOneCopy, untilFurther } from '../support/one-copy.ts';
import { type Runs, useRuns } from '../support/runs.ts';

/** Node's debugger is asked for by a signal, and ends the process at once: nothing is said to anybody before. */
const CRASH = `
  process.kill(1, 'SIGUSR1');
  let target;
  while (target === undefined) {
    target = await fetch('http://127.0.0.1:9229/json').then(async (answer) => (await answer.json())[0], () => undefined);
  }
  const debug = new WebSocket(target.webSocketDebuggerUrl);
  debug.onopen = () => {
    debug.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: 'process.reallyExit(9)' } }));
    // Its end waits for this.
    debug.close();
  };`;

describe.skipIf(!isExpected('cluster'))('a copy', () => {
  const runs = useRuns();

  it('goes on when the operator crashes, and its next process sees it to its end: the array starts it once', async () => {
    const { cluster, array, startHeld } = runs();
    const copiedBefore = await array.copiedBytes();
    const run = await startHeld('operator-crashes');
    const [before, [pod = '']] = await Promise.all([leader(cluster), operatorPods(cluster)]);
    const node = ['node', '--input-type=module', '--eval', CRASH];
    // The exec ends with what it ran in.
    await cluster.kubectl('exec', '--namespace', OPERATOR_NAMESPACE, pod, '--', ...node).catch(() => '');
    const status = '{.status.containerStatuses[0].lastState.terminated.exitCode}';
    const inNamespace = ['--namespace', OPERATOR_NAMESPACE];
    await cluster.kubectl('wait', ...inNamespace, pod, `--for=jsonpath=${status}=9`, '--timeout=60s');
    await untilOtherLeader(runs(), before);
    await untilFurther(runs(), run);
    await array.letCopiesRun();
    await expectOneCopy(runs(), run, copiedBefore);
  });

  describe('with two operators', () => {
    afterAll(() => installOperator(runs().cluster, inject('e2e').operatorImage));

    it('is taken over by another one when the Pod of the leader is deleted, and is not started again', async () => {
      const { cluster, array, startHeld } = runs();
      await installOperator(cluster, inject('e2e').operatorImage, { replicaCount: 2 });
      const copiedBefore = await array.copiedBytes();
      const run = await startHeld('leader-is-deleted');
      const before = await leader(cluster);
      const [leading = ''] = before.split('_');
      expect(await operatorPods(cluster)).toContain(`pod/${leading}`);
      await cluster.kubectl('delete', `pod/${leading}`, '-n', OPERATOR_NAMESPACE, '--grace-period=0', '--force');
      expect(await untilOtherLeader(runs(), before)).not.toContain(leading);
      await untilFurther(runs(), run);
      await array.letCopiesRun();
      await expectOneCopy(runs(), run, copiedBefore);
    });
  });
});

async function untilOtherLeader({ cluster }: Runs, before: string): Promise<string> {
  let now = '';
  await until(
    () => `another leader than ${before}; it is ${now}`,
    async () => {
      now = await leader(cluster);
      return now !== '' && now !== before;
    },
  );
  return now;
}
