/**
 * The controller over its adapters to the API server: the same for the operator's process and for a simulation, which
 * differ in what carries the requests, in the clients of the arrays, and in the clock.
 */
import type { LunResync } from './api/lun-resync.ts';
import type { StorageArray } from './api/storage-array.ts';
import { Activity } from './controller/activity.ts';
import { type ControllerParts, runController } from './controller/controller.ts';
import { Identities } from './controller/identities.ts';
import { NO_VOLUMES } from './controller/no-volumes.ts';
import type {
  Announcer,
  Arrays,
  ControllerReport,
  LoopClock,
  Report,
  SweepReport,
  Volumes,
} from './controller/ports.ts';
import { type QueueObserver, WorkQueue } from './controller/queue.ts';
import { Slots } from './controller/slots.ts';
import type { World } from './controller/world.ts';
import type { Settings } from './core/observation.ts';
import { type Clock, pause } from './kubernetes/clock.ts';
import type { ApiTransport } from './kubernetes/http.ts';
import { lunResyncs, resyncStore } from './kubernetes/lun-resyncs.ts';
import { Reflector, type ReflectorReport } from './kubernetes/reflector.ts';
import { storageArrayResource, storageArrayStore } from './kubernetes/storage-arrays.ts';

export type LoopOptions = {
  readonly server: ApiTransport;
  readonly clock: Clock;
  readonly random?: () => number;
  /** The uid of namespace kube-system. */
  readonly clusterID: string;
  /** Only LunResyncs of this namespace; undefined: of all. */
  readonly namespace: string | undefined;
  readonly settings: Settings;
  readonly workers: number;
  readonly client: Arrays['client'];
  /** The array's StorageArray is gone. */
  readonly onArrayGone: (name: string) => void;
  readonly announce: Announcer;
  readonly report: LoopReport;
  readonly observeQueue?: QueueObserver;
  /** Claims, volumes and snapshots, where the API server has them; `onChange` is to be called with a namespace. */
  readonly volumes?: (onChange: (namespace: string) => void) => Volumes & { readonly synced: Promise<unknown> };
};

/** Told what happens. None may throw. */
export type LoopReport = {
  readonly resync: Report;
  readonly controller: ControllerReport;
  readonly sweep: SweepReport;
  readonly reflector: (report: ReflectorReport) => void;
};

/** The loop, whose copies of the objects are filled while `signal` of `assembleLoop` has not aborted. */
export type ControlLoop = {
  readonly resyncs: Reflector<LunResync>;
  readonly storageArrays: Reflector<StorageArray>;
  readonly queue: WorkQueue<string>;
  /** Resolves when the first lists have been read; never, if they are not. */
  readonly synced: Promise<unknown>;
  /** Works until the signal aborts; resolves when the last worker has come to the end of its step. */
  readonly run: (signal: AbortSignal) => Promise<void>;
};

/** Begins to read the objects; nothing is done about them before `run`. */
export function assembleLoop(options: LoopOptions, signal: AbortSignal): ControlLoop {
  const { server, clock, random, namespace, report } = options;
  const observed = { report: report.reflector, clock, ...(random === undefined ? {} : { random }) };
  const resyncResource = lunResyncs(server);
  const arrayResource = storageArrayResource(server);
  const resyncs = new Reflector({ ...observed, resource: resyncResource, selection: { namespace } });
  const storageArrays = new Reflector({ ...observed, resource: arrayResource });
  for (const reflector of [resyncs, storageArrays]) void reflector.run(signal);
  const volumes = options.volumes?.((changed) => wake(changed));
  const world = worldOf(options, {
    resyncs,
    storageArrays,
    store: resyncStore(resyncResource, resyncs),
    volumes: volumes ?? NO_VOLUMES,
  });
  const queue = new WorkQueue<string>({
    clock,
    ...(options.observeQueue === undefined ? {} : { observer: options.observeQueue }),
  });
  /** Whoever may wait for a claim, a snapshot or a Pod of the namespace looks again. */
  const wake = (changed: string): void => {
    for (const { metadata, spec, status } of resyncs.list())
      if (metadata.namespace === changed && status.completionTime === undefined && namesVolumes(spec))
        queue.add(`${metadata.namespace}/${metadata.name}`);
  };
  const parts: ControllerParts = {
    world,
    arrayWorld: {
      store: storageArrayStore(arrayResource, storageArrays),
      resyncs: world.store,
      arrays: world.arrays,
      clock: world.clock,
    },
    sweep: { clusterID: options.clusterID, namespace, store: world.store, report: report.sweep },
    resyncs,
    storageArrays,
    queue,
    arrayQueue: new WorkQueue<string>({ clock }),
    workers: options.workers,
    pause: (ms, pauseSignal) => pause(clock, ms, pauseSignal),
    onArrayGone: options.onArrayGone,
    report: report.controller,
  };
  return {
    resyncs,
    storageArrays,
    queue,
    synced: Promise.all([resyncs.synced, storageArrays.synced, volumes?.synced]),
    run: (runSignal) => runController(parts, runSignal),
  };
}

type Copies = {
  readonly resyncs: Reflector<LunResync>;
  readonly storageArrays: Reflector<StorageArray>;
  readonly store: World['store'];
  readonly volumes: Volumes;
};

function namesVolumes({ pairs }: LunResync['spec']): boolean {
  return pairs.some(
    ({ source, target }) => source.lunID === undefined || target?.persistentVolumeClaimName !== undefined,
  );
}

function worldOf(options: LoopOptions, { resyncs, storageArrays, store, volumes }: Copies): World {
  const { clusterID, announce, settings, report } = options;
  const clock: LoopClock = { now: () => options.clock.date().getTime(), monotonic: () => options.clock.now() };
  return {
    clusterID,
    store,
    volumes,
    arrays: {
      list: () => storageArrays.list(),
      get: (name) => storageArrays.get({ name }),
      client: options.client,
    },
    clock,
    announce,
    settings,
    activity: new Activity(clock.monotonic),
    slots: new Slots(() => resyncs.list()),
    identities: new Identities(clock.monotonic),
    report: report.resync,
  };
}
