/** `npm run test:soak [-- --times 20]`: the suite of real processes again and again, without one failure. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { recordFigures } from '../support/record.ts';

const { values } = parseArgs({ options: { times: { type: 'string', default: '20' } } });
const times = Number(values.times);
const VITEST = ['vitest', 'run', '--project', 'processes', '--reporter', 'dot', '--reporter', 'json'];
/** So many of the longest tests of a run are named: what makes a run long is found without another one. */
const SHOWN = 5;
const folder = await mkdtemp(join(tmpdir(), 'lunresync-soak-'));
const seconds: number[] = [];
let failures = 0;
for (let run = 1; run <= times; run += 1) {
  const startedAt = performance.now();
  const results = join(folder, `${run}.json`);
  const child = spawn('npx', [...VITEST, `--outputFile.json=${results}`], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output = `${output}${chunk.toString()}`.slice(-8_000);
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  seconds.push((performance.now() - startedAt) / 1000);
  if (code !== 0) {
    failures += 1;
    console.error(output);
  }
  console.log(`run ${run} of ${times}: ${code === 0 ? 'passed' : 'FAILED'} in ${Math.round(seconds.at(-1) ?? 0)} s`);
  console.log(`  the longest: ${(await longestOf(results)).join(', ')}`);
}
await rm(folder, { recursive: true });
const [shortest, longest] = [Math.min(...seconds), Math.max(...seconds)].map(Math.round);
const lines = [
  `${times} runs, ${failures} with a failure; each took ${shortest} to ${longest} s with both cores busy.`,
];
console.log(lines.join('\n'));
await recordFigures({ section: 'soak', command: `npm run test:soak -- --times ${times}`, lines });
process.exitCode = failures === 0 ? 0 : 1;

/** The tests that took longest, with their seconds; none where vitest came to no results. */
async function longestOf(path: string): Promise<string[]> {
  type Results = { testResults: { assertionResults: { fullName: string; duration?: number }[] }[] };
  const text = await readFile(path, 'utf8').catch(() => '{"testResults":[]}');
  return (JSON.parse(text) as Results).testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .map(({ fullName, duration = 0 }) => ({ fullName, duration }))
    .sort((a, b) => b.duration - a.duration)
    .slice(0, SHOWN)
    .map(({ fullName, duration }) => `${Math.round(duration / 1000)} s ${fullName}`);
}
