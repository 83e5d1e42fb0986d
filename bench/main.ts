// `npm run bench`: measures what a user of LunResync waits for and pays for, and prints it beside what is aimed at.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { measureClaims } from './cluster/claims.ts';
import { measureIdle } from './cluster/idle.ts';
import { measureLatency } from './cluster/latency.ts';
import { measureMany } from './cluster/many.ts';
import { measureCopy } from './copy/copy.ts';
import { measureSafety } from './copy/safety.ts';
import { measureXfs } from './copy/xfs.ts';
import { describeMachine, machineLine } from './machine.ts';
import { type BenchOptions, type PartName, parseOptions, type Sizes, USAGE } from './options.ts';
import { type BenchContext, isMet, NotMeasurable, type PartReport, type Row, table } from './report.ts';

const RUNNERS: Readonly<Record<PartName, (context: BenchContext<Sizes>) => Promise<readonly Row[]>>> = {
  latency: measureLatency,
  many: measureMany,
  idle: measureIdle,
  claims: measureClaims,
  copy: measureCopy,
  safety: measureSafety,
  xfs: measureXfs,
};

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) process.stdout.write(USAGE);
  else await bench(options);
} catch (error) {
  process.stderr.write(`bench: ${messageOf(error)}\n`);
  process.exitCode = 2;
}

async function bench(options: BenchOptions): Promise<void> {
  const parent = options.dir ?? join(import.meta.dirname, '..', '.data');
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'bench-'));
  const say = (line: string): void => void process.stderr.write(`* ${line}\n`);
  try {
    const machine = await describeMachine(folder);
    say(machineLine(machine));
    const reports: PartReport[] = [];
    for (const part of options.parts) reports.push(await measure(part, { folder, sizes: options.sizes, say }));
    const quick = options.quick ? ['Measured with --quick: these figures mean nothing.'] : [];
    const text = ['', machineLine(machine), ...quick, '', table(reports), ''].join('\n');
    (options.json ? process.stderr : process.stdout).write(text);
    if (options.json) process.stdout.write(`${JSON.stringify(document({ machine, options, reports }))}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs one part. What fails does not take the figures of the other parts with it. */
async function measure(part: PartName, context: BenchContext<Sizes>): Promise<PartReport> {
  context.say(`${part}: begins`);
  const folder = join(context.folder, part);
  await mkdir(folder);
  try {
    return { part, rows: await RUNNERS[part]({ ...context, folder }) };
  } catch (error) {
    if (error instanceof NotMeasurable) return { part, rows: [], note: `not measured. ${error.message}` };
    process.exitCode = 1;
    return { part, rows: [], note: `FAILED. ${messageOf(error)}` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function document(run: { machine: object; options: BenchOptions; reports: readonly PartReport[] }): object {
  const { machine, options, reports } = run;
  const parts = reports.map((report) => ({
    ...report,
    rows: report.rows.map((row) => ({ ...row, met: isMet(row) ?? null })),
  }));
  return { machine, quick: options.quick, sizes: options.sizes, parts };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
