import { afterAll, describe, expect, inject, it } from 'vitest';
import { Reflector, type ReflectorReport } from '../../src/kubernetes/reflector.ts';
import { TcpProxy } from '../kubernetes/tcp-proxy.ts';
import { type ConfigMap, eventually, Fixture } from './kubernetes-fixture.ts';

const fixture = new Fixture();
afterAll(() => fixture[Symbol.asyncDispose]());

/** A reflector of one namespace's ConfigMaps that runs until it is disposed of. */
class Scene implements AsyncDisposable {
  readonly changes: string[] = [];
  readonly reports: ReflectorReport[] = [];
  readonly reflector: Reflector<ConfigMap>;
  readonly namespace: string;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;

  constructor(namespace: string, of: Fixture) {
    this.namespace = namespace;
    const report = (one: ReflectorReport): number => this.reports.push(one);
    this.reflector = new Reflector({ resource: of.configMaps, selection: { namespace }, report });
    this.reflector.observe({
      onAdd: ({ metadata }) => this.changes.push(`add ${metadata.name}`),
      onUpdate: (before, after) =>
        this.changes.push(`update ${after.metadata.name} ${before.data?.['v']}>${after.data?.['v']}`),
      onDelete: ({ metadata }) => this.changes.push(`delete ${metadata.name}`),
    });
    this.#run = this.reflector.run(this.#stop.signal);
  }

  get lists(): number {
    return this.reports.filter(({ kind }) => kind === 'Listed').length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }
}

async function replace(namespace: string, name: string): Promise<void> {
  const object = await fixture.configMaps.get({ namespace, name });
  if (object !== undefined) await fixture.configMaps.delete({ namespace, name }, object.metadata);
  await fixture.createConfigMap(namespace, name, { v: 'new' });
}

describe('Reflector on a real API server', () => {
  it('follows additions, changes and deletions', async () => {
    const namespace = await fixture.namespace();
    await fixture.createConfigMap(namespace, 'before', { v: '1' });
    await using scene = new Scene(namespace, fixture);
    await scene.reflector.synced;
    const made = await fixture.createConfigMap(namespace, 'after', { v: '1' });
    const changed = await fixture.configMaps.patch(made.metadata, { data: { v: '2' } }, made.metadata);
    await fixture.configMaps.delete(made.metadata, changed.metadata);
    await eventually(() => scene.changes.length === 4);
    expect(scene.changes).toEqual(['add before', 'add after', 'update after 1>2', 'delete after']);
    expect(scene.reflector.list().map((object) => object.metadata.name)).toEqual(['before']);
  });

  it('misses nothing when its connection breaks, and lists again after each time', async () => {
    const namespace = await fixture.namespace();
    await using proxy = await TcpProxy.start(new URL(inject('cluster').admin.server));
    await using through = new Fixture();
    proxy.redirect(through.config);
    await fixture.createConfigMap(namespace, 'a', { v: '1' });
    await using scene = new Scene(namespace, through);
    const watches = (): number => through.requests.filter(({ verb }) => verb === 'watch').length;
    for (let round = 0; round < 3; round += 1) {
      // Cut before the watch is there, nothing breaks.
      await eventually(() => watches() > round);
      proxy.cut();
      await replace(namespace, 'a');
      await fixture.createConfigMap(namespace, `b-${round}`);
      await eventually(() => scene.changes.includes(`add b-${round}`));
    }
    const ofA = scene.changes.filter((change) => change.endsWith(' a'));
    expect(ofA).toEqual(['add a', 'delete a', 'add a', 'delete a', 'add a', 'delete a', 'add a']);
    expect(scene.lists).toBe(4);
  });

  it('does not report a write twice when its answer came before the watch', async () => {
    const namespace = await fixture.namespace();
    const made = await fixture.createConfigMap(namespace, 'a', { v: '1' });
    await using scene = new Scene(namespace, fixture);
    await scene.reflector.synced;
    const written = await fixture.configMaps.patch(made.metadata, { data: { v: '2' } }, made.metadata);
    scene.reflector.seen(written);
    expect(scene.reflector.get(made.metadata)?.data).toEqual({ v: '2' });
    await fixture.createConfigMap(namespace, 'end');
    await eventually(() => scene.changes.includes('add end'));
    expect(scene.changes).toEqual(['add a', 'update a 1>2', 'add end']);
  });
});
