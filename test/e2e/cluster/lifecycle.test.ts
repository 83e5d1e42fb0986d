// What users do to a run: suspend, resume, cancel, wait for it, have it deleted in time.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { isExpected } from '../support/engine.ts';
import { type Run, reasonOf, useRuns } from '../support/runs.ts';

const README = join(import.meta.dirname, '..', '..', '..', 'README.md');

describe.skipIf(!isExpected('cluster'))('a run', () => {
  const runs = useRuns();

  it('that is suspended does not start, and starts when it is resumed', async () => {
    const { array, start, until: untilSo, patch, ended } = runs();
    const run = await start('suspended', { spec: { suspend: true } });
    await untilSo(run, 'that it is suspended', (it) => reasonOf(it) === 'Suspended');
    expect(await array.startedFor(run.uid)).toEqual([]);
    expect(await array.digest(run.name)).toBe(run.before);
    await patch(run, { suspend: false });
    expect(reasonOf(await ended(run))).toBe('Completed');
  });

  it('whose copy is cancelled is rolled back', async () => {
    const { array, startHeld, patch, ended } = runs();
    const run = await startHeld('cancelled');
    await patch(run, { cancel: true });
    await until(
      () => 'CancelOperation',
      async () => (await array.cancelledFor(run.uid)).length > 0,
    );
    await array.letCopiesRun();
    const resync = await ended(run);
    expect(reasonOf(resync)).toBe('Cancelled');
    expect(resync.status.dataState).toBe('RolledBack');
    expect(await array.digest(run.name)).toBe(run.before);
  });

  it('is deleted after its TTL, unless Argo CD would create it again: then it stays, and one Warning says why', async () => {
    const { cluster, start, ended, gone } = runs();
    const spec = { ttlSecondsAfterFinished: 1 };
    const annotations = { 'argocd.argoproj.io/tracking-id': 'shop:lunresync.io/LunResync:runs/of-argo-cd' };
    const tracked = await start('of-argo-cd', { spec, annotations });
    await ended(tracked);
    // Ends later and has the same TTL: when it is gone, the other one has outlived its own.
    await gone(await start('of-nobody', { spec }));
    expect(reasonOf(await ended(tracked))).toBe('Completed');
    const mine = `--field-selector=involvedObject.name=${tracked.name},reason=TTLIgnored`;
    const shown = ['--output=jsonpath={range .items[*]}{.type} {.count} {.note}{.message}{"\\n"}{end}'];
    const events = await cluster.kubectl('get', 'events', '--namespace=runs', mine, ...shown);
    expect(events.trim().split('\n')).toEqual([expect.stringMatching(/^Warning .*Argo CD/)]);
  });

  it('is waited for with the commands of README.md', async () => {
    const { start, startHeld, patch, array, cluster } = runs();
    const commands = await waitCommands();
    expect(commands).toHaveLength(3);
    const [success = '', end = '', why = ''] = commands;
    const done = await start('waited-for');
    await cluster.shell(forRun(success, done));
    await cluster.shell(forRun(end, done));
    expect(await cluster.shell(forRun(why, done))).toBe('Completed');
    const cancelled = await startHeld('waited-for-in-vain');
    const waited = cluster.shell(forRun(end, cancelled));
    await patch(cancelled, { cancel: true });
    await until(
      () => 'CancelOperation',
      async () => (await array.cancelledFor(cancelled.uid)).length > 0,
    );
    await array.letCopiesRun();
    await waited;
    expect(await cluster.shell(forRun(why, cancelled))).toBe('Cancelled');
    await expect(cluster.shell(forRun(success, cancelled).replace('6h', '1s'))).rejects.toThrow(/timed out/);
  });
});

/** The lines of the section "Waiting for it" that are commands. */
async function waitCommands(): Promise<string[]> {
  const [, section = ''] = /^## Waiting for it\n([^]*?)^## /m.exec(await readFile(README, 'utf8')) ?? [];
  return section.split('\n').filter((line) => line.startsWith('kubectl '));
}

function forRun(command: string, { name, namespace }: Run): string {
  return command.replace('kubectl ', `kubectl --namespace=${namespace} `).replace('restore-shop', name);
}
