// Writes every generated file: deploy/crds, the chart's copies of them and deploy/schemas from the schemas in src/api, src/proto
// from proto/ (with buf), the chart's alerts, dashboard and table of values, the pages of the API, of the configuration and of metrics.
// With --check it writes nothing, and exits 1 naming the files that are not what the sources give.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { apiFiles } from './generate/api.ts';
import { chartFiles } from './generate/chart.ts';
import { configurationFiles } from './generate/configuration.ts';
import { crdFiles } from './generate/crds.ts';
import { type Files, filesIn, ROOT } from './generate/files.ts';
import { metricsFiles } from './generate/metrics.ts';
import { protocolFiles } from './generate/protocol.ts';
import { schemaFiles } from './generate/schemas.ts';

/** Nothing in these folders but what is generated. */
const FOLDERS = [
  'deploy/crds',
  'deploy/schemas',
  'deploy/helm/lunresync/files',
  'deploy/helm/lunresync/templates/crds',
  'src/proto',
];

const check = process.argv.includes('--check');
const sources = [
  crdFiles(),
  schemaFiles(),
  chartFiles(),
  apiFiles(),
  configurationFiles(),
  metricsFiles(),
  await protocolFiles(),
];
const generated = new Map(sources.flatMap((files) => [...files]));
if (check) await compare(generated);
else await write(generated);

/** The files that are there: all of the folders, and elsewhere those that are generated. */
async function present(wanted: Files): Promise<Files> {
  const folders = [...new Set([...FOLDERS, ...[...wanted.keys()].map(dirname)])];
  const found = await Promise.all(folders.map((folder) => filesIn(ROOT, folder)));
  const isOurs = (path: string): boolean => wanted.has(path) || FOLDERS.some((folder) => path.startsWith(`${folder}/`));
  return new Map(found.flatMap((files) => [...files]).filter(([path]) => isOurs(path)));
}

async function compare(wanted: Files): Promise<void> {
  const found = await present(wanted);
  const paths = [...new Set([...wanted.keys(), ...found.keys()])].sort();
  const stale = paths.filter((path) => wanted.get(path) !== found.get(path));
  if (stale.length === 0) {
    console.log(`${wanted.size} generated files are current.`);
    return;
  }
  console.error(`Not what the sources give; run \`npm run generate\`:\n${stale.map((path) => `  ${path}`).join('\n')}`);
  process.exitCode = 1;
}

async function write(wanted: Files): Promise<void> {
  for (const path of (await present(wanted)).keys()) {
    if (!wanted.has(path)) await rm(join(ROOT, path));
  }
  for (const [path, content] of wanted) {
    await mkdir(dirname(join(ROOT, path)), { recursive: true });
    await writeFile(join(ROOT, path), content);
  }
  console.log(`${wanted.size} files generated in ${[...new Set([...wanted.keys()].map(dirname))].sort().join(', ')}.`);
}
