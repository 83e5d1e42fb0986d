import { describe, expect, it } from 'vitest';
import { WorkQueue } from '../../src/controller/queue.ts';
import { ProcessMetrics } from '../../src/daemon/metrics.ts';
import { RunMetrics, type RunSample } from '../../src/daemon/run-metrics.ts';
import { ManualClock } from '../kubernetes/manual-clock.ts';

const OUTCOMES = [
  { result: 'succeeded', reason: 'Completed' },
  { result: 'failed', reason: 'TargetInUse' },
] as const;

async function linesOf(metrics: ProcessMetrics, prefix: string): Promise<string[]> {
  const { body } = await metrics.render();
  return body.split('\n').filter((line) => line.startsWith(prefix));
}

function processMetrics(): ProcessMetrics {
  return new ProcessMetrics({ version: '1.2.3', revision: 'abc' });
}

describe('ProcessMetrics', () => {
  it('counts reconciles, requests and leadership under the names of controller-runtime and client-go', async () => {
    const metrics = processMetrics();
    metrics.reconciled('lunresync', 'success', 0.02);
    metrics.reconciled('lunresync', 'error', 0.02);
    metrics.requested({ method: 'PATCH', verb: 'patch', resource: 'lunresyncs', subresource: 'status', code: 409 });
    metrics.requested({ method: 'GET', verb: 'list', resource: 'lunresyncs', subresource: '', code: 0 });
    metrics.setLeader('lunresync', true);
    expect(await linesOf(metrics, 'controller_runtime_reconcile_total')).toEqual([
      'controller_runtime_reconcile_total{controller="lunresync",result="success"} 1',
      'controller_runtime_reconcile_total{controller="lunresync",result="error"} 1',
    ]);
    expect(await linesOf(metrics, 'controller_runtime_reconcile_errors')).toEqual([
      'controller_runtime_reconcile_errors_total{controller="lunresync"} 1',
    ]);
    expect(await linesOf(metrics, 'rest_client')).toEqual([
      'rest_client_requests_total{code="409",method="PATCH",verb="patch",resource="lunresyncs/status"} 1',
      'rest_client_requests_total{code="<error>",method="GET",verb="list",resource="lunresyncs"} 1',
    ]);
    expect(await linesOf(metrics, 'leader')).toEqual(['leader_election_master_status{name="lunresync"} 1']);
  });

  it('follows a work queue', async () => {
    const metrics = processMetrics();
    const clock = new ManualClock();
    const observer = metrics.observeQueue('lunresync', () => queue);
    const queue = new WorkQueue<string>({ clock, observer });
    queue.add('a');
    queue.add('b');
    await queue.get();
    clock.advance(2_500);
    const lines = await linesOf(metrics, 'workqueue_');
    expect(lines).toContain('workqueue_depth{name="lunresync"} 1');
    expect(lines).toContain('workqueue_adds_total{name="lunresync"} 2');
    expect(lines).toContain('workqueue_retries_total{name="lunresync"} 0');
    expect(lines).toContain('workqueue_unfinished_work_seconds{name="lunresync"} 2.5');
    expect(lines).toContain('workqueue_queue_duration_seconds_count{name="lunresync"} 1');
  });

  it('says what runs', async () => {
    const [line] = await linesOf(processMetrics(), 'lunresync_build_info');
    expect(line).toBe(`lunresync_build_info{version="1.2.3",revision="abc",node_version="${process.version}"} 1`);
  });
});

describe('RunMetrics', () => {
  it('begins every outcome at 0, so that the first failure raises an alert', async () => {
    const metrics = processMetrics();
    const runs = new RunMetrics({ registry: metrics.registry, outcomes: OUTCOMES, runs: () => [] });
    runs.runFinished(OUTCOMES[0], 90);
    expect(await linesOf(metrics, 'lunresync_operations_finished_total')).toEqual([
      'lunresync_operations_finished_total{result="succeeded",reason="Completed"} 1',
      'lunresync_operations_finished_total{result="failed",reason="TargetInUse"} 0',
    ]);
    expect(await linesOf(metrics, 'lunresync_operation_duration_seconds_sum')).toEqual([
      'lunresync_operation_duration_seconds_sum{result="succeeded"} 90',
    ]);
  });

  it('shows the runs as they are at each scrape, and progress only while they are active', async () => {
    const metrics = processMetrics();
    let samples: RunSample[] = [
      { namespace: 'shop', name: 'a', reason: 'Copying', progress: { copiedBytes: 25, totalBytes: 100, atSeconds: 7 } },
      { namespace: 'shop', name: 'b', reason: 'Completed' },
      { namespace: 'shop', name: 'c', reason: 'Completed' },
    ];
    new RunMetrics({ registry: metrics.registry, outcomes: OUTCOMES, runs: () => samples });
    expect(await linesOf(metrics, 'lunresync_operations{')).toEqual([
      'lunresync_operations{namespace="shop",reason="Copying"} 1',
      'lunresync_operations{namespace="shop",reason="Completed"} 2',
    ]);
    expect(await linesOf(metrics, 'lunresync_progress_ratio{')).toEqual([
      'lunresync_progress_ratio{namespace="shop",name="a"} 0.25',
    ]);
    expect(await linesOf(metrics, 'lunresync_remaining_bytes{')).toEqual([
      'lunresync_remaining_bytes{namespace="shop",name="a"} 75',
    ]);
    expect(await linesOf(metrics, 'lunresync_last_progress_timestamp_seconds{')).toHaveLength(1);
    samples = [];
    expect(await linesOf(metrics, 'lunresync_progress_ratio{')).toEqual([]);
    expect(await linesOf(metrics, 'lunresync_operations{')).toEqual([]);
  });

  it.each([
    ['there are none', { count: 0, allocatedBytes: 0 }],
    ['nothing is known of them', undefined],
  ])('says nothing of safety snapshots when %s', async (_, usage) => {
    const metrics = processMetrics();
    const runs = new RunMetrics({ registry: metrics.registry, outcomes: OUTCOMES, runs: () => [] });
    runs.setSafetySnapshots('array-a', { count: 2, allocatedBytes: 4096 });
    runs.setSafetySnapshots('array-a', usage);
    expect(await linesOf(metrics, 'lunresync_safety_snapshot')).toEqual([]);
  });

  it('counts bytes and calls of each array, and forgets whether a deleted one is up', async () => {
    const metrics = processMetrics();
    const runs = new RunMetrics({ registry: metrics.registry, outcomes: OUTCOMES, runs: () => [] });
    runs.bytesCopied('array-a', 100);
    runs.bytesCopied('array-a', -40);
    runs.arrayRequested({ array: 'array-a', operation: 'GetLuns', code: 'OK', seconds: 0.02 });
    runs.setArrayUp('array-a', false);
    expect(await linesOf(metrics, 'lunresync_copied')).toEqual(['lunresync_copied_bytes_total{array="array-a"} 100']);
    expect(await linesOf(metrics, 'lunresync_array_up')).toEqual(['lunresync_array_up{array="array-a"} 0']);
    expect(await linesOf(metrics, 'lunresync_array_requests')).toEqual([
      'lunresync_array_requests_total{array="array-a",operation="GetLuns",code="OK"} 1',
    ]);
    runs.setSafetySnapshots('array-a', { count: 2, allocatedBytes: 4096 });
    expect(await linesOf(metrics, 'lunresync_safety_snapshot')).toEqual([
      'lunresync_safety_snapshots{array="array-a"} 2',
      'lunresync_safety_snapshot_allocated_bytes{array="array-a"} 4096',
    ]);
    runs.forgetArray('array-a');
    expect(await linesOf(metrics, 'lunresync_array_up')).toEqual([]);
    expect(await linesOf(metrics, 'lunresync_safety_snapshot')).toEqual([]);
  });
});
