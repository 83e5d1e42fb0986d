/** The operator's composition root: configuration, adapters, controller, and an end in good order. Imported by nothing. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { API_VERSION, LUN_RESYNC_KIND } from './api/names.ts';
import { Connections } from './array-client/connections.ts';
import { assembleLoop, type ControlLoop } from './control-loop.ts';
import type { Announcer } from './controller/ports.ts';
import type { WorkQueue } from './controller/queue.ts';
import { REASONS } from './core/reasons.ts';
import { type CommandLine, type Config, parseCommandLine } from './daemon/config.ts';
import { startHealthServer } from './daemon/health.ts';
import { Lifecycle } from './daemon/lifecycle.ts';
import { createLogger } from './daemon/log.ts';
import { ProcessMetrics } from './daemon/metrics.ts';
import { controllerReport, lifecycleReport, reflectorReport, resyncReport, sweepReport } from './daemon/reports.ts';
import { RunMetrics } from './daemon/run-metrics.ts';
import { runOutcomes, runSamples } from './daemon/run-samples.ts';
import { programVersion } from './daemon/version.ts';
import { pause, systemClock } from './kubernetes/clock.ts';
import { EventRecorder } from './kubernetes/events.ts';
import { ApiServer, type ApiTransport } from './kubernetes/http.ts';
import { loadKubeConfig } from './kubernetes/kube-config.ts';
import { LeaderElection } from './kubernetes/lease.ts';
import { Resource } from './kubernetes/resource.ts';
import { tlsSecretReader } from './kubernetes/tls-secret.ts';
import { VolumeCopies } from './kubernetes/volumes.ts';

/** Every call that a worker makes has a deadline of its own; one that is busy for so long will not come back. */
const STUCK_MS = 300_000;

// This module is evaluated for as long as the operator runs: a constant below the next lines would never get its value.
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
  const clusterID = await clusterIdentity(server, signal);
  const parts = assemble({ config, log, server, metrics, events, clusterID, signal });
  const election = new LeaderElection({
    server,
    namespace: config.operatorNamespace,
    name: config.leaseName,
    identity,
    timing: config.leaseTiming,
    report: (error) => log.debug({ err: error }, 'the lease could not be had'),
  });
  const health = await serveHealth(config, metrics, parts);
  log.info({ identity, cluster: clusterID }, 'operator started');
  const work = lead(config, election, parts, lifecycle).catch((error: unknown) => {
    if (!lifecycle.isStopping) lifecycle.stop(error);
  });
  await lifecycle.stopping;
  return lifecycle.runStopSteps([
    { name: 'controller', deadlineMs: 20_000, stop: () => work },
    { name: 'events', deadlineMs: 6_000, stop: () => events.flush(5_000) },
    { name: 'lease', deadlineMs: 6_000, stop: () => election.release() },
    { name: 'connections', deadlineMs: 1_000, stop: () => parts.connections.close() },
    { name: 'health', deadlineMs: 1_000, stop: () => health?.close() },
    { name: 'api server', deadlineMs: 2_000, stop: () => kubeConfig.close() },
  ]);
}

/** Works while leading; leadership that is lost ends the process, whose successor begins from the objects. */
async function lead(config: Config, election: LeaderElection, parts: Parts, lifecycle: Lifecycle): Promise<void> {
  await parts.loop.synced;
  if (!config.leaderElect) return parts.loop.run(lifecycle.signal);
  // So that the metric is there, and is 0, while nobody leads.
  parts.onLeading(false);
  const leading = await election.acquire(lifecycle.signal);
  parts.onLeading(true);
  leading.addEventListener('abort', () => {
    parts.onLeading(false);
    if (!lifecycle.isStopping) lifecycle.stop(leading.reason);
  });
  return parts.loop.run(AbortSignal.any([lifecycle.signal, leading]));
}

type Parts = {
  readonly loop: ControlLoop;
  readonly connections: Connections;
  readonly hasSynced: () => boolean;
  readonly onLeading: (isLeader: boolean) => void;
};

type Assembly = {
  readonly config: Config;
  readonly log: Logger;
  readonly server: ApiTransport;
  readonly metrics: ProcessMetrics;
  readonly events: EventRecorder;
  readonly clusterID: string;
  readonly signal: AbortSignal;
};

function assemble({ config, log, server, metrics, events, clusterID, signal }: Assembly): Parts {
  const runMetrics = new RunMetrics({
    registry: metrics.registry,
    outcomes: runOutcomes(REASONS),
    runs: () => runSamples(loop.resyncs.list()),
  });
  const connections = new Connections(
    tlsSecretReader(server, config.operatorNamespace),
    () => performance.now(),
    (array, { method, code, seconds }) => runMetrics.arrayRequested({ array, operation: method, code, seconds }),
  );
  const loop: ControlLoop = assembleLoop(
    {
      server,
      clock: systemClock,
      clusterID,
      namespace: config.namespace,
      settings: config,
      workers: config.workers,
      client: (array, callSignal) => connections.client(array, callSignal),
      onArrayGone: (name) => {
        connections.forget(name);
        runMetrics.forgetArray(name);
      },
      announce: announcer(events),
      report: {
        resync: resyncReport(log, runMetrics),
        controller: controllerReport(log, metrics, runMetrics),
        sweep: sweepReport(log),
        reflector: reflectorReport(log, metrics),
      },
      volumes: (onChange) =>
        new VolumeCopies(
          { server, namespace: config.namespace, report: reflectorReport(log, metrics), onChange },
          signal,
        ),
      observeQueue: metrics.observeQueue('lunresync', () => gaugesOf(loop.queue)),
    },
    signal,
  );
  return {
    loop,
    connections,
    hasSynced: () => loop.resyncs.hasSynced && loop.storageArrays.hasSynced,
    onLeading: (isLeader) => metrics.setLeader(config.leaseName, isLeader),
  };
}

function announcer(events: EventRecorder): Announcer {
  return ({ metadata: { namespace, name, uid } }, announcement) => {
    const regarding = { apiVersion: API_VERSION, kind: LUN_RESYNC_KIND, namespace, name, uid };
    events.record({ regarding, ...announcement });
  };
}

function gaugesOf(queue: WorkQueue<string>): { readonly depth: number; readonly unfinishedMs: readonly number[] } {
  return { depth: queue.depth, unfinishedMs: queue.unfinishedMs };
}

/** The uid of namespace kube-system: the nearest thing to a name that every cluster has and no two share. */
async function clusterIdentity(server: ApiTransport, signal: AbortSignal): Promise<string> {
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
    live: { workers: () => stuckWorker(parts.loop.queue) },
    ready: { informers: () => (parts.hasSynced() ? undefined : 'the first lists have not been read') },
    metrics: () => metrics.render(),
  });
}
