// Point 19: alerts, runbooks and metrics against each other and against an operator that works.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { runProgram } from '../../test/deploy/helm.ts';
import { differencesOf } from './commands.ts';
import { runToEnd } from './copies.ts';
import type { Findings } from './findings.ts';
import type { World } from './world.ts';

const ROOT = join(import.meta.dirname, '..', '..');

type Rules = { readonly groups: readonly { readonly rules: readonly { readonly alert: string }[] }[] };

/** The rules by promtool, a runbook for each alert, and the page of metrics by /metrics. */
export async function monitored(world: World, findings: Findings): Promise<void> {
  const tested = await runProgram('promtool', ['test', 'rules', 'alerts_test.yaml']);
  findings.expect(
    tested.code === 0,
    `promtool test rules ends with ${tested.code}: ${tested.output.trim().split('\n').at(-1)?.trim()}`,
  );
  const { groups } = load(await readFile(join(ROOT, 'deploy', 'monitoring', 'alerts.yaml'), 'utf8')) as Rules;
  const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  const missing = alerts.filter((alert) => !existsSync(join(ROOT, 'docs', 'runbooks', `${alert}.md`)));
  findings.expect(
    alerts.length > 0 && missing.length === 0,
    `${alerts.length} alerts, without a runbook: ${missing.join(', ') || 'none'}`,
  );
  const ground = await world.processes();
  await runToEnd(ground, 'measured');
  const text = await (await fetch(ground.metricsURL)).text();
  const served = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  const own = served.filter((line) => !/^(process|nodejs)_/.test(line));
  const page = await readFile(join(ROOT, 'docs', 'reference', 'metrics.md'), 'utf8');
  const listed = [...page.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name, type]) => `${name} ${type}`);
  const differing = differencesOf(own, listed);
  findings.expect(
    listed.length > 0 && differing.length === 0,
    `${listed.length} metrics on the page, ${own.length} in /metrics, differing: ${differing.join(', ') || 'none'}`,
  );
}
