// GitOps on a real API server: what kubectl wait makes of every state of a LunResync, whether the verdicts of the tools
// hold for objects as the API server keeps them, and what becomes of an object that is applied again after it has gone.
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { FINALIZER } from '../../src/api/names.ts';
import { type Json, kubectl, newNamespace, sendOk } from '../support/api-client.ts';
import type {} from '../support/control-plane-setup.ts';
import { BUILD_TIMEOUT_MS } from '../support/gitops/evaluators.ts';
import { STATES, type State } from '../support/gitops/states.ts';
import { saidOf, wantedOf } from '../support/gitops/verdicts.ts';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { digestsOf, messageOf, startsOf, untilGone } from './acceptance.ts';
import { lunResync } from './objects.ts';

const cluster = inject('cluster');

describe('the truth table, on the API server', () => {
  let namespace: string;
  let collection: string;
  let objects: Json[];

  beforeAll(async () => {
    namespace = await newNamespace(cluster.admin, 'gitops');
    collection = `/apis/lunresync.io/v1alpha1/namespaces/${namespace}/lunresyncs`;
    objects = await Promise.all(STATES.map(create));
  });

  /** Puts the state on the API server, which counts generations itself, and gives what it keeps. */
  async function create({ name, resync }: State): Promise<Json> {
    const { apiVersion, kind, spec, status, metadata } = resync;
    const object = { apiVersion, kind, metadata: { name, finalizers: [FINALIZER] }, spec };
    await sendOk(cluster.admin, 'POST', collection, object);
    const path = `${collection}/${name}`;
    if (metadata.generation === 2 && metadata.deletionTimestamp === undefined)
      await sendOk(cluster.admin, 'PATCH', path, { spec: { ttlSecondsAfterFinished: 86_400 } });
    if (status.conditions !== undefined) await sendOk(cluster.admin, 'PATCH', `${path}/status`, { status });
    if (metadata.deletionTimestamp !== undefined) await sendOk(cluster.admin, 'DELETE', path);
    return sendOk(cluster.admin, 'GET', path);
  }

  it.each([
    ['Succeeded', 'condition=Succeeded'],
    ['Succeeded=false', 'condition=Succeeded=false'],
    ['completionTime', 'jsonpath={.status.completionTime}'],
  ] as const)('kubectl wait for %s ends for the states that it has to', async (wait, condition) => {
    const names = STATES.map(({ name }) => `lunresync/${name}`);
    const args = ['wait', ...names, '-n', namespace, `--for=${condition}`, '--timeout=0s'];
    const { stdout } = await kubectl(cluster, args);
    const over = [...stdout.matchAll(/^lunresync\.lunresync\.io\/(\S+) condition met$/gm)].map(
      ([, name]) => name ?? '',
    );
    const wanted = STATES.filter(({ verdicts }) => verdicts.waits.includes(wait)).map(({ name }) => name);
    expect(over.toSorted()).toEqual(wanted.toSorted());
  });

  it('kstatus, Argo CD and Flux say of what the API server keeps what they have to', {
    timeout: BUILD_TIMEOUT_MS,
  }, async () => {
    const said = await saidOf(objects);
    expect(new Map(STATES.map(({ name }, nth) => [name, said[nth]]))).toEqual(wantedOf(STATES));
  });
});

describe('a manifest in git', () => {
  const manifest = (name: string, spec: Json): string => JSON.stringify(lunResync({ runID: name, ...spec }, name));
  const ways = [
    ['Argo CD', []],
    ['Flux', ['--server-side', '--field-manager=kustomize-controller', '--force-conflicts']],
  ] as const;
  let namespace: string;

  beforeAll(async () => {
    namespace = await newNamespace(cluster.admin, 'git');
  });

  it.each(ways)('leaves alone what it does not name, as %s applies it', async (tool, flags) => {
    const name = `unnamed-${tool.toLowerCase().replace(' ', '-')}`;
    const apply = ['apply', ...flags, '-n', namespace, '-f', '-'];
    expect((await kubectl(cluster, apply, manifest(name, {}))).code).toBe(0);
    const spec = { suspend: true, cancel: true };
    const patch = ['patch', 'lunresync', name, '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec })];
    expect((await kubectl(cluster, patch)).code).toBe(0);
    expect((await kubectl(cluster, apply, manifest(name, {}))).code).toBe(0);
    const path = `/apis/lunresync.io/v1alpha1/namespaces/${namespace}/lunresyncs/${name}`;
    expect(await sendOk(cluster.admin, 'GET', path)).toMatchObject({ spec });
  });

  it.each(ways)('cannot take back a cancel by naming it, as %s applies it', async (tool, flags) => {
    const name = `named-${tool.toLowerCase().replace(' ', '-')}`;
    const apply = ['apply', ...flags, '-n', namespace, '-f', '-'];
    expect((await kubectl(cluster, apply, manifest(name, { cancel: false }))).code).toBe(0);
    const patch = ['patch', 'lunresync', name, '-n', namespace, '--type=merge', '-p', '{"spec":{"cancel":true}}'];
    expect((await kubectl(cluster, patch)).code).toBe(0);
    const refused = await kubectl(cluster, apply, manifest(name, { cancel: false }));
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('cancel') });
  });
});

describe('a manifest that is applied again after its object has gone', () => {
  const apply = async (scene: Scene, manifest: Json): Promise<void> => {
    const result = await kubectl(cluster, ['apply', '-n', scene.namespace, '-f', '-'], JSON.stringify(manifest));
    expect(result).toMatchObject({ code: 0, stderr: '' });
  };
  const manifestOf = (scene: Scene, name: string, spec: Json): Json => ({
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'LunResync',
    metadata: { name },
    spec: { arrayName: scene.arrayName, ...spec },
  });

  it('copies nothing when its runID was done, and says so, however often its TTL deletes it', async () => {
    await using scene = await startScene(cluster);
    await scene.lun('src', 4 * MIB, 'source');
    await scene.lun('dst', 4 * MIB, 'target');
    const manifest = manifestOf(scene, 'nightly', {
      runID: 'nightly-1',
      ttlSecondsAfterFinished: 1,
      pairs: [lunPair('data', 'src', 'dst')],
    });
    await apply(scene, manifest);
    expect(reasonOf(await scene.finished('nightly'))).toBe('Completed');
    await untilGone(scene, 'nightly');
    await scene.array.admin.fillPattern({
      lunId: 'dst',
      length: BigInt(MIB),
      seed: 'what the application wrote since',
    });
    const before = await digestsOf(scene, ['src', 'dst']);
    for (const _ of ['first', 'second']) {
      await apply(scene, manifest);
      const again = await scene.finished('nightly');
      expect(reasonOf(again)).toBe('AlreadyCompleted');
      expect(messageOf(again)).toBe('Run nightly-1 had been done on all targets before; nothing was done');
      await untilGone(scene, 'nightly');
    }
    expect(startsOf(scene, 'nightly')).toHaveLength(1);
    expect(await digestsOf(scene, ['src', 'dst'])).toEqual(before);
  });
});
