// The chart: what it renders, what it refuses.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/daemon/config.ts';
import { BUILD_MS, CHART, helm, named, only, type Rendered, render, renderText } from './helm.ts';
import { ciValues, EVERYTHING, NAMESPACED } from './values.ts';

type Container = {
  readonly image: string;
  readonly args: readonly string[];
  readonly securityContext: object;
  readonly resources: object;
};
type PodSpec = {
  readonly containers: readonly Container[];
  readonly securityContext: object;
  readonly [field: string]: unknown;
};

function podOf(deployment: Rendered): PodSpec {
  return (deployment['spec'] as { template: { spec: PodSpec } }).template.spec;
}

function operatorOf(objects: readonly Rendered[]): Container {
  const [operator] = podOf(only(objects, 'Deployment')).containers;
  if (operator === undefined) throw new Error('the Deployment has no container');
  return operator;
}

let byDefault: readonly Rendered[];
let everything: readonly Rendered[];
let namespaced: readonly Rendered[];

beforeAll(async () => {
  byDefault = await render();
  [everything, namespaced] = await Promise.all([render(EVERYTHING), render(NAMESPACED)]);
}, BUILD_MS);

describe('the chart', () => {
  it.each([...ciValues(CHART)])(
    'passes helm lint --strict, also its remarks, with ci/%s-values.yaml',
    async (_, values) => {
      const { code, output } = await helm(['lint', CHART, '--strict'], values);
      expect(output).not.toMatch(/\[(INFO|WARNING|ERROR)\]/);
      expect(output).toContain('0 chart(s) failed');
      expect(code).toBe(0);
    },
  );

  it('renders the same bytes each time', async () => {
    expect(await renderText(EVERYTHING)).toBe(await renderText(EVERYTHING));
  });

  it('asks in no template for the cluster, the time or chance', () => {
    const templates = globSync(join(CHART, 'templates', '**', '*.{yaml,tpl,txt}'));
    const calls = /\{\{[^}]*\b(lookup|now|date|rand\w+|gen\w+|uuidv4|htpasswd|getHostByName)\b/;
    expect(templates.length).toBeGreaterThan(12);
    expect(templates.filter((file) => calls.test(readFileSync(file, 'utf8')))).toEqual([]);
  });

  it('says after the installation what runs and what to do next', async () => {
    const { output } = await helm(['install', 'lunresync', CHART, '--dry-run=client'], NAMESPACED);
    expect(output).toContain('runs in namespace storage-system, for the LunResyncs of namespace shop.');
    expect(output).toContain('(now: array-a-client)');
    expect(output).toContain('leaves the CustomResourceDefinitions');
  });

  it.each([
    ['replicaCounts', { replicaCounts: 2 }],
    ['loglevel', { operator: { loglevel: 'debug' } }],
    ['keeps', { crds: { keeps: true } }],
  ])('refuses a value that it does not have, and names it: %s', async (name, values) => {
    const { code, output } = await helm(['template', 'lunresync', CHART], values);
    expect(code).not.toBe(0);
    expect(output).toContain(`'${name}'`);
  });

  it.each([
    ['/operator/workers', { operator: { workers: 65 } }],
    ['/operator/progressInterval', { operator: { progressInterval: '10' } }],
    ['/watchNamespace', { watchNamespace: 'Shop' }],
    ['/networkPolicy/arrays/0', { networkPolicy: { arrays: [{ cidr: '10.0.0.0/8' }] } }],
  ])('refuses a value that is out of bounds, and says where: %s', async (where, values) => {
    const { code, output } = await helm(['template', 'lunresync', CHART], values);
    expect(code).not.toBe(0);
    expect(output).toContain(where);
  });

  it('is refused by a Kubernetes that is too old', async () => {
    await expect(renderText({}, '1.28.9')).rejects.toThrow('>=1.29.0');
  });
});

describe('the objects', () => {
  it('are these by default', () => {
    expect(named(byDefault)).toEqual([
      'ClusterRole lunresync-cluster',
      'ClusterRole lunresync-editor',
      'ClusterRole lunresync-runs',
      'ClusterRole lunresync-viewer',
      'ClusterRoleBinding lunresync-cluster',
      'ClusterRoleBinding lunresync-runs',
      'CustomResourceDefinition lunresyncs.lunresync.io',
      'CustomResourceDefinition storagearrays.lunresync.io',
      'Deployment lunresync',
      'Pod lunresync-test',
      'Role lunresync',
      'RoleBinding lunresync',
      'Service lunresync-metrics',
      'ServiceAccount lunresync',
    ]);
  });

  it('are these besides when everything is on', () => {
    const more = named(everything).filter((name) => !named(byDefault).includes(name));
    expect(more).toEqual([
      'ConfigMap lunresync-dashboard',
      'ConfigMap lunresync-more',
      'ConfigMap text',
      'NetworkPolicy lunresync',
      'PodDisruptionBudget lunresync',
      'PrometheusRule lunresync',
      'ServiceMonitor lunresync',
    ]);
  });

  it('all have the labels by which they are found, and the common ones', () => {
    for (const { kind, metadata } of everything.filter(({ metadata: { name } }) => !/-more$|^text$/.test(name))) {
      expect(metadata.labels, `${kind} ${metadata.name}`).toMatchObject({
        'app.kubernetes.io/name': 'lunresync',
        'app.kubernetes.io/instance': 'lunresync',
        'app.kubernetes.io/managed-by': 'Helm',
        'app.kubernetes.io/part-of': 'lunresync',
        team: 'storage',
      });
      expect(metadata.annotations).toMatchObject({ 'example.com/owner': 'storage' });
    }
  });

  it('keep the CustomResourceDefinitions at an uninstall, unless told otherwise', async () => {
    const policy = (objects: readonly Rendered[]): unknown =>
      only(objects, 'CustomResourceDefinition', 'lunresyncs.lunresync.io').metadata.annotations?.[
        'helm.sh/resource-policy'
      ];
    expect(policy(byDefault)).toBe('keep');
    expect(policy(await render({ crds: { keep: false } }))).toBeUndefined();
    const without = await render({ crds: { enabled: false } });
    expect(named(without).filter((name) => name.startsWith('CustomResourceDefinition'))).toEqual([]);
  });

  it('have no PodDisruptionBudget with one replica, which would stop drains', async () => {
    expect(named(byDefault)).not.toContain('PodDisruptionBudget lunresync');
    expect(only(everything, 'PodDisruptionBudget')['spec']).toMatchObject({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    });
  });

  it('find no Pod of helm test by the selectors of the operator', () => {
    const selector = (only(byDefault, 'Service')['spec'] as { selector: object }).selector;
    expect(only(byDefault, 'Pod').metadata.labels).not.toMatchObject(selector);
    expect(only(byDefault, 'Pod').metadata.annotations?.['helm.sh/hook']).toBe('test');
  });

  it('need no image but the operator’s own', () => {
    const [test] = (only(byDefault, 'Pod')['spec'] as PodSpec).containers;
    expect(test?.image).toBe(operatorOf(byDefault).image);
  });
});

describe('the operator’s Pod', () => {
  it('passes the Pod Security standard restricted, with a read-only file system', () => {
    const pod = podOf(only(byDefault, 'Deployment'));
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(operatorOf(byDefault).securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod).toMatchObject({ enableServiceLinks: false, terminationGracePeriodSeconds: 40 });
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'volumes']) expect(pod).not.toHaveProperty(field);
  });

  it('may leave the user to OpenShift', async () => {
    const objects = await render({ podSecurityContext: { runAsUser: null, runAsGroup: null } });
    expect(podOf(only(objects, 'Deployment')).securityContext).toEqual({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
  });

  it.each([
    ['by default', (): readonly Rendered[] => byDefault],
    ['with everything on', (): readonly Rendered[] => everything],
    ['for one namespace', (): readonly Rendered[] => namespaced],
  ])('starts the operator with flags that it knows: %s', (_, objects) => {
    const { args } = operatorOf(objects());
    const commandLine = parseCommandLine({ args, env: {}, version: '0' });
    expect(commandLine).toMatchObject({
      kind: 'Run',
      config: { operatorNamespace: 'storage-system', leaseName: 'lunresync', leaderElect: true },
    });
  });

  it('is told the times of the election, and of no election where one replica needs none', async () => {
    const timing = { leaseDuration: '60s', renewDeadline: '40s', retryPeriod: '5s' };
    const { args } = operatorOf(await render({ leaderElection: timing }));
    expect(parseCommandLine({ args, env: {}, version: '0' })).toMatchObject({
      config: { leaseTiming: { leaseDurationMs: 60_000, renewDeadlineMs: 40_000, retryPeriodMs: 5_000 } },
    });
    const alone = operatorOf(await render({ leaderElection: { enabled: false } }));
    expect(parseCommandLine({ args: alone.args, env: {}, version: '0' })).toMatchObject({
      config: { leaderElect: false },
    });
    await expect(render({ leaderElection: { enabled: false }, replicaCount: 2 })).rejects.toThrow(
      'replicaCount above 1 needs leaderElection.enabled',
    );
  });

  it('watches one namespace when that is asked for, and all otherwise', () => {
    expect(operatorOf(namespaced).args).toContain('--namespace=shop');
    expect(operatorOf(byDefault).args.join(' ')).not.toContain('--namespace=');
  });

  it.each([
    [{}, 'lunresync:0.1.0'],
    [{ image: { repository: 'ghcr.io/acme/lunresync', tag: '9' } }, 'ghcr.io/acme/lunresync:9'],
    [
      { image: { repository: 'ghcr.io/acme/lunresync' }, global: { imageRegistry: 'mirror:5000' } },
      'mirror:5000/acme/lunresync:0.1.0',
    ],
    [
      { image: { repository: 'acme/lunresync' }, global: { imageRegistry: 'mirror:5000' } },
      'mirror:5000/acme/lunresync:0.1.0',
    ],
    [{ image: { digest: `sha256:${'a'.repeat(64)}`, tag: '9' } }, `lunresync@sha256:${'a'.repeat(64)}`],
  ])('has the image of the values: %j', async (values, image) => {
    expect(operatorOf(await render(values)).image).toBe(image);
  });

  it('asks for memory and CPU, and is limited in memory only', () => {
    expect(operatorOf(byDefault).resources).toEqual({
      requests: { cpu: '50m', memory: '128Mi' },
      limits: { memory: '512Mi' },
    });
  });
});
