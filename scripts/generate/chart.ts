// What the chart takes over from other files: the alerts and the dashboard, since a chart can read nothing outside of its
// folder, and the tables of values in the charts' READMEs, from the comments in values.yaml.
import { load } from 'js-yaml';
import { type Files, sourceText } from './files.ts';

const CHART = 'deploy/helm/lunresync';
const SIMULATOR_CHART = 'deploy/helm/lunresync-simulator';
const MONITORING = ['alerts.yaml', 'dashboard.json'];
const TABLE = /(<!-- values:begin[^>]*-->\n)[^]*(<!-- values:end -->)/;

/** One row of the table. */
type Row = { readonly key: string; readonly description: string; readonly fallback: unknown };

export function chartFiles(): Files {
  return new Map([
    ...MONITORING.map((file) => [`${CHART}/files/${file}`, sourceText(`deploy/monitoring/${file}`)] as const),
    ...[CHART, SIMULATOR_CHART].map((chart) => [`${chart}/README.md`, readmeOf(chart)] as const),
  ]);
}

/** A chart's README with its table of values. */
function readmeOf(chart: string): string {
  const readme = sourceText(`${chart}/README.md`);
  if (!TABLE.test(readme)) throw new Error(`${chart}/README.md has no place for the table of values`);
  const table = valuesTable(sourceText(`${chart}/values.yaml`));
  return readme.replace(TABLE, (_, begin: string, end: string) => `${begin}\n${table}\n${end}`);
}

/** A Markdown table of all values. Throws when one has no comment that begins with `# -- `, itself or its parent. */
function valuesTable(text: string): string {
  const rows = documentedRows(text);
  const undocumented = leaves(load(text), '').filter(
    (leaf) => !rows.some(({ key }) => leaf === key || leaf.startsWith(`${key}.`)),
  );
  if (undocumented.length > 0) throw new Error(`values.yaml: no comment "# -- …" above ${undocumented.join(', ')}`);
  const lines = rows.map(
    ({ key, description, fallback }) =>
      `| \`${key}\` | ${escaped(description)} | \`${escaped(JSON.stringify(fallback))}\` |`,
  );
  return ['| Value | Meaning | Default |', '| --- | --- | --- |', ...lines, ''].join('\n');
}

function documentedRows(text: string): Row[] {
  const values = load(text);
  const rows: Row[] = [];
  const path: string[] = [];
  let comment: string[] | undefined;
  for (const line of text.split('\n')) {
    const [, begun, continued] = /^\s*#(?: -- (.*)| (.*))$/.exec(line) ?? [];
    if (begun !== undefined) comment = [begun];
    else if (continued !== undefined) comment?.push(continued);
    const [, indent, name] = /^( *)([A-Za-z]\w*):/.exec(line) ?? [];
    if (indent === undefined || name === undefined) continue;
    path.splice(indent.length / 2, Infinity, name);
    if (comment !== undefined)
      rows.push({ key: path.join('.'), description: comment.join(' '), fallback: valueAt(values, path) });
    comment = undefined;
  }
  return rows;
}

function valueAt(values: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (isMap(value) ? value[name] : undefined), values);
}

function leaves(value: unknown, path: string): string[] {
  if (!isMap(value) || Object.keys(value).length === 0) return [path];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, path === '' ? name : `${path}.${name}`));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
