/**
 * `npm run test:mutation`: every mutant of src/core against the tests in test/core. Fails when fewer than 95 in 100 are
 * killed, or when one survives of which test/mutation/equivalent.json does not say why.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { recordFigures } from '../support/record.ts';
import { type Equivalent, type Report, type Survivor, scoreOf, survivorsOf } from './survivors.ts';

const ROOT = new URL('../../', import.meta.url);
const LEAST_PERCENT = 95;

const startedAt = performance.now();
const stryker = spawn('npx', ['stryker', 'run', 'test/mutation/stryker.config.json', ...process.argv.slice(2)], {
  cwd: fileURLToPath(ROOT),
  stdio: 'inherit',
});
const [code] = (await once(stryker, 'exit')) as [number | null];
if (code !== 0) throw new Error(`stryker ended with ${code}; what it said is above`);
const seconds = Math.round((performance.now() - startedAt) / 1000);

const report = (await parsed('.stryker/mutants.json')) as Report;
const survivors = survivorsOf(report, (await parsed('test/mutation/equivalent.json')) as Equivalent[]);
const unexplained = survivors.filter(({ reason }) => reason === undefined);
const { mutants, killed } = scoreOf(report);
const percent = (100 * killed) / mutants;
const summary =
  `${killed} of ${mutants} mutants killed: ${percent.toFixed(1)} %, in ${seconds} s; ` +
  `${survivors.length} survived, ${unexplained.length} of them without a reason.`;
console.log(summary);
for (const survivor of unexplained) console.log(`no reason: ${titleOf(survivor)}`);
await recordFigures({
  section: 'mutation',
  command: 'npm run test:mutation',
  lines: [summary, '', ...table(survivors)],
});
process.exitCode = percent >= LEAST_PERCENT && unexplained.length === 0 ? 0 : 1;

async function parsed(path: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(path, ROOT), 'utf8'));
}

function titleOf({ file, line, mutator, code: before, replacement }: Survivor): string {
  return `${file}:${line} ${mutator}: ${before} -> ${replacement}`;
}

/** One row a reason and file; the lines are those that survived. */
function table(all: readonly Survivor[]): string[] {
  const rows = new Map<string, string[]>();
  for (const { file, line, mutator, reason = '(none)' } of all) {
    const key = `${file} | ${reason}`;
    rows.set(key, [...(rows.get(key) ?? []), `${line} ${mutator}`]);
  }
  const body = [...rows].map(([key, where]) => `| ${key} | ${where.join(', ')} |`);
  return ['| file | why no test can tell | line and mutator |', '| --- | --- | --- |', ...body];
}
