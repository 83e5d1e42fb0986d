// Who reaches whom: metrics by the name of their Service, and the chart's NetworkPolicy as it is enforced.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Cluster } from '../support/cluster.ts';
import { isExpected } from '../support/engine.ts';
import { installOperator, namespace, OPERATOR_NAMESPACE } from '../support/installation.ts';
import { podOf, runPod } from '../support/pods.ts';
import { reasonOf, useRuns } from '../support/runs.ts';
import { ARRAY_NAMESPACE } from '../support/simulated-array.ts';

const METRICS = `http://lunresync-metrics.${OPERATOR_NAMESPACE}.svc:8080/metrics`;

describe.skipIf(!isExpected('cluster'))('the operator', () => {
  const runs = useRuns();

  it('shows how runs ended to a Pod that asks the Service of its metrics by name', async () => {
    const { cluster, start, ended } = runs();
    await ended(await start('counted'));
    const shown = await runPod(cluster, scraper('scraper', 'runs'));
    expect(shown).toMatch(/^lunresync_operations_finished_total\{.*reason="Completed".*\} [1-9]/m);
    expect(shown).toMatch(/^lunresync_array_up\{array="array-a"\} 1$/m);
  });

  it('passes helm test', async () => {
    const tested = await runs().cluster.helm('test', 'lunresync', '--namespace', OPERATOR_NAMESPACE, '--timeout', '3m');
    expect(tested).toMatch(/Phase:\s+Succeeded/);
  });

  describe.skipIf(!isExpected('policies'))('with the NetworkPolicy of its chart', () => {
    beforeAll(async () => {
      const { cluster } = runs();
      await cluster.apply(namespace('monitoring', 'restricted'), namespace('fenced', 'restricted'));
      if (await enforcesPolicies(cluster)) return;
      const remedy = 'say LUNRESYNC_E2E_EXPECT=engine,cluster if it is not expected to';
      throw new Error(`This cluster does not enforce NetworkPolicies: ${remedy}.`);
    });
    afterAll(() => installOperator(runs().cluster, inject('e2e').operatorImage));

    it('shows its metrics to the namespace that it was told of and to no other, and still reaches array and API', async () => {
      const { cluster, start, ended } = runs();
      await installWithPolicy(cluster, await arrayNetworks(cluster));
      expect(await runPod(cluster, scraper('allowed', 'monitoring'))).toContain('lunresync_build_info');
      expect(await runPod(cluster, scraper('refused', 'runs'))).toBe('no answer');
      expect(reasonOf(await ended(await start('fenced-in')))).toBe('Completed');
    });

    it('does not reach an array that is not listed, and says so', async () => {
      const { cluster, start, until } = runs();
      await installWithPolicy(cluster, []);
      // Connections that were there before the policy may stay.
      await cluster.kubectl('rollout', 'restart', 'deployment/lunresync', '-n', OPERATOR_NAMESPACE);
      await cluster.kubectl('rollout', 'status', 'deployment/lunresync', '-n', OPERATOR_NAMESPACE, '--timeout=120s');
      const run = await start('fenced-off');
      await until(run, 'the word that the array gives no answer', (it) => reasonOf(it) === 'ArrayUnreachable');
    });
  });

  const installWithPolicy = (cluster: Cluster, arrays: object[]): Promise<void> =>
    installOperator(cluster, inject('e2e').operatorImage, {
      networkPolicy: {
        enabled: true,
        metricsFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
        arrays,
      },
    });
});

/** Asks until there is an answer, which is printed: the name may be new. */
function scraper(name: string, where: string): Parameters<typeof runPod>[1] {
  const script = `
    const deadline = Date.now() + 10_000;
    let shown = 'no answer';
    while (shown === 'no answer' && Date.now() < deadline) {
      shown = await fetch('${METRICS}', { signal: AbortSignal.timeout(3000) }).then((answer) => answer.text(), () => shown);
    }
    console.log(shown);`;
  return { name, namespace: where, image: inject('e2e').podImage, script };
}

/** The array by its Service and by its Pod: which of the two a policy sees depends on who enforces it. */
async function arrayNetworks({ kubectl }: Cluster): Promise<object[]> {
  const inArray = ['-n', ARRAY_NAMESPACE];
  const service = await kubectl('get', 'service/lunresync-simulator', ...inArray, '-o=jsonpath={.spec.clusterIP}');
  const pod = await kubectl('get', 'pod/lunresync-simulator-0', ...inArray, '-o=jsonpath={.status.podIP}');
  return [service, pod].map((address) => ({ cidr: `${address}/32`, ports: [50051] }));
}

/** Whether a policy that lets nobody in keeps a Pod from another, within ten seconds. */
async function enforcesPolicies(cluster: Cluster): Promise<boolean> {
  const { podImage: image } = inject('e2e');
  const serve = "import http from 'node:http'; http.createServer((_, answer) => answer.end('in')).listen(8080)";
  const policy = { podSelector: {}, policyTypes: ['Ingress'] };
  await cluster.apply(
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'nobody', namespace: 'fenced' },
      spec: policy,
    },
    podOf({ name: 'server', namespace: 'fenced', image, script: serve }),
  );
  await cluster.kubectl('wait', 'pod/server', '--namespace=fenced', '--for=condition=Ready', '--timeout=120s');
  const address = await cluster.kubectl('get', 'pod/server', '--namespace=fenced', '-o=jsonpath={.status.podIP}');
  const script = `
    const deadline = Date.now() + 10_000;
    let isIn = true;
    while (isIn && Date.now() < deadline) {
      isIn = await fetch('http://${address}:8080', { signal: AbortSignal.timeout(1000) }).then(() => true, () => false);
    }
    console.log(isIn);`;
  const isIn = await runPod(cluster, { name: 'client', namespace: 'runs', image, script });
  await cluster.kubectl('delete', 'namespace/fenced', '--wait=false');
  return isIn === 'false';
}
