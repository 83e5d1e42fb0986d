// The operator is uninstalled: with runs left for the next installation, and for good.
import { afterAll, describe, expect, inject, it } from 'vitest';
import { until } from '../../support/until.ts';
import { isExpected } from '../support/engine.ts';
import { installOperator, OPERATOR_NAMESPACE, operatorPods } from '../support/installation.ts';
import { expectOneCopy } from '../support/one-copy.ts';
import { useRuns } from '../support/runs.ts';
import { applyArray } from '../support/simulated-array.ts';

const DEFINITIONS = ['crd/lunresyncs.lunresync.io', 'crd/storagearrays.lunresync.io'];
const IN_RELEASE = '--selector=app.kubernetes.io/instance=lunresync';

describe.skipIf(!isExpected('cluster'))('helm uninstall', () => {
  const runs = useRuns();
  const uninstall = async (): Promise<void> => {
    const { cluster } = runs();
    await cluster.helm('uninstall', 'lunresync', '--namespace', OPERATOR_NAMESPACE, '--wait', '--timeout', '3m');
    await until(
      () => 'the end of the operator',
      async () => (await operatorPods(cluster)).length === 0,
    );
  };
  const install = (): Promise<void> => installOperator(runs().cluster, inject('e2e').operatorImage);

  afterAll(async () => {
    await install();
    await applyArray(runs().cluster);
  });

  it('in the middle of a copy leaves objects and definitions, and the next installation sees the copy to its end', async () => {
    const { cluster, array, startHeld, read } = runs();
    const copiedBefore = await array.copiedBytes();
    const run = await startHeld('uninstalled');
    await uninstall();
    await cluster.kubectl('get', ...DEFINITIONS, '--output=name');
    await cluster.kubectl('get', 'storagearray/array-a', '--output=name');
    expect((await read(run)).metadata.uid).toBe(run.uid);
    await install();
    await array.letCopiesRun();
    await expectOneCopy(runs(), run, copiedBefore);
  });

  it('leaves nothing but the Lease when objects were deleted before and definitions after it, as its page says', async () => {
    const { cluster, array } = runs();
    const { kubectl } = cluster;
    await kubectl('delete', 'lunresyncs', '--all', '--all-namespaces', '--timeout=120s');
    await kubectl('delete', 'storagearrays', '--all', '--timeout=120s');
    await uninstall();
    await kubectl('delete', ...DEFINITIONS, '--timeout=60s');
    expect(await kubectl('api-resources', '--api-group=lunresync.io', '--output=name')).toBe('');
    expect(await kubectl('get', 'clusterroles,clusterrolebindings', IN_RELEASE, '--output=name')).toBe('');
    const kinds =
      'deployments,pods,services,serviceaccounts,roles,rolebindings,secrets,configmaps,leases,networkpolicies';
    const left = await kubectl('get', kinds, '-n', OPERATOR_NAMESPACE, '--output=name');
    expect(left.trim().split('\n')).toEqual([
      'serviceaccount/default',
      'configmap/kube-root-ca.crt',
      'lease.coordination.k8s.io/lunresync',
    ]);
    expect(await array.safetySnapshots()).toEqual([]);
  });
});
