// `npm run check`: everything that can be said of the sources without running the product. All checks run, whatever the
// earlier ones found; the first findings of each are shown, with the command that shows the rest.
// The last line is `N passed, N failed`; the exit code is 1 when one failed.
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { STEPS, type Step } from './check/steps.ts';

const ROOT = join(import.meta.dirname, '..');
const SHOWN_LINES = 25;
const DEADLINE_MS = 300_000;

let failed = 0;
for (const step of STEPS) {
  const startedAt = performance.now();
  const { isGood, output } = await run(step);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${isGood ? 'ok    ' : 'FAILED'} ${step.name} (${seconds} s)`);
  if (isGood) continue;
  failed += 1;
  console.log(excerpt(step, output));
}
console.log(`${STEPS.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function run({ command: [program, ...args] }: Step): Promise<{ readonly isGood: boolean; readonly output: string }> {
  const path = [join(ROOT, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter);
  // GITHUB_ACTIONS makes some programs print annotations instead of text.
  const env = { ...process.env, PATH: path, NO_COLOR: '1', GITHUB_ACTIONS: '' };
  const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: DEADLINE_MS });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ isGood: false, output: `${program} cannot be run: ${error.message}` }));
    child.on('close', (code, signal) => {
      const note = signal === null ? '' : `\nended by ${signal}; the limit is ${DEADLINE_MS / 1000} s`;
      resolve({ isGood: code === 0, output: Buffer.concat(chunks).toString('utf8') + note });
    });
  });
}

function excerpt({ command, readable = (line) => line }: Step, output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const more =
    lines.length > SHOWN_LINES ? [`… ${lines.length - SHOWN_LINES} more lines: npx ${command.join(' ')}`] : [];
  return [...lines.slice(0, SHOWN_LINES), ...more].map((line) => `         ${readable(line)}`).join('\n');
}
