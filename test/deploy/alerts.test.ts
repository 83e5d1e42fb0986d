// The alerts, by Prometheus' own promtool: their syntax, and when they fire.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { BUILD_MS, MONITORING, only, render, runProgram } from './helm.ts';
import { EVERYTHING } from './values.ts';

type Rule = { readonly alert: string; readonly expr: string; readonly annotations: Readonly<Record<string, string>> };
type Rules = { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
type Case = { readonly alertname: string; readonly exp_alerts?: readonly unknown[] };

const read = (file: string): unknown => load(readFileSync(join(MONITORING, file), 'utf8'));
const rules = (read('alerts.yaml') as Rules).groups.flatMap((group) => group.rules);
const cases = (read('alerts_test.yaml') as { tests: readonly { alert_rule_test: readonly Case[] }[] }).tests.flatMap(
  (test) => test.alert_rule_test,
);

describe('the alerts', { timeout: BUILD_MS }, () => {
  it('are rules that Prometheus accepts', async () => {
    const { code, output } = await runProgram('promtool', [
      'check',
      'rules',
      '--lint=all',
      '--lint-fatal',
      'alerts.yaml',
    ]);
    expect(output).toContain(`${rules.length} rules found`);
    expect(code).toBe(0);
  });

  it('fire, and stay quiet, as their cases say', async () => {
    const { code, output } = await runProgram('promtool', ['test', 'rules', 'alerts_test.yaml']);
    expect(output).toContain('SUCCESS');
    expect(code).toBe(0);
  });

  it.each(rules.map(({ alert }) => alert))('%s has a case in which it fires and one in which it does not', (alert) => {
    const firing = cases
      .filter(({ alertname }) => alertname === alert)
      .map(({ exp_alerts = [] }) => exp_alerts.length > 0);
    expect(firing).toContain(true);
    expect(firing).toContain(false);
  });

  it('are the same in the chart, but for the address of the runbooks', async () => {
    const { groups } = only(await render({ prometheusRule: { enabled: true } }), 'PrometheusRule')['spec'] as Rules;
    expect(groups.flatMap((group) => group.rules)).toEqual(rules);
    const moved = only(await render(EVERYTHING), 'PrometheusRule')['spec'] as Rules;
    const [first] = moved.groups.flatMap((group) => group.rules);
    expect(first?.annotations['runbook_url']).toBe(`https://wiki.example/runbooks/${first?.alert}.md`);
  });
});
