// What a user with kubectl sees: apply, wait, get, describe, on a real API server, a real operator and a real array.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { Step } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { type KubectlResult, kubectl } from '../support/api-client.ts';
import { MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import { conditionOf, order, setBandwidth, slowDown, untilCopying, untilEvent } from './acceptance.ts';
import { recordVersions } from './versions.ts';

const CONDITIONS = ['Ready', 'Reconciling', 'Stalled', 'Succeeded', 'TargetConsistent', 'UndoAvailable'];
const MOST_EVENTS = 8;

let scene: Scene;

beforeAll(async () => {
  scene = await startScene(inject('cluster'));
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

describe('a clean run as a user of kubectl sees it', () => {
  it('is applied from a YAML file and waited for by the condition Succeeded', async () => {
    await makePair('wait');
    const applied = await inNamespace(['apply', '-f', '-'], yaml('wait'));
    expect(applied.stdout).toBe('lunresync.lunresync.io/wait created\n');
    const waited = await inNamespace(['wait', '--for=condition=Succeeded', '--timeout=30s', 'lrs/wait']);
    expect(waited).toEqual({ code: 0, stdout: 'lunresync.lunresync.io/wait condition met\n', stderr: '' });
    expect(await scene.digest('wait-dst')).toBe(await scene.digest('wait-src'));
    const again = await inNamespace(['apply', '-f', '-'], yaml('wait'));
    expect(again.stdout).toBe('lunresync.lunresync.io/wait unchanged\n');
  });

  it('has all six conditions from the first status write on, and never fewer', async () => {
    await makePair('six');
    using versions = await recordVersions(scene, 'six');
    await inNamespace(['apply', '-f', '-'], yaml('six'));
    await scene.until('six', 'the watch shows the end', () => versions.all.at(-1)?.status.completionTime !== undefined);
    const written = versions.all.filter((version) => version.status.observedGeneration !== -1);
    expect(written.length).toBeGreaterThan(1);
    for (const { status } of written) {
      expect(status.conditions?.map((condition) => condition.type).toSorted()).toEqual(CONDITIONS);
    }
    const [first] = written;
    expect(first === undefined ? '' : conditionOf(first, 'Succeeded')?.status).toBe('Unknown');
  });

  it('tells its story in at most eight Events, which kubectl describe shows', async () => {
    await makePair('story');
    await inNamespace(['apply', '-f', '-'], yaml('story'));
    const events = await untilEvent(scene, 'story', ({ reason }) => reason === 'ResyncCompleted');
    expect(events.length).toBeLessThanOrEqual(MOST_EVENTS);
    expect(events.filter(({ type }) => type !== 'Normal')).toEqual([]);
    const { stdout } = await inNamespace(['describe', 'lrs', 'story']);
    const shown = stdout.slice(stdout.indexOf('\nEvents:'));
    for (const { reason, note } of events) expect(shown).toMatch(lineWith('Normal', reason, note));
  });
});

describe('the end of a run', () => {
  it.each([
    ['succeeds', true, 'Completed', 'True'],
    ['fails', false, 'ArrayVeto', 'False'],
  ])('is waited for by its completion time when the run %s', async (verb, works, reason, succeeded) => {
    const name = `end-${verb}`;
    await makePair(name);
    if (!works) await failCopyTo(`${name}-dst`);
    await inNamespace(['apply', '-f', '-'], yaml(name, '  backoffLimit: 0'));
    const waited = await inNamespace([
      'wait',
      '--for=jsonpath={.status.completionTime}',
      '--timeout=30s',
      `lrs/${name}`,
    ]);
    expect(waited).toEqual({ code: 0, stdout: `lunresync.lunresync.io/${name} condition met\n`, stderr: '' });
    const ended = await scene.finished(name);
    expect(reasonOf(ended)).toBe(reason);
    expect(conditionOf(ended, 'Succeeded')?.status).toBe(succeeded);
  });
});

describe('kubectl get lrs', () => {
  it('fits into 80 columns with a name of 20 characters, while the run copies and when it is finished', async () => {
    const name = 'restore-orders-night';
    expect(name).toHaveLength(20);
    await makePair(name, 64 * MIB);
    await slowDown(scene);
    await inNamespace(['apply', '-f', '-'], yaml(name));
    await untilCopying(scene, name);
    const running = await inNamespace(['get', 'lrs']);
    await setBandwidth(scene, 0);
    await scene.finished(name);
    const finished = await inNamespace(['get', 'lrs']);
    for (const { stdout } of [running, finished]) {
      expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
      expect(stdout).toMatch(/^NAME +STATUS +PROGRESS +PAIRS +DATA +AGE\n/);
    }
    expect(running.stdout).toMatch(/^restore-orders-night +Copying +\d+% of 64 MiB +0\/1 +Overwriting +\S+$/m);
    expect(finished.stdout).toMatch(/^restore-orders-night +Completed +100% of 64 MiB +1\/1 +MatchesSource +\S+$/m);
  });
});

/** LUNs `<name>-src` and `<name>-dst` with different bytes. */
async function makePair(name: string, sizeBytes = 4 * MIB): Promise<void> {
  await scene.lun(`${name}-src`, sizeBytes, `${name} source`);
  await scene.lun(`${name}-dst`, sizeBytes, `${name} target`);
}

/** What a user writes into a file, with further lines of the spec. */
function yaml(name: string, more = ''): string {
  return `apiVersion: lunresync.io/v1alpha1
kind: LunResync
metadata:
  name: ${name}
spec:
  arrayName: ${scene.arrayName}
  pairs:
  - name: data
    source: {lunID: ${name}-src}
    target: {lunID: ${name}-dst}
${more}
`;
}

function inNamespace(args: readonly string[], input = ''): Promise<KubectlResult> {
  return kubectl(scene.cluster, ['-n', scene.namespace, ...args], input);
}

async function failCopyTo(lunId: string): Promise<void> {
  const message = 'a shelf lost power';
  const remedy = 'Switch the shelf on';
  await order(scene, {
    action: FaultAction.FAIL,
    step: Step.COPYING,
    lunId,
    reason: 'VSS_E_PROVIDER_VETO',
    message,
    remedy,
  });
}

function lineWith(...cells: readonly string[]): RegExp {
  return new RegExp(cells.map((cell) => cell.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*'));
}
