// helm upgrade and helm rollback in the middle of a copy. No version has been released yet: both builds are of these sources
// and tell themselves apart by the revision that they were built with.
import { describe, expect, inject, it } from 'vitest';
import { isExpected } from '../support/engine.ts';
import {
  installOperator,
  metrics,
  OPERATOR_NAMESPACE,
  operatorValues,
  type Revision,
} from '../support/installation.ts';
import { expectOneCopy, untilFurther } from '../support/one-copy.ts';
import { useRuns } from '../support/runs.ts';

describe.skipIf(!isExpected('cluster'))('a copy', () => {
  const runs = useRuns();

  it('goes on over helm upgrade to another build (of these sources with another revision), and is not started again', async () => {
    const { cluster, array, startHeld } = runs();
    const copiedBefore = await array.copiedBytes();
    const run = await startHeld('upgrade');
    await installOperator(cluster, inject('e2e').operatorImage, operatorValues(inject('e2e').operatorImage, 'second'));
    expect(await revision()).toBe('second');
    await untilFurther(runs(), run);
    await array.letCopiesRun();
    await expectOneCopy(runs(), run, copiedBefore);
  });

  it('goes on over helm rollback to the build before, and is not started again', async () => {
    const { cluster, array, startHeld } = runs();
    expect(await revision()).toBe('second');
    const copiedBefore = await array.copiedBytes();
    const run = await startHeld('rollback');
    await cluster.helm('rollback', 'lunresync', '--namespace', OPERATOR_NAMESPACE, '--wait', '--timeout', '5m');
    expect(await revision()).toBe('first');
    await untilFurther(runs(), run);
    await array.letCopiesRun();
    await expectOneCopy(runs(), run, copiedBefore);
  });

  /** Which build serves metrics. */
  async function revision(): Promise<Revision | undefined> {
    const found = /^lunresync_build_info\{.*revision="(\w+)"/m.exec(await metrics(runs().cluster));
    return found?.[1] as Revision | undefined;
  }
});
