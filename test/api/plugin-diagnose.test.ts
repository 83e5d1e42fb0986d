// `kubectl lunresync diagnose`: what is in it, and above all what is not.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startLoggingPod } from '../support/kubelet.ts';
import { type PluginResult, runPlugin } from '../support/plugin.ts';
import { lunPair, MIB, type Scene, startScene } from '../support/scene.ts';
import { createArray, untilEvent } from './acceptance.ts';

const SECRET = 'correct-horse-battery-staple';

let scene: Scene;
let folder: string;

beforeAll(async () => {
  scene = await startScene(inject('cluster'));
  folder = await mkdtemp(join(tmpdir(), 'lunresync-diagnose-'));
  for (const name of ['payroll', 'foreign']) {
    await scene.lun(`lun-${name}-src`, MIB, `${name} source`);
    await scene.lun(`lun-${name}-dst`, MIB, `${name} target`);
    const annotations = { 'example.com/note': SECRET };
    await scene.apply(name, { pairs: [lunPair('data', `lun-${name}-src`, `lun-${name}-dst`)] }, annotations);
    await scene.finished(name);
  }
  await untilEvent(scene, 'payroll', ({ reason }) => reason === 'ResyncCompleted');
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const diagnose = (...args: readonly string[]): Promise<PluginResult> => {
  const place = ['--operator-namespace', scene.namespace, '-n', scene.namespace];
  return runPlugin(scene.cluster, ['diagnose', 'payroll', ...place, ...args]);
};

/** The parts by their names, as somebody reads them who was sent the file. */
function partsOf(yaml: string): Record<string, unknown> {
  return Object.assign({}, ...(loadAll(yaml) as object[])) as Record<string, unknown>;
}

describe('a diagnosis', () => {
  it('has the object, its Events, its array and the operator’s log of it, without LUN ids, secrets and other runs', async () => {
    await createArray(scene, `other-${scene.namespace}`);
    const log = (): string => {
      const leak = { level: 'warn', msg: 'refused', resync: `${scene.namespace}/payroll`, token: SECRET };
      return [...scene.operator.log, leak].map((line) => JSON.stringify(line)).join('\n');
    };
    const labels = { 'app.kubernetes.io/name': 'lunresync' };
    await using _kubelet = await startLoggingPod(scene.cluster, {
      name: 'operator-0',
      namespace: scene.namespace,
      labels,
      log,
    });
    const { code, stdout, stderr } = await diagnose();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const hidden of ['lun-payroll', 'lun-foreign', SECRET, 'other-', '/foreign'])
      expect(stdout).not.toContain(hidden);
    expect(partsOf(stdout)).toMatchObject({
      about: { what: `LunResync ${scene.namespace}/payroll`, notRead: [] },
      lunResync: {
        metadata: { name: 'payroll', annotations: { 'example.com/note': '<redacted>' } },
        spec: { pairs: [{ source: { lunID: '<lun 1>' }, target: { lunID: '<lun 2>' } }] },
        status: { dataState: 'MatchesSource', pairs: [{ source: { lunID: '<lun 1>' }, target: { lunID: '<lun 2>' } }] },
      },
      events: expect.arrayContaining([expect.objectContaining({ reason: 'ResyncCompleted' })]),
      storageArrays: [{ metadata: { name: scene.arrayName }, spec: { endpoint: scene.array.endpoint } }],
      operatorLogs: [
        {
          pod: `${scene.namespace}/operator-0`,
          lines: expect.arrayContaining([
            expect.objectContaining({ msg: 'called the array' }),
            expect.objectContaining({ msg: 'run ended', reason: 'Completed' }),
            expect.objectContaining({ msg: 'refused', token: '<redacted>' }),
          ]),
        },
      ],
    });
  });

  it('is written to a new file for its owner only, and names what could not be read', async () => {
    const file = join(folder, 'payroll.yaml');
    const args = ['--file', file, '--operator-selector', 'app=absent'];
    expect(await diagnose(...args)).toEqual({ code: 0, stdout: `${file} written\n`, stderr: '' });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(partsOf(await readFile(file, 'utf8'))['about']).toMatchObject({
      notRead: ['operator logs: no Pod with label app=absent was found'],
    });
    const again = await diagnose(...args);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/it exists already; choose another --file/) });
  });
});
