/** Alerts, runbooks, dashboard and chart against each other, and against the metrics that there are. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

type Rule = {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
};

const { groups } = load(read('deploy/monitoring/alerts.yaml')) as { groups: readonly { rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const runbooks = globSync('docs/runbooks/LunResync*.md', { cwd: ROOT });
/** Of what no alert tells. */
const procedures = globSync('docs/runbooks/*.md', { cwd: ROOT }).filter((path) => !runbooks.includes(path));
const metrics = new Set([...read('docs/reference/metrics.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name));

/** The names of our metrics in the texts that are not on the page, which a histogram's parts are under its name. */
function unknownMetrics(texts: readonly string[]): string[] {
  const named = texts.flatMap((text) => [
    ...text.matchAll(/\b(?:lunresync|controller_runtime|workqueue|rest_client|leader_election)_\w+/g),
  ]);
  return named.map(([name]) => name.replace(/_bucket$/, '')).filter((name) => !metrics.has(name));
}

describe('an alert', () => {
  it.each(rules)('$alert has all fields, and a runbook at the end of its link', ({ alert, labels, annotations }) => {
    expect(alert).toMatch(/^LunResync[A-Z]\w+$/);
    expect(labels['severity']).toMatch(/^(critical|warning|info)$/);
    expect(labels['kubernetes_operator_part_of']).toBe('lunresync');
    expect(annotations['summary']).toMatch(/\.$/);
    expect(annotations['description']).toMatch(/\.$/);
    expect(annotations['runbook_url']).toBe(`https://lunresync.io/docs/runbooks/${alert}.md`);
    expect(runbooks).toContain(`docs/runbooks/${alert}.md`);
  });

  it('asks for metrics that there are', () => {
    expect(unknownMetrics(rules.map(({ expr }) => expr))).toEqual([]);
  });
});

describe('a runbook', () => {
  it.each(runbooks)('%s belongs to an alert and has its four parts', (path) => {
    const text = read(path);
    const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading);
    expect(rules.map(({ alert }) => alert)).toContain(headings[0]);
    expect(path).toBe(`docs/runbooks/${headings[0]}.md`);
    expect(headings.slice(1)).toEqual(['Meaning', 'Impact', 'Diagnosis', 'Mitigation']);
    expect(unknownMetrics([text])).toEqual([]);
  });
});

describe('a procedure', () => {
  it.each(procedures)('%s says when it is for, and at the end how to see that it has worked', (path) => {
    const text = read(path);
    const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect([headings[0], headings.at(-1)]).toEqual(['When', 'Check']);
    expect(unknownMetrics([text])).toEqual([]);
  });
});

describe('the dashboard', () => {
  type Panel = { readonly id: number; readonly title: string; readonly targets?: readonly { readonly expr: string }[] };
  const dashboard = JSON.parse(read('deploy/monitoring/dashboard.json')) as { panels: readonly Panel[]; uid?: string };

  it('asks for metrics that there are', () => {
    const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(queries.length).toBeGreaterThan(15);
    expect(unknownMetrics(queries)).toEqual([]);
  });

  it('shows every metric of runs and arrays', () => {
    const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n');
    const ofRuns = [...metrics].filter((name) => name?.startsWith('lunresync_') && !/_(reflector|events)_/.test(name));
    // That a run stands still is what an alert tells.
    const unseen = ['lunresync_last_progress_timestamp_seconds'];
    expect(ofRuns.filter((name) => name !== undefined && !queries.includes(name))).toEqual(unseen);
  });

  it('has each id once, and none that would replace another dashboard', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(dashboard.uid).toBeUndefined();
  });
});
