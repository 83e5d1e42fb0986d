// Point 6: what a person sees who applies the sample and watches it: progress that rises, few Events, and a description
// that tells what happened.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { until } from '../../test/support/until.ts';
import { printed } from './commands.ts';
import { eventsOf, reasonOf, untilEnded } from './copies.ts';
import type { Findings } from './findings.ts';
import type { Ground } from './ground.ts';
import type { World } from './world.ts';

const SAMPLES = join(import.meta.dirname, '..', '..', 'deploy', 'samples');
const SAMPLE = 'refresh-staging';
const LUNS = ['golden-orders', 'nightly-invoices', 'staging-orders', 'staging-invoices'];
const MOST_EVENTS = 8;

/** Applies the samples of the administrator and of the user, and watches. */
export async function sampleTellsItsStory(world: World, findings: Findings): Promise<void> {
  const ground = await world.processes();
  const { kubectl, lunarray, namespace } = ground;
  for (const id of LUNS) {
    await lunarray(['create-lun', '--pool', 'pool', '--size', '24MiB', '--id', id]);
    await lunarray(['fill', id, '--seed', id]);
  }
  await lunarray(['bandwidth', '8MiB']);
  await applySampleArray(ground);
  const [program, ...args] = ground.kubectlCommand;
  const watch = spawn(program, [...args, 'get', 'lrs', `--namespace=${namespace}`, '--watch'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let shown = '';
  watch.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  const hasEnded = once(watch, 'close');
  try {
    await printed(kubectl(['apply', `--namespace=${namespace}`, '-f', join(SAMPLES, `${SAMPLE}.yaml`)]));
    const ended = await untilEnded(ground, SAMPLE);
    await until(
      () => `the watch to show the end; it shows ${shown}`,
      () => percents(shown).at(-1) === 100,
    );
    findings.expect(reasonOf(ended) === 'Completed', `the sample ${SAMPLE} ends with ${reasonOf(ended)}`);
  } finally {
    watch.kill();
    await hasEnded;
  }
  const seen = [...new Set(percents(shown))];
  const isRising = seen.length >= 3 && seen.every((percent, nth) => nth === 0 || percent > (seen[nth - 1] ?? 0));
  findings.expect(isRising, `kubectl get --watch shows ${seen.map((percent) => `${percent}%`).join(' ')}`);
  const events = await eventsOf(ground, SAMPLE);
  findings.expect(
    events.length <= MOST_EVENTS,
    `${events.length} Events: ${events.map(({ reason }) => reason).join(' ')}`,
  );
  const described = await printed(kubectl(['describe', 'lunresync', SAMPLE, `--namespace=${namespace}`]));
  const told = [
    ...events.map(({ note = '' }) => note),
    'MatchesSource',
    'Completed',
    'golden-orders',
    'staging-orders',
  ];
  const missing = told.filter((text) => !described.includes(text));
  findings.expect(
    missing.length === 0,
    `kubectl describe lacks ${missing.join(', ') || 'nothing of Events, LUNs, data state and reason'}`,
  );
}

/** The percentages of the sample in what `get --watch` printed. */
export function percents(shown: string): number[] {
  return [...shown.matchAll(new RegExp(`^${SAMPLE} .*?(\\d+)% of`, 'gm'))].map(([, percent]) => Number(percent));
}

/** The sample of the administrator, with the address of the array that is here and the namespace that is used here. */
async function applySampleArray({ kubectl, namespace, arrayName }: Ground): Promise<void> {
  const sample = load(await readFile(join(SAMPLES, 'storage-array.yaml'), 'utf8')) as {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly lunGrants: readonly object[] };
  };
  const { spec } = JSON.parse(await printed(kubectl(['get', 'storagearray', arrayName, '--output=json']))) as {
    readonly spec: { readonly endpoint: string };
  };
  const lunGrants = sample.spec.lunGrants.map((grant) => ({ ...grant, namespace }));
  const array = { ...sample, spec: { ...sample.spec, endpoint: spec.endpoint, tlsSecretName: undefined, lunGrants } };
  await printed(kubectl(['apply', '-f', '-'], JSON.stringify(array)));
}
