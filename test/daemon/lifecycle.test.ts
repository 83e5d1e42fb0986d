import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const PROGRAM = join(import.meta.dirname, 'lifecycle-program.ts');

/** Runs a real process with the lifecycle, and gives its output and how it ended. */
async function run(scenario: string, signals: string[] = []): Promise<{ code: number | null; lines: string[] }> {
  const child = spawn(process.execPath, [PROGRAM, scenario], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const pending = [...signals];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    for (const line of chunk.split('\n').filter(Boolean)) {
      lines.push(line);
      const next = line === 'ready' || line === 'stopping first' ? pending.shift() : undefined;
      if (next !== undefined) child.kill(next as NodeJS.Signals);
    }
  });
  const code = await new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  return { code, lines };
}

describe('Lifecycle', () => {
  it.each(['SIGTERM', 'SIGINT'])('stops everything in order and ends with 0 on %s', async (signal) => {
    expect(await run('clean', [signal])).toEqual({
      code: 0,
      lines: ['ready', `signal ${signal}`, 'aborted', 'stopping first', 'stopping second', 'exit 0'],
    });
  });

  it('goes on with the next step when one fails or takes too long, and ends with 1', async () => {
    const { code, lines } = await run('stuck', ['SIGTERM']);
    expect(code).toBe(1);
    expect(lines.slice(-4)).toEqual(['stopping first', 'first: not stopped within 50 ms', 'second: broken', 'exit 1']);
  });

  it('ends at once on a second signal', async () => {
    const { code, lines } = await run('hang', ['SIGTERM', 'SIGTERM']);
    expect([code, lines.at(-1)]).toEqual([1, 'signal SIGTERM']);
  });

  it.each(['rejection', 'exception'])('reports an unhandled %s and ends with 1', async (scenario) => {
    expect(await run(scenario)).toEqual({ code: 1, lines: ['ready', `fatal ${scenario}`] });
  });

  it('stops in order but ends with 1 when a part of the program gives up', async () => {
    const { code, lines } = await run('gives-up');
    expect([code, ...lines]).toEqual([
      1,
      'ready',
      'fatal lease lost',
      'aborted',
      'stopping first',
      'stopping second',
      'exit 1',
    ]);
  });
});
