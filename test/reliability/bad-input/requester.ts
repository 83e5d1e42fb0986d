/** One LunResync on one StorageArray, and the operator's own parts that work on them, step by step in a time of their own. */
import type { LunResync } from '../../../src/api/lun-resync.ts';
import { parseLunResync } from '../../../src/api/lun-resync.ts';
import { API_VERSION, GROUP, LUN_RESYNC_PLURAL, STORAGE_ARRAY_PLURAL, VERSION } from '../../../src/api/names.ts';
import { parseStorageArray } from '../../../src/api/storage-array.ts';
import { Connections } from '../../../src/array-client/connections.ts';
import { Activity } from '../../../src/controller/activity.ts';
import { Identities } from '../../../src/controller/identities.ts';
import { NO_VOLUMES } from '../../../src/controller/no-volumes.ts';
import type { ArrayClient } from '../../../src/controller/ports.ts';
import { reconcile } from '../../../src/controller/reconcile.ts';
import { Slots } from '../../../src/controller/slots.ts';
import { reconcileArray, type StorageArrayWorld } from '../../../src/controller/storage-arrays.ts';
import { sweepArray } from '../../../src/controller/sweep.ts';
import type { World } from '../../../src/controller/world.ts';
import { lunResyncs, resyncStore } from '../../../src/kubernetes/lun-resyncs.ts';
import { storageArrayResource, storageArrayStore } from '../../../src/kubernetes/storage-arrays.ts';
import { ApiServerModel } from '../world/api-server/api-server-model.ts';
import { VirtualClock } from '../world/clock.ts';
import { statusProblem } from './answer-judge.ts';
import type { HostileArray } from './hostile-array.ts';
import { CLUSTER, type PlausibleArray, RUN_ID } from './plausible-array.ts';

const KEY = 'shop/restore';
const PATH = `/apis/${GROUP}/${VERSION}`;
const RESYNCS = `${PATH}/namespaces/shop/${LUN_RESYNC_PLURAL}`;
const SETTINGS = { referenceTimeoutMs: 300_000, progressIntervalMs: 1_000, pollIntervalMs: 1_000 };

export class Requester {
  readonly problems: string[] = [];
  readonly #clock = new VirtualClock();
  readonly #api = new ApiServerModel({ clock: this.#clock });
  readonly #connections = new Connections(
    async () => 'there is no Secret',
    () => this.#clock.now(),
  );
  readonly #never = new AbortController().signal;
  readonly #arrays: StorageArrayWorld;
  readonly #world: World;
  #writes = 0;

  private constructor(hostile: HostileArray, array: PlausibleArray) {
    const resyncs = cacheOf(() => this.#stored(LUN_RESYNC_PLURAL, parseLunResync));
    const arrays = cacheOf(() => this.#stored(STORAGE_ARRAY_PLURAL, parseStorageArray));
    const clock = { now: () => this.#clock.date().getTime(), monotonic: () => this.#clock.now() };
    const ignore = (): void => undefined;
    const store = resyncStore(lunResyncs(this.#api), resyncs);
    this.#world = {
      volumes: NO_VOLUMES,
      clusterID: CLUSTER,
      store,
      arrays: {
        list: arrays.list,
        get: (name) => arrays.get({ name }),
        client: (of, signal) => this.#connections.client(of, signal),
      },
      clock,
      settings: SETTINGS,
      activity: new Activity(clock.monotonic),
      slots: new Slots(() => store.list()),
      identities: new Identities(clock.monotonic),
      announce: (_, { note }) => {
        if (note.length > 2048 || /\p{Cc}/u.test(note)) this.problems.push(`a note to people: ${note.slice(0, 200)}`);
      },
      report: { onAction: ignore, onEnded: ignore, onProgress: ignore, onArrayAnswer: ignore },
    };
    const arrayStore = storageArrayStore(storageArrayResource(this.#api), arrays);
    this.#arrays = { store: arrayStore, resyncs: store, arrays: this.#world.arrays, clock };
    this.#api.onChange(({ resource, before, object }) => {
      if (resource !== LUN_RESYNC_PLURAL) return;
      this.#writes += 1;
      const [was, is] = [before, object].map((stored) => parsed(stored, parseLunResync));
      const problem = is === undefined ? undefined : statusProblem(was?.status, is, { array, hostile });
      if (problem !== undefined) this.problems.push(problem);
    });
  }

  /** The StorageArray leads to the hostile array; the LunResync is there where one is wanted. */
  static async start(hostile: HostileArray, array: PlausibleArray, hasResync: boolean): Promise<Requester> {
    const requester = new Requester(hostile, array);
    const grants = [
      { name: 'read', namespace: 'shop', access: 'Source', lunIDs: ['*'] },
      { name: 'write', namespace: 'shop', access: 'Target', lunIDs: ['*'] },
    ];
    const pairs = [{ name: 'data', source: { lunID: 'snap-1' }, target: { lunID: 'vol-1' } }];
    await requester.#create(STORAGE_ARRAY_PLURAL, `${PATH}/${STORAGE_ARRAY_PLURAL}`, {
      kind: 'StorageArray',
      metadata: { name: 'array-a' },
      spec: { endpoint: hostile.endpoint, lunGrants: grants },
    });
    if (!hasResync) return requester;
    await requester.#create(LUN_RESYNC_PLURAL, RESYNCS, {
      kind: 'LunResync',
      metadata: { name: 'restore', namespace: 'shop' },
      spec: { pairs, runID: RUN_ID, safetySnapshotRetentionSeconds: 5 },
    });
    return requester;
  }

  stop(): void {
    this.#connections.close();
  }

  get writes(): number {
    return this.#writes;
  }

  get isFinished(): boolean {
    return this.#resync()?.status.completionTime !== undefined;
  }

  get isSuccess(): boolean {
    return this.#succeeded()?.status === 'True';
  }

  /** The word to read, and what is said about it. */
  get word(): string {
    const { reason = '', message = '' } = this.#succeeded() ?? {};
    return `${reason}: ${message}`;
  }

  /** One look at the object; then as much time passes as it asked for, and at least this. */
  async reconcile(atLeastMs: number): Promise<void> {
    const waitMs = await reconcile(KEY, this.#world, this.#never);
    await this.#clock.runUntil(() => false, Math.max(atLeastMs, Math.min(waitMs ?? 60_000, 60_000)));
  }

  async lookAtArray(): Promise<void> {
    await reconcileArray('array-a', this.#arrays, this.#never);
  }

  async sweep(): Promise<void> {
    const { store } = this.#world;
    const sweep = { clusterID: CLUSTER, namespace: undefined, store, report: () => undefined };
    await sweepArray(await this.#client(), sweep, this.#never);
  }

  /** Reads the watch to its end, as the controller does. */
  async watch(): Promise<void> {
    const client = await this.#client();
    for await (const operation of client.watch(`${CLUSTER}/`, this.#never)) operation.owner.split('/');
  }

  /** `spec.cancel: true`. */
  async cancel(): Promise<void> {
    const body = { spec: { cancel: true } };
    await this.#api.send({ verb: 'patch', resource: LUN_RESYNC_PLURAL, path: `${RESYNCS}/restore`, body });
  }

  async #client(): Promise<ArrayClient> {
    const array = this.#arrays.store.get('array-a');
    const client = array === undefined ? undefined : await this.#connections.client(array, this.#never);
    if (client === undefined || 'kind' in client) throw new Error('there is no client of array-a');
    return client;
  }

  async #create(resource: string, path: string, object: object): Promise<void> {
    await this.#api.send({ verb: 'create', resource, path, body: { apiVersion: API_VERSION, ...object } });
  }

  #resync(): LunResync | undefined {
    return this.#world.store.get(KEY);
  }

  #succeeded(): { readonly status: string; readonly reason: string; readonly message: string } | undefined {
    return this.#resync()?.status.conditions?.find(({ type }) => type === 'Succeeded');
  }

  #stored<T>(resource: string, parse: Parse<T>): T[] {
    return this.#api.objects(resource).flatMap((object) => parsed(object, parse) ?? []);
  }
}

type Parse<T> = (object: unknown) => { readonly ok: true; readonly value: T } | { readonly ok: false };

function parsed<T>(object: unknown, parse: Parse<T>): T | undefined {
  const result = object === undefined ? undefined : parse(object);
  return result?.ok === true ? result.value : undefined;
}

type Named = { readonly metadata: { readonly name: string; readonly namespace?: string } };
type Cache<T> = {
  readonly get: (name: { readonly name: string }) => T | undefined;
  readonly list: () => T[];
  readonly seen: (object: T) => void;
};

/** What a reflector would have seen, were it always up to date. */
function cacheOf<T extends Named>(stored: () => T[]): Cache<T> {
  return {
    get: ({ name }) => stored().find(({ metadata }) => metadata.name === name),
    list: stored,
    seen: () => undefined,
  };
}
