// Points 5, 9, 10 and 20: the chart from its first installation to its removal.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { CHART, upgrade } from './chart.ts';
import { firstLine, printed } from './commands.ts';
import { reasonOf, runToEnd } from './copies.ts';
import { disturbed, expectOneCopy } from './disturbances.ts';
import type { Findings } from './findings.ts';
import { type Ground, RELEASE, SYSTEM, type Terminal } from './ground.ts';
import { installed } from './installed.ts';
import { nameArray } from './pods.ts';
import { openProcesses, type Plane } from './processes.ts';
import type { World } from './world.ts';

const RESTRICTED = 'pod-security.kubernetes.io/enforce=restricted';
const OLDER = 'As an older version described it.';

/** Installs the chart where Pods have to be restricted, runs its test, and misspells a value. */
export async function restrictedInstall(world: World, findings: Findings): Promise<void> {
  {
    await using plane = await world.newPlane();
    await printed(plane.kubectl(['create', 'namespace', SYSTEM]));
    await printed(plane.kubectl(['label', 'namespace', SYSTEM, RESTRICTED]));
    const misspelt = await upgrade(plane, CHART, ['--set=operator.workerz=8']);
    const objection = /^.*workerz.*$/m.exec(misspelt.stderr)?.[0].trim();
    findings.expect(misspelt.code !== 0 && objection !== undefined, `operator.workerz=8: ${objection ?? 'accepted'}`);
    await printed(upgrade(plane, CHART));
    const create = ['create', `--namespace=${SYSTEM}`, '--dry-run=server', '-f', '-'];
    const admitted = await plane.kubectl(create, JSON.stringify(await podsOf(plane)));
    const words = admitted.stdout.trim().split('\n').join(', ') || firstLine(admitted);
    findings.expect(admitted.code === 0, `PodSecurity of a restricted namespace: ${words}`);
  }
  await testPods(await installed(world), findings);
}

async function testPods({ kubectl, helm }: Ground, findings: Findings): Promise<void> {
  const level = ['get', 'namespace', SYSTEM, '--output=jsonpath={.metadata.labels}'];
  const labels = await printed(kubectl(level));
  findings.expect(
    labels.includes('"pod-security.kubernetes.io/enforce":"restricted"'),
    `namespace ${SYSTEM}: ${labels}`,
  );
  const pods = (await printed(kubectl(['get', 'pods', `--namespace=${SYSTEM}`, '--no-headers']))).trim();
  findings.expect(/ 1\/1 +Running/.test(pods), `Pods: ${pods.replaceAll(/ +/g, ' ')}`);
  const tested = await helm(['test', RELEASE, `--namespace=${SYSTEM}`, '--timeout=3m']);
  const phase = /Phase: +\w+/.exec(tested.stdout)?.[0] ?? firstLine(tested);
  findings.expect(tested.code === 0 && phase.endsWith('Succeeded'), `helm test ends with ${tested.code}: ${phase}`);
}

/** The Pods that the release's Deployment and its test would make. */
async function podsOf({ kubectl, helm }: Terminal): Promise<object> {
  const deployment = await printed(kubectl(['get', 'deployment', RELEASE, `--namespace=${SYSTEM}`, '--output=json']));
  const { spec } = JSON.parse(deployment) as { readonly spec: { readonly template: { readonly spec: object } } };
  const hooks = loadAll(await printed(helm(['get', 'hooks', RELEASE, `--namespace=${SYSTEM}`]))) as readonly object[];
  const operator = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'operator' }, spec: spec.template.spec };
  return { apiVersion: 'v1', kind: 'List', items: [operator, ...hooks.filter((hook) => 'spec' in hook)] };
}

/** `helm upgrade` from an older chart in the middle of a copy. */
export function upgradedInMidCopy(world: World, findings: Findings): Promise<void> {
  return inBothWorlds(world, findings, async (ground, older) => {
    await printed(upgrade(ground, older));
    const outcome = await disturbed(await ready(ground), 'upgraded', async () => {
      await printed(upgrade(ground, CHART));
      await ground.handOver();
    });
    findings.note(`${ground.operator}: ${await versionsOf(ground)}`);
    expectOneCopy(outcome, ground, findings);
  });
}

/** `helm rollback` to an older chart in the middle of a copy. */
export function rolledBackInMidCopy(world: World, findings: Findings): Promise<void> {
  return inBothWorlds(world, findings, async (ground, older) => {
    await printed(upgrade(ground, older));
    await printed(upgrade(ground, CHART));
    const wait = ground.releaseFlags.filter((flag) => /^--(wait|timeout)/.test(flag));
    const outcome = await disturbed(await ready(ground), 'rolled-back', async () => {
      await printed(ground.helm(['rollback', RELEASE, `--namespace=${SYSTEM}`, ...wait]));
      await ground.handOver();
    });
    findings.note(`${ground.operator}: ${await versionsOf(ground)}`);
    expectOneCopy(outcome, ground, findings);
    const path = '--output=jsonpath={.spec.versions[0].schema.openAPIV3Schema.description}';
    const isOlder = (await printed(ground.kubectl(['get', 'crd', 'lunresyncs.lunresync.io', path]))).startsWith(OLDER);
    const version = isOlder ? 'older' : 'newer';
    // Helm's policy `keep` is about deletion alone.
    findings.expect(
      isOlder,
      `${ground.operator}: the CRD of LunResync is that of the ${version} version, as all of its release`,
    );
  });
}

type Act = (ground: Ground, olderChart: string) => Promise<void>;

/** Acts among processes, then among Pods where there are any. */
async function inBothWorlds(world: World, findings: Findings, act: Act): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-chart-'));
  try {
    const older = await olderChart(folder);
    {
      await using plane = await world.newPlane();
      await printed(upgrade(plane, older));
      await using ground = await openProcesses(plane);
      await act(ground, older);
    }
    findings.leaveOut(
      'there is one released version: the older chart is a copy of this one with another version and CRD',
    );
    const pods = await world.pods();
    await act(pods, older);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The ground once the operator knows the array. */
async function ready(ground: Ground): Promise<Ground> {
  if (ground.operator === 'Pods') await nameArray(ground);
  return ground;
}

/** A copy of the chart as an older version could have been: its number, and a word in the CRD. */
async function olderChart(folder: string): Promise<string> {
  const chart = join(folder, 'lunresync');
  await cp(CHART, chart, { recursive: true });
  await edit(join(chart, 'Chart.yaml'), /^version: .*$/m, 'version: 0.0.9');
  const description = /(openAPIV3Schema:\n +type: object\n +description: >-\n +)/;
  await edit(join(chart, 'templates', 'crds', 'lunresyncs.lunresync.io.yaml'), description, `$1${OLDER} `);
  return chart;
}

async function edit(file: string, pattern: RegExp, replacement: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  if (!pattern.test(text)) throw new Error(`${file} has no ${pattern}`);
  await writeFile(file, text.replace(pattern, replacement));
}

async function versionsOf({ helm }: Terminal): Promise<string> {
  const history = JSON.parse(
    await printed(helm(['history', RELEASE, `--namespace=${SYSTEM}`, '--output=json'])),
  ) as readonly {
    readonly chart: string;
    readonly status: string;
  }[];
  return history.map(({ chart, status }) => `${chart} ${status}`).join(', ');
}

/** `helm uninstall`, which leaves what belongs to people; then the removal that the chart's page describes. */
export async function uninstalled(world: World, findings: Findings): Promise<void> {
  {
    await using plane: Plane = await world.newPlane();
    await printed(upgrade(plane, CHART));
    await using ground = await openProcesses(plane);
    await removeFrom(ground, findings);
  }
  await removeFrom(await installed(world), findings);
}

async function removeFrom(ground: Ground, findings: Findings): Promise<void> {
  const { kubectl, helm, namespace, operator } = ground;
  const ended = await runToEnd(ground, 'uninstalled');
  await printed(helm(['uninstall', RELEASE, `--namespace=${SYSTEM}`]));
  const kept = await kubectl(['get', 'lunresyncs,storagearrays,crds', `--namespace=${namespace}`, '--output=name']);
  const names = kept.stdout.trim().split('\n');
  const wanted = ['lunresync.lunresync.io/uninstalled', `storagearray.lunresync.io/${ground.arrayName}`];
  const crds = ['lunresyncs', 'storagearrays'].map(
    (kind) => `customresourcedefinition.apiextensions.k8s.io/${kind}.lunresync.io`,
  );
  const isKept = [...wanted, ...crds].every((name) => names.includes(name));
  findings.expect(
    isKept,
    `${operator}, after helm uninstall: a run that is ${reasonOf(ended)}, the StorageArray and ${names.filter((name) => crds.includes(name)).length} CRDs are there`,
  );
  await printed(upgrade(ground, CHART));
  await printed(kubectl(['delete', 'lunresyncs', '--all', '--all-namespaces', '--timeout=120s']));
  await printed(kubectl(['delete', 'storagearrays', '--all', '--timeout=120s']));
  await printed(helm(['uninstall', RELEASE, `--namespace=${SYSTEM}`]));
  await printed(kubectl(['delete', 'crd', 'lunresyncs.lunresync.io', 'storagearrays.lunresync.io', '--timeout=60s']));
  const left = await printed(kubectl(['get', 'crds,clusterroles,clusterrolebindings', '--output=name']));
  const ours = left.split('\n').filter((name) => /lunresync(?!-simulator)/.test(name));
  findings.expect(
    ours.length === 0,
    `${operator}, after the removal of the chart's page: ${ours.join(', ') || 'nothing of it is left in the cluster'}`,
  );
}
