// What becomes of definitions and objects when the chart's release is upgraded, rolled back, uninstalled and installed again:
// what docs/upgrade.md and docs/uninstall.md say, by helm on a real API server.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILD_MS, CHART, runProgram } from '../deploy/helm.ts';
import { type Json, kubectl, send, sendOk } from '../support/api-client.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { lunResync } from './objects.ts';

const DEFINITION = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/lunresyncs.lunresync.io';
const COLLECTION = '/apis/lunresync.io/v1alpha1/namespaces/default/lunresyncs';
/** A field of a later version. */
const LATER = 'fieldOfALaterVersion';

let folder: string;
let later: string;
let plane: ControlPlane;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lunresync-release-'));
  later = join(folder, 'chart');
  await cp(CHART, later, { recursive: true });
  const file = join(later, 'templates', 'crds', 'lunresyncs.lunresync.io.yaml');
  const definition = await readFile(file, 'utf8');
  const changed = definition.replace(/^( +)arrayID:\n/m, `$1${LATER}:\n$1  type: string\n$&`);
  expect(changed).toContain(LATER);
  await writeFile(file, changed);
  plane = await startControlPlane();
}, BUILD_MS);

afterAll(async () => {
  await plane.stop();
  await rm(folder, { recursive: true, force: true });
});

async function helm(...args: readonly string[]): Promise<void> {
  const where = ['--kubeconfig', plane.kubeconfigPath, '--namespace', 'lunresync-system'];
  const { code, output } = await runProgram('helm', [...args, ...where]);
  if (code !== 0) throw new Error(`helm ${args.join(' ')}: ${output}`);
}

async function hasLaterField(): Promise<boolean> {
  return JSON.stringify(await sendOk(plane.admin, 'GET', DEFINITION)).includes(LATER);
}

async function statusOf(name: string): Promise<Json> {
  return (await sendOk(plane.admin, 'GET', `${COLLECTION}/${name}`))['status'] as Json;
}

describe('a release of the chart', () => {
  it('has its definitions upgraded and rolled back with it', { timeout: BUILD_MS }, async () => {
    await helm('install', 'lunresync', CHART, '--create-namespace');
    expect(await hasLaterField()).toBe(false);
    const established = ['wait', '--for=condition=Established', 'crd/lunresyncs.lunresync.io'];
    expect(await kubectl(plane, established)).toMatchObject({ code: 0 });
    await sendOk(plane.admin, 'POST', COLLECTION, lunResync({}, 'kept'));

    await helm('upgrade', 'lunresync', later);
    expect(await hasLaterField()).toBe(true);
    await expect.poll(async () => writeLaterField('kept'), { timeout: 30_000 }).toBe('written');

    await helm('rollback', 'lunresync');
    expect(await hasLaterField()).toBe(false);
    await expect.poll(async () => (await statusOf('kept'))[LATER], { timeout: 30_000 }).toBeUndefined();
  });

  it('leaves definitions and objects when it is uninstalled, and finds them when it is installed again', async () => {
    const { metadata } = await sendOk(plane.admin, 'GET', `${COLLECTION}/kept`);
    await helm('uninstall', 'lunresync');
    expect(
      (await send(plane.admin, 'GET', '/apis/apps/v1/namespaces/lunresync-system/deployments/lunresync')).code,
    ).toBe(404);
    expect((await sendOk(plane.admin, 'GET', `${COLLECTION}/kept`))['metadata']).toEqual(metadata);
    await helm('install', 'lunresync', CHART);
    expect((await sendOk(plane.admin, 'GET', `${COLLECTION}/kept`))['metadata']).toEqual(metadata);
  });
});

describe('definitions that were applied with kubectl', () => {
  it('are taken over by a release that is told to; the first upgrade that changes them has to force conflicts, and no other', {
    timeout: BUILD_MS,
  }, async () => {
    await helm('uninstall', 'lunresync');
    const names = ['crd/lunresyncs.lunresync.io', 'crd/storagearrays.lunresync.io'];
    expect(await kubectl(plane, ['delete', ...names])).toMatchObject({ code: 0 });
    const apply = ['apply', '--server-side', '-f', 'deploy/crds'];
    expect(await kubectl(plane, apply)).toMatchObject({ code: 0 });
    await helm('upgrade', '--install', 'lunresync', CHART, '--take-ownership');
    await expect(helm('upgrade', 'lunresync', later)).rejects.toThrow('conflict with "kubectl"');
    await helm('upgrade', 'lunresync', later, '--force-conflicts');
    expect(await hasLaterField()).toBe(true);
    await helm('upgrade', 'lunresync', CHART);
    expect(await hasLaterField()).toBe(false);
  });
});

/** A new definition is served some moments after it was written; until then the field is dropped. */
async function writeLaterField(name: string): Promise<unknown> {
  await sendOk(plane.admin, 'PATCH', `${COLLECTION}/${name}/status`, { status: { [LATER]: 'written' } });
  return (await statusOf(name))[LATER];
}
