// What a Prometheus reads from a real operator, and whether the page of metrics says the same.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { BUILD_MS, only, render } from '../deploy/helm.ts';
import { freePort } from '../support/free-port.ts';
import { startOperator } from '../support/operator.ts';
import { lunPair, MIB, type Scene, startScene } from '../support/scene.ts';
import { until } from '../support/until.ts';

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'reference', 'metrics.md'), 'utf8');

let scene: Scene;
let url: string;

beforeAll(async () => {
  const address = `127.0.0.1:${await freePort()}`;
  url = `http://${address}`;
  scene = await startScene(inject('cluster'), { operatorFlags: ['--health-address', address, '--leader-elect'] });
  await scene.lun('source', MIB, 'source');
  await scene.lun('target', MIB);
  await scene.apply('run', { pairs: [lunPair('data', 'source', 'target')] });
  await scene.finished('run');
});

afterAll(() => scene[Symbol.asyncDispose]());

async function scrape(): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

/** The lines of a metric, sorted, without the name of the array, which is another in each run. */
async function linesOf(name: string): Promise<string[]> {
  const lines = (await scrape()).split('\n').filter((line) => line.startsWith(`${name}{`));
  return lines.map((line) => line.replaceAll(scene.arrayName, 'array-a')).toSorted();
}

it('an operator at work says that it lives and is ready', async () => {
  const answers = await Promise.all(['livez', 'readyz'].map(async (path) => fetch(`${url}/${path}`)));
  expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(['[+]workers ok\n', '[+]informers ok\n']);
});

describe('/metrics of an operator', () => {
  it('has the metrics that the page lists, with their types, and no others', async () => {
    const rows = PAGE.matchAll(/^\| `(\w+)` \| (\w+) \|/gm);
    const listed = [...rows].map(([, name, type]) => `${name} ${type}`);
    const types = (await scrape()).matchAll(/^# TYPE (\w+) (\w+)$/gm);
    const served = [...types].map(([, name, type]) => `${name} ${type}`);
    const own = served.filter((line) => !/^(process|nodejs)_/.test(line));
    expect(own.toSorted()).toEqual(listed.toSorted());
  });

  it('says how a run ended and what was copied', async () => {
    const finished = await linesOf('lunresync_operations_finished_total');
    expect(finished.filter((line) => !line.endsWith(' 0'))).toEqual([
      'lunresync_operations_finished_total{result="succeeded",reason="Completed"} 1',
    ]);
    expect(await linesOf('lunresync_copied_bytes_total')).toEqual([
      `lunresync_copied_bytes_total{array="array-a"} ${MIB}`,
    ]);
    expect(await linesOf('lunresync_operations')).toEqual([
      `lunresync_operations{namespace="${scene.namespace}",reason="Completed"} 1`,
    ]);
  });

  it('counts the calls to the array by method and status', async () => {
    const calls = await linesOf('lunresync_array_requests_total');
    expect(calls).toContain('lunresync_array_requests_total{array="array-a",operation="StartOperation",code="OK"} 1');
    expect(calls.some((line) => line.includes('operation="GetLuns",code="OK"'))).toBe(true);
    expect((await linesOf('lunresync_array_request_duration_seconds_count')).length).toBeGreaterThan(0);
  });

  it('says that the array does not answer, with the status of the calls', async () => {
    expect(await linesOf('lunresync_array_up')).toEqual(['lunresync_array_up{array="array-a"} 1']);
    await scene.array.stop();
    await scene.apply('lost', { pairs: [lunPair('data', 'source', 'target')] });
    await until(
      () => 'the array to be seen as down',
      async () => (await linesOf('lunresync_array_up')).includes('lunresync_array_up{array="array-a"} 0'),
    );
    const calls = await linesOf('lunresync_array_requests_total');
    expect(calls.some((line) => line.includes('code="UNAVAILABLE"'))).toBe(true);
  });

  it('says who leads: 1 while the lease is held', async () => {
    expect(await linesOf('leader_election_master_status')).toEqual([
      'leader_election_master_status{name="lunresync"} 1',
    ]);
  });
});

describe('what `helm test` runs', { timeout: BUILD_MS }, () => {
  /** The exit code of the test Pod's program, with another address than that of the Service. */
  async function helmTest(address: string): Promise<number> {
    const pod = only(await render(), 'Pod')['spec'] as {
      readonly containers: readonly { readonly command: readonly string[]; readonly args: readonly string[] }[];
    };
    const { command, args } = pod.containers[0]!;
    expect(command[0]).toBe('node');
    expect(args[1]).toBe('http://lunresync-metrics:8080');
    return new Promise((resolve) => {
      execFile(process.execPath, [...command.slice(1), args[0]!, address], (error) =>
        resolve(Number(error?.code ?? 0)),
      );
    });
  }

  it('passes against an operator that works, and fails where there is none', async () => {
    expect(await helmTest(url)).toBe(0);
    expect(await helmTest(`http://127.0.0.1:${await freePort()}`)).toBe(1);
  });
});

describe('an operator that stands by', () => {
  it('says 0, so that an alert can tell when nobody leads', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    await using standby = await startOperator({
      kubeconfigPath: scene.cluster.kubeconfigPath,
      namespace: scene.namespace,
      flags: ['--health-address', address, '--leader-elect'],
    });
    expect(standby.pid).toBeGreaterThan(0);
    await until(
      () => 'the metric of the standby',
      async () =>
        (await (await fetch(`http://${address}/metrics`)).text()).includes(
          'leader_election_master_status{name="lunresync"} 0',
        ),
    );
  });
});
