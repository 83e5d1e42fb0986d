import { describe, expect, it } from 'vitest';
import type { LunResync } from '../../../../src/api/lun-resync.ts';
import { Superseded } from '../../../../src/controller/ports.ts';
import { EventRecorder } from '../../../../src/kubernetes/events.ts';
import { LeaderElection } from '../../../../src/kubernetes/lease.ts';
import { lunResyncs, resyncStore } from '../../../../src/kubernetes/lun-resyncs.ts';
import { Reflector, type ReflectorReport } from '../../../../src/kubernetes/reflector.ts';
import { ManualClock } from '../../../kubernetes/manual-clock.ts';
import { ApiServerModel } from './api-server-model.ts';
import { modelSubject } from './conformance/model-subject.ts';
import { resyncSpec } from './conformance/steps.ts';
import { outcomesOf, STEPS } from './conformance.ts';

const BODY = { apiVersion: 'lunresync.io/v1alpha1', kind: 'LunResync', spec: resyncSpec() };

/** The operator's own reflector and store on a model; everything that is not waited for has happened after `settle`. */
class Scene implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly api = new ApiServerModel({ clock: this.clock });
  readonly changes: string[] = [];
  readonly reports: ReflectorReport[] = [];
  readonly resource = lunResyncs(this.api);
  readonly reflector = new Reflector({
    resource: this.resource,
    report: (report) => this.reports.push(report),
    clock: this.clock,
    random: () => 0,
  });
  readonly store = resyncStore(this.resource, this.reflector);
  readonly #stop = new AbortController();
  readonly signal = this.#stop.signal;
  #run: Promise<void> = Promise.resolve();

  static async start(...names: string[]): Promise<Scene> {
    const scene = new Scene();
    for (const name of names) await scene.create(name);
    scene.reflector.observe({
      onAdd: ({ metadata }) => scene.changes.push(`add ${metadata.name}`),
      onUpdate: (_, { metadata, status }) => scene.changes.push(`update ${metadata.name} ${status.attempt ?? 0}`),
      onDelete: ({ metadata }) => scene.changes.push(`delete ${metadata.name}`),
    });
    scene.#run = scene.reflector.run(scene.signal);
    await settle();
    return scene;
  }

  create(name: string): Promise<LunResync> {
    return this.resource.create({ namespace: 'shop', name }, { ...BODY, metadata: { namespace: 'shop', name } });
  }

  /** The object in the reflector's store. */
  known(name: string): LunResync {
    const known = this.store.get(`shop/${name}`);
    if (known === undefined) throw new Error(`${name} is not known`);
    return known;
  }

  /** Lets time pass in steps of half a minute, as long as a watch may be silent at most three times. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 30_000) {
      this.clock.advance(Math.min(left, 30_000));
      await settle();
    }
  }

  /** What the reflector did, without the objects' number. */
  get kinds(): string[] {
    return this.reports.map((report) => (report.kind === 'WatchEnded' ? report.why : report.kind));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('the reflector and the store of the operator on the model', () => {
  it('hold what was listed, then what others and they themselves write', async () => {
    await using scene = await Scene.start('a');
    await scene.create('b');
    await settle();
    const held = await scene.store.addFinalizer(scene.known('a'), scene.signal);
    const written = await scene.store.writeStatus(held, { ...held.status, attempt: 1 }, scene.signal);
    await settle();
    expect(scene.known('a')).toEqual(written);
    await scene.store.delete(written, scene.signal);
    await settle();
    expect(scene.known('a').metadata.deletionTimestamp).toBe('2026-11-24T10:00:00Z');
    await scene.store.removeFinalizer(scene.known('a'), scene.signal);
    await settle();
    expect(scene.changes).toEqual(['add a', 'add b', 'update a 0', 'update a 1', 'update a 1', 'delete a']);
    expect(scene.kinds).toEqual(['Listed']);
  });

  it('take a write over a state that has changed for superseded, and write nothing', async () => {
    await using scene = await Scene.start('a');
    const old = scene.known('a');
    await scene.store.writeStatus(old, { ...old.status, attempt: 1 }, scene.signal);
    const again = scene.store.writeStatus(old, { ...old.status, attempt: 2 }, scene.signal);
    await expect(again).rejects.toThrow(Superseded);
    expect((await scene.store.read('shop/a', scene.signal))?.status.attempt).toBe(1);
  });

  it('go on with another watch when the time of one is up, and miss nothing', async () => {
    await using scene = await Scene.start('a');
    await scene.pass(300_000);
    expect(scene.kinds).toEqual(['Listed', 'Closed', 'Listed']);
    await scene.create('b');
    await settle();
    expect(scene.changes).toEqual(['add a', 'add b']);
  });

  it('list anew when the server has started anew on a state that was put back', async () => {
    await using scene = await Scene.start('a', 'b');
    const backUp = scene.api.backUp();
    await scene.store.delete(scene.known('a'), scene.signal);
    await settle();
    const b = scene.known('b');
    await scene.store.writeStatus(b, { ...b.status, attempt: 1 }, scene.signal);
    await settle();
    scene.api.restore(backUp);
    await settle();
    await scene.pass(2_000);
    expect(scene.changes).toEqual(['add a', 'add b', 'delete a', 'update b 1', 'add a', 'update b 0']);
    await scene.create('c');
    await settle();
    expect(scene.changes.at(-1)).toBe('add c');
  });
});

describe('the model of the API server', () => {
  it('answers the same to the same requests, and keeps the same history', async () => {
    const [one, other] = [modelSubject(), modelSubject()];
    expect(await outcomesOf(one, STEPS)).toEqual(await outcomesOf(other, STEPS));
    expect(one.transport.history()).toEqual(other.transport.history());
  });

  it('tells of each commit before the answer, and keeps those that were undone', async () => {
    const scene = new Scene();
    const told: string[] = [];
    const forget = scene.api.onChange(({ key, before, object }) =>
      told.push(`${key} ${before?.metadata.resourceVersion} ${object?.metadata.resourceVersion}`),
    );
    const backUp = scene.api.backUp();
    const creation = scene.create('a');
    expect(told).toEqual(['shop/a undefined 103']);
    await scene.resource.delete({ namespace: 'shop', name: 'a' }, (await creation).metadata);
    scene.api.restore(backUp);
    await scene.create('b');
    forget();
    await scene.create('c');
    expect(told).toEqual(['shop/a undefined 103', 'shop/a 103 undefined', 'shop/b undefined 103']);
    const resyncs = scene.api.history().filter(({ resource }) => resource === 'lunresyncs');
    expect(resyncs.map(({ version, key, object }) => [version, key, object !== undefined])).toEqual([
      [103, 'shop/a', true],
      [104, 'shop/a', false],
      [103, 'shop/b', true],
      [104, 'shop/c', true],
    ]);
  });

  it('never gives a uid twice, not even after a state was put back', async () => {
    const scene = new Scene();
    const backUp = scene.api.backUp();
    const first = await scene.create('a');
    scene.api.restore(backUp);
    const second = await scene.create('a');
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    expect(second.metadata.uid).not.toBe(first.metadata.uid);
  });

  it('shows at an earlier version what there was, and takes no write there', async () => {
    const scene = new Scene();
    const made = await scene.create('a');
    const past = lunResyncs(scene.api.at(Number(made.metadata.resourceVersion)));
    await scene.resource.delete(made.metadata, made.metadata);
    expect(await past.get(made.metadata)).toEqual(made);
    expect(await past.list()).toEqual([made]);
    await expect(past.delete(made.metadata, made.metadata)).rejects.toThrow(TypeError);
    expect(await scene.resource.list()).toEqual([]);
  });

  it('keeps what it was sent, whatever becomes of the sent object', async () => {
    const scene = new Scene();
    const metadata = { namespace: 'shop', name: 'a', labels: { team: 'blue' } };
    const pairs = [{ name: 'data', source: { volumeSnapshotName: 'nightly' } }];
    await scene.resource.create(metadata, { ...BODY, metadata, spec: { pairs } });
    metadata.labels.team = 'red';
    pairs[0] = { name: 'data', source: { volumeSnapshotName: 'other' } };
    const stored = await scene.resource.get(metadata);
    expect(stored?.metadata.labels).toEqual({ team: 'blue' });
    expect(stored?.spec.pairs[0]?.source).toEqual({ volumeSnapshotName: 'nightly' });
  });

  it('lets one of two candidates lead, and the other when the first gives up', async () => {
    const { api, clock } = new Scene();
    const candidate = (identity: string): LeaderElection => {
      const fail = (error: unknown): never => {
        throw error;
      };
      const timing = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
      return new LeaderElection({ server: api, namespace: 'ops', name: 'l', identity, clock, timing, report: fail });
    };
    const [a, b] = [candidate('a'), candidate('b')];
    const signal = new AbortController().signal;
    await a.acquire(signal);
    const waiting = b.acquire(signal);
    for (let count = 0; count < 20; count += 1) await settle().then(() => clock.advance(2_000));
    expect([a.isLeader, b.isLeader, b.holder]).toEqual([true, false, 'a']);
    await a.release();
    for (let count = 0; count < 5; count += 1) await settle().then(() => clock.advance(2_000));
    await waiting;
    expect([a.isLeader, b.isLeader]).toEqual([false, true]);
    await b.release();
  });

  it('stores Events, and counts their repeats', async () => {
    const { api, clock } = new Scene();
    const losses: unknown[] = [];
    const origin = { reportingController: 'lunresync.io/operator', reportingInstance: 'operator-0' };
    const recorder = new EventRecorder({ server: api, ...origin, clock, onLoss: (...loss) => losses.push(loss) });
    const regarding = { apiVersion: BODY.apiVersion, kind: BODY.kind, namespace: 'shop', name: 'a', uid: 'uid-a' };
    const event = { regarding, type: 'Normal', reason: 'Started', action: 'Start', note: 'copying' } as const;
    for (let count = 0; count < 3; count += 1) recorder.record(event);
    await recorder.flush(1_000);
    expect(losses).toEqual([]);
    const [stored, ...others] = api.objects('events');
    expect(others).toEqual([]);
    expect(stored?.['series']).toMatchObject({ count: 3 });
  });
});
