/** What the parts report, as log lines and metrics. */
import type { Logger } from 'pino';
import type { ControllerReport, Report, SweepReport } from '../controller/ports.ts';
import { reasonOf } from '../core/reasons.ts';
import type { LifecycleReport } from './lifecycle.ts';
import type { ProcessMetrics } from './metrics.ts';
import type { RunMetrics } from './run-metrics.ts';
import { resultOf } from './run-samples.ts';

export function lifecycleReport(log: Logger): LifecycleReport {
  return {
    onSignal: (signal) => log.info({ signal }, 'stopping'),
    onFatal: (error) => log.fatal({ err: error }, 'the operator ends'),
    onStopFailed: (step, error) => log.error({ step, err: error }, 'a part did not stop in order'),
  };
}

/** `resync`, namespace/name, is in every line about one. */
export function resyncReport(log: Logger, metrics: RunMetrics): Report {
  return {
    onAction: ({ metadata, status }, action, answer) =>
      log.info(
        { resync: `${metadata.namespace}/${metadata.name}`, operation: status.operationID, action, answer },
        'called the array',
      ),
    onEnded: ({ metadata, status }, reason) => {
      log.info({ resync: `${metadata.namespace}/${metadata.name}`, reason, dataState: status.dataState }, 'run ended');
      const result = resultOf(reason, reasonOf(reason));
      if (result !== undefined)
        metrics.runFinished({ result, reason }, secondsOf(status.startTime, status.completionTime));
    },
    onProgress: ({ status }, bytes) => metrics.bytesCopied(status.arrayName ?? '', bytes),
    onArrayAnswer: (arrayName, answered) => metrics.setArrayUp(arrayName, answered),
  };
}

export function sweepReport(log: Logger): SweepReport {
  return ({ operationID, owner }, action, answer) =>
    log.warn({ operation: operationID, owner, action, answer }, 'swept an operation that no object declares');
}

/** What a reflector reports, as far as logs and metrics tell of it. */
type Reflected = {
  readonly resource: string;
  readonly kind: string;
  readonly why?: string;
  readonly error?: unknown;
};

export function reflectorReport(log: Logger, metrics: ProcessMetrics): (reflected: Reflected) => void {
  return (reflected) => {
    metrics.reflected(reflected);
    const { resource, kind, error } = reflected;
    if (error !== undefined) log.warn({ resource, kind, err: error }, 'reflector');
  };
}

/** How controller-runtime names the outcomes. */
const RESULTS = { done: 'success', again: 'requeue_after', error: 'error' } as const;

export function controllerReport(log: Logger, metrics: ProcessMetrics, runMetrics: RunMetrics): ControllerReport {
  return {
    onReconciled: ({ controller, key, outcome, seconds, error }) => {
      metrics.reconciled(controller, RESULTS[outcome], seconds);
      if (error !== undefined) log.error({ controller, key, err: error }, 'reconcile failed and is tried again');
    },
    onArrayTaskFailed: (array, task, error) =>
      log.debug({ array, task, err: error }, 'a task at the array is tried again'),
    onSnapshotUsage: (array, usage) => runMetrics.setSafetySnapshots(array, usage),
  };
}

function secondsOf(start: string | undefined, end: string | undefined): number | undefined {
  return start === undefined || end === undefined ? undefined : (Date.parse(end) - Date.parse(start)) / 1000;
}
