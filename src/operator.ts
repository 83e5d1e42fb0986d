/** The operator's composition root: configuration, adapters, controller, and an end in good order. Imported by nothing. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { LunResync } from './api/lun-resync.ts';
import { API_VERSION, LUN_RESYNC_KIND } from './api/names.ts';
import type { StorageArray } from './api/storage-array.ts';
import { Connections } from './array-client/connections.ts';
import { Activity } from './controller/activity.ts';
import { type ControllerParts, runController } from './controller/controller.ts';
import { Identities } from './controller/identities.ts';
import type { Arrays, ResyncStore, StorageArrayStore } from './controller/ports.ts';
import { WorkQueue } from './controller/queue.ts';
import { Slots } from './controller/slots.ts';
import type { World } from './controller/world.ts';
import { REASONS } from './core/reasons.ts';
import { type CommandLine, type Config, parseCommandLine } from './daemon/config.ts';
import { startHealthServer } from './daemon/health.ts';
import { Lifecycle } from './daemon/lifecycle.ts';
import { createLogger } from './daemon/log.ts';
import { ProcessMetrics } from './daemon/metrics.ts';
import { controllerReport, lifecycleReport, resyncReport, sweepReport } from './daemon/reports.ts';
import { RunMetrics } from './daemon/run-metrics.ts';
import { runOutcomes, runSamples } from './daemon/run-samples.ts';
import { programVersion } from './daemon/version.ts';
import { pause, systemClock } from './kubernetes/clock.ts';
import { EventRecorder } from './kubernetes/events.ts';
import { ApiServer } from './kubernetes/http.ts';
import { loadKubeConfig } from './kubernetes/kube-config.ts';
import { LeaderElection } from './kubernetes/lease.ts';
import { lunResyncs, resyncStore } from './kubernetes/lun-resyncs.ts';
import { Reflector, type ReflectorReport } from './kubernetes/reflector.ts';
import { Resource } from './kubernetes/resource.ts';
import { storageArrayResource, storageArrayStore } from './kubernetes/storage-arrays.ts';
import { tlsSecretReader } from './kubernetes/tls-secret.ts';

const version = programVersion();
const commandLine: CommandLine = parseCommandLine({ args: process.argv.slice(2), env: process.env, version });
switch (commandLine.kind) {
  case 'Print':
    process.stdout.write(commandLine.text);
    break;
  case 'Invalid':
    process.stderr.write(`lunresync-operator: ${commandLine.message}\n`);
    process.exitCode = 2;
    break;
  case 'Run':
    process.exitCode = await main(commandLine.config, createLogger({ level: commandLine.config.logLevel, version }));
}

async function main(config: Config, log: Logger): Promise<number> {
  using lifecycle = new Lifecycle(lifecycleReport(log));
  try {
    return await run(config, log, lifecycle);
  } catch (error) {
    if (lifecycle.isStopping) return 0;
    lifecycle.stop(error);
    return 1;
  }
}

async function run(config: Config, log: Logger, lifecycle: Lifecycle): Promise<number> {
  const { signal } = lifecycle;
  const metrics = new ProcessMetrics({ version, revision: process.env['LUNRESYNC_REVISION'] ?? 'unknown' });
  const kubeConfig = loadKubeConfig(config.kubeconfig);
  const server = new ApiServer({ config: kubeConfig, version, onRequest: (request) => metrics.requested(request) });
  const identity = `${hostname()}_${randomUUID()}`;
  const events = new EventRecorder({
    server,
    reportingController: 'lunresync.io/lunresync-controller',
    reportingInstance: hostname().slice(0, 128),
    onLoss: (loss, error) => {
      metrics.eventLost(loss);
      if (error !== undefined) log.warn({ loss, err: error }, 'an Event was not written');
    },
  });
  const connections = new Connections(tlsSecretReader(server, config.operatorNamespace), () => performance.now());
  const parts = await assemble({ config, log, server, metrics, events, connections, signal });
  const election = new LeaderElection({
    server,
    namespace: config.operatorNamespace,
    name: config.leaseName,
    identity,
    report: (error) => log.debug({ err: error }, 'the lease could not be had'),
  });
  const health = await serveHealth(config, metrics, parts);
  log.info({ identity, cluster: parts.controller.world.clusterID }, 'operator started');
  const work = lead(config, election, parts, lifecycle).catch((error: unknown) => {
    if (!lifecycle.isStopping) lifecycle.stop(error);
  });
  await lifecycle.stopping;
  return lifecycle.runStopSteps([
    { name: 'controller', deadlineMs: 20_000, stop: () => work },
    { name: 'events', deadlineMs: 6_000, stop: () => events.flush(5_000) },
    { name: 'lease', deadlineMs: 6_000, stop: () => election.release() },
    { name: 'connections', deadlineMs: 1_000, stop: () => connections.close() },
    { name: 'health', deadlineMs: 1_000, stop: () => health?.close() },
    { name: 'api server', deadlineMs: 2_000, stop: () => kubeConfig.close() },
  ]);
}

/** Works while leading; leadership that is lost ends the process, whose successor begins from the objects. */
async function lead(config: Config, election: LeaderElection, parts: Parts, lifecycle: Lifecycle): Promise<void> {
  await parts.synced;
  if (!config.leaderElect) return runController(parts.controller, lifecycle.signal);
  const leading = await election.acquire(lifecycle.signal);
  parts.onLeading(true);
  leading.addEventListener('abort', () => {
    parts.onLeading(false);
    if (!lifecycle.isStopping) lifecycle.stop(leading.reason);
  });
  return runController(parts.controller, AbortSignal.any([lifecycle.signal, leading]));
}

type Parts = {
  readonly controller: ControllerParts;
  readonly synced: Promise<unknown>;
  readonly hasSynced: () => boolean;
  readonly onLeading: (isLeader: boolean) => void;
};

type Assembly = {
  readonly config: Config;
  readonly log: Logger;
  readonly server: ApiServer;
  readonly metrics: ProcessMetrics;
  readonly events: EventRecorder;
  readonly connections: Connections;
  readonly signal: AbortSignal;
};

/** The local copies of both kinds, running, and what the loop does with them. */
type Stores = {
  readonly resyncs: Reflector<LunResync>;
  readonly storageArrays: Reflector<StorageArray>;
  readonly store: ResyncStore;
  readonly arrayStore: StorageArrayStore;
  readonly arrays: Arrays;
};

async function assemble(assembly: Assembly): Promise<Parts> {
  const { config, log, server, metrics, connections, signal } = assembly;
  const clusterID = await clusterIdentity(server, signal);
  const stores = openStores(assembly);
  const { resyncs, storageArrays, store, arrays } = stores;
  const runMetrics = new RunMetrics({
    registry: metrics.registry,
    outcomes: runOutcomes(REASONS),
    runs: () => runSamples(resyncs.list()),
  });
  const world = worldOf(assembly, stores, { clusterID, report: resyncReport(log, runMetrics) });
  const queue: WorkQueue<string> = new WorkQueue({
    clock: systemClock,
    observer: metrics.observeQueue('lunresync', () => gaugesOf(queue)),
  });
  return {
    synced: Promise.all([resyncs.synced, storageArrays.synced]),
    hasSynced: () => resyncs.hasSynced && storageArrays.hasSynced,
    onLeading: (isLeader) => metrics.setLeader(config.leaseName, isLeader),
    controller: {
      world,
      arrayWorld: { store: stores.arrayStore, resyncs: store, arrays, clock: world.clock },
      sweep: { clusterID, store, report: sweepReport(log) },
      resyncs,
      storageArrays,
      queue,
      arrayQueue: new WorkQueue<string>({ clock: systemClock }),
      workers: config.workers,
      pause: (ms, pauseSignal) => pause(systemClock, ms, pauseSignal),
      onArrayGone: (name) => {
        connections.forget(name);
        runMetrics.forgetArray(name);
      },
      report: controllerReport(log, metrics),
    },
  };
}

function openStores({ config, log, server, metrics, connections, signal }: Assembly): Stores {
  const report = (what: ReflectorReport): void => {
    metrics.reflected(what);
    if ('error' in what) log.warn({ resource: what.resource, kind: what.kind, err: what.error }, 'reflector');
  };
  const resyncResource = lunResyncs(server);
  const arrayResource = storageArrayResource(server);
  const resyncs = new Reflector({ resource: resyncResource, selection: { namespace: config.namespace }, report });
  const storageArrays = new Reflector({ resource: arrayResource, report });
  for (const reflector of [resyncs, storageArrays]) void reflector.run(signal);
  return {
    resyncs,
    storageArrays,
    store: resyncStore(resyncResource, resyncs),
    arrayStore: storageArrayStore(arrayResource, storageArrays),
    arrays: {
      list: () => storageArrays.list(),
      get: (name) => storageArrays.get({ name }),
      client: (array, callSignal) => connections.client(array, callSignal),
    },
  };
}

function worldOf(
  { config, events }: Assembly,
  { resyncs, store, arrays }: Stores,
  { clusterID, report }: Pick<World, 'clusterID' | 'report'>,
): World {
  const clock = { now: (): number => Date.now(), monotonic: (): number => performance.now() };
  return {
    clusterID,
    store,
    arrays,
    clock,
    announce: ({ metadata: { namespace, name, uid } }, announcement) => {
      const regarding = { apiVersion: API_VERSION, kind: LUN_RESYNC_KIND, namespace, name, uid };
      events.record({ regarding, ...announcement });
    },
    settings: config,
    activity: new Activity(clock.monotonic),
    slots: new Slots(() => resyncs.list()),
    identities: new Identities(clock.monotonic),
    report,
  };
}

function gaugesOf(queue: WorkQueue<string>): { readonly depth: number; readonly unfinishedMs: readonly number[] } {
  return { depth: queue.depth, unfinishedMs: queue.unfinishedMs };
}

/** The uid of namespace kube-system: the nearest thing to a name that every cluster has and no two share. */
async function clusterIdentity(server: ApiServer, signal: AbortSignal): Promise<string> {
  const namespaces = new Resource(server, {
    group: '',
    version: 'v1',
    plural: 'namespaces',
    parse: ({ metadata }) => ({ metadata }),
  });
  for (;;) {
    const found = await namespaces.get({ name: 'kube-system' }, { signal });
    if (found !== undefined) return found.metadata.uid;
    await pause(systemClock, 1_000, signal);
    signal.throwIfAborted();
  }
}

/** Every call that a worker makes has a deadline of its own; one that is busy for so long will not come back. */
const STUCK_MS = 300_000;

function stuckWorker(queue: WorkQueue<string>): string | undefined {
  const longest = Math.max(0, ...queue.unfinishedMs);
  return longest < STUCK_MS ? undefined : `a worker has been busy with one object for ${Math.round(longest / 1000)} s`;
}

async function serveHealth(
  config: Config,
  metrics: ProcessMetrics,
  parts: Parts,
): Promise<{ close(): Promise<void> } | undefined> {
  if (config.healthAddress === undefined) return undefined;
  return startHealthServer({
    address: config.healthAddress,
    live: { workers: () => stuckWorker(parts.controller.queue) },
    ready: { informers: () => (parts.hasSynced() ? undefined : 'the first lists have not been read') },
    metrics: () => metrics.render(),
  });
}
