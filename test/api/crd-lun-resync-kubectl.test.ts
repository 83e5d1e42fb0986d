// What kubectl makes of the CustomResourceDefinitions.
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { kubectl, newNamespace, sendOk } from '../support/api-client.ts';
import type {} from '../support/control-plane-setup.ts';
import { condition, lunResync } from './objects.ts';

const cluster = inject('cluster');
let namespace: string;
let collection: string;

beforeAll(async () => {
  namespace = await newNamespace(cluster.admin, 'crd');
  collection = `/apis/lunresync.io/v1alpha1/namespaces/${namespace}/lunresyncs`;
});

describe('reading a LunResync with kubectl', () => {
  it.each([
    ['Completed', '100% of 2.9 TiB', '64/64', 'MatchesSource'],
    ['WaitingForTarget', undefined, '0/64', 'Untouched'],
    ['Copying', '42% of 2.9 TiB', '0/64', 'Overwriting'],
    ['ArrayUnreachable', '42%', '0/64', 'Overwriting'],
  ])('shows %s within 80 columns for a name of 20 characters', async (reason, display, pairsSummary, dataState) => {
    const name = `restore-${randomUUID().slice(0, 12).replace('-', 'x')}`;
    await sendOk(cluster.admin, 'POST', collection, lunResync({}, name));
    const message = 'orders is in use by Pod orders-0';
    const conditions = [condition('Succeeded', 'Unknown', reason, message)];
    const startTime = '2026-11-24T10:00:00Z';
    const status = { conditions, progress: { display }, pairsSummary, dataState, startTime, arrayName: 'array-a' };
    await sendOk(cluster.admin, 'PATCH', `${collection}/${name}/status`, { status });
    const { stdout } = await kubectl(cluster, ['get', 'lrs', name, '-n', namespace]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^NAME +STATUS +PROGRESS +PAIRS +DATA +AGE$/);
    expect(lines[1]).toMatch(new RegExp(`^${name} +${reason} +${display ?? ''} *${pairsSummary} +${dataState} +\\S+$`));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    const wide = await kubectl(cluster, ['get', 'lrs', name, '-n', namespace, '-o', 'wide']);
    expect(wide.stdout).toMatch(/AGE +STARTED +COMPLETED +ARRAY +MESSAGE\n/);
    expect(wide.stdout).toMatch(new RegExp(`array-a +${message}`));
  });

  it('explains every field of spec and status', async () => {
    for (const path of ['lunresync.spec', 'lunresync.status', 'storagearray.spec', 'storagearray.status']) {
      const recursive = await kubectl(cluster, ['explain', path, '--recursive']);
      expect(recursive.stdout).toContain('FIELDS:');
      const fields = await kubectl(cluster, ['explain', path]);
      expect(fields.stdout).not.toContain('<no description>');
    }
    const pairs = await kubectl(cluster, ['explain', 'lunresync.spec.pairs.source.lunID']);
    expect(pairs.stdout).toContain('lunGrants');
    expect(pairs.stdout).not.toContain('<empty>');
  });

  it('does not list it under `all`, but under lun-storage and its short name', async () => {
    const { stdout } = await kubectl(cluster, [
      'api-resources',
      '--api-group=lunresync.io',
      '-o',
      'wide',
      '--no-headers',
    ]);
    expect(stdout).toMatch(/lunresyncs +lrs .*lun-storage/);
    expect(stdout).not.toMatch(/\ball\b/);
  });

  it('accepts deploy/crds from kubectl apply, strictly checked', async () => {
    const { code, stderr } = await kubectl(cluster, [
      'apply',
      '--server-side',
      '--dry-run=server',
      '--force-conflicts',
      '-f',
      'deploy/crds',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
