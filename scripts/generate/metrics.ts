// The page of metrics, from the registry as the operator fills it.
import { ProcessMetrics } from '../../src/daemon/metrics.ts';
import { RunMetrics } from '../../src/daemon/run-metrics.ts';
import type { Files } from './files.ts';

/** One metric, as the page shows it. */
type Metric = {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labels: readonly string[];
};

const SECTIONS: readonly { readonly title: string; readonly text: string; readonly of: RegExp }[] = [
  {
    title: 'Runs and arrays',
    text: 'What has happened is counted by the operator that leads, so that sums over the replicas are right.',
    of: /^lunresync_(?!events|reflector|build)/,
  },
  {
    title: 'The operator',
    text: 'Those without `lunresync_` have the names and meanings of controller-runtime and client-go.',
    of: /^(lunresync_(events|reflector|build)|controller_runtime|workqueue|rest_client|leader_election)/,
  },
];

const HEAD = `<!-- Generated from src/daemon by \`npm run generate\`; do not edit. -->

# Metrics

The operator serves them at \`/metrics\` of \`--health-address\`. The alerts on them are in \`deploy/monitoring/alerts.yaml\`, their
runbooks in \`docs/runbooks\`, a dashboard in \`deploy/monitoring/dashboard.json\`; the chart installs all of these. For series
of each object, also of one that has ended, \`deploy/monitoring/kube-state-metrics.yaml\` configures kube-state-metrics. Names
and labels are an interface: they are added, not renamed. Besides these there are \`process_…\` and \`nodejs_…\`, as every program in
Node has them; which, depends on the platform.
`;

export function metricsFiles(): Files {
  const metrics = operatorMetrics();
  const lost = metrics.filter(({ name }) => !SECTIONS.some(({ of }) => of.test(name)));
  if (lost.length > 0)
    throw new Error(`no section of the page of metrics takes ${lost.map(({ name }) => name).join(', ')}`);
  const sections = SECTIONS.map(({ title, text, of }) => {
    const rows = metrics.filter(({ name }) => of.test(name)).map(row);
    return [
      '',
      `## ${title}`,
      '',
      text,
      '',
      '| Metric | Type | Labels | Meaning |',
      '| --- | --- | --- | --- |',
      ...rows,
      '',
    ];
  });
  return new Map([['docs/reference/metrics.md', HEAD + sections.map((lines) => lines.join('\n')).join('')]]);
}

function row({ name, type, labels, help }: Metric): string {
  return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help.replaceAll('|', '\\|').replaceAll('<', '&lt;')} |`;
}

function operatorMetrics(): Metric[] {
  const process = new ProcessMetrics({ version: '', revision: '' });
  void new RunMetrics({ registry: process.registry, outcomes: [], runs: () => [] });
  process.observeQueue('lunresync', () => ({ depth: 0, unfinishedMs: [] }));
  const own = process.registry.getMetricsAsArray().filter(({ name }) => !/^(process|nodejs)_/.test(name));
  return own.map((metric) => ({
    name: metric.name,
    help: metric.help,
    type: String(metric.type),
    labels: labelsOf(metric),
  }));
}

/** The library does not say in its types that its metrics know their labels. */
function labelsOf(metric: object): readonly string[] {
  return 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames.map(String) : [];
}
