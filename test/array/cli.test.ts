/** The administrator's command line against a real array. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ArrayProcess, startArray } from '../support/array.ts';

const main = fileURLToPath(new URL('../../src/simulator/cli/main.ts', import.meta.url));

let array: ArrayProcess;

beforeAll(async () => {
  array = await startArray();
});

afterAll(async () => {
  await array[Symbol.asyncDispose]();
});

async function lunarray(
  args: readonly string[],
  input = '',
): Promise<{ code: number | null; out: string; err: string }> {
  const env = { ...process.env, LUNARRAY_DATA: array.dataDirectory };
  const child = spawn(process.execPath, [main, ...args], { env });
  child.stdin.end(input);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { code, out, err };
}

describe('lunarray', () => {
  it('makes pools, LUNs and snapshots, writes, reads and shows them', async () => {
    expect(await lunarray(['create-pool', 'p', '1GiB'])).toMatchObject({ code: 0, out: 'Pool p with 1GiB.\n' });
    await lunarray(['create-lun', '--pool', 'p', '--size', '8MiB', '--id', 'a', '--volume', 'v1']);
    await lunarray(['fill', 'a', '--seed', 'x']);
    await lunarray(['snapshot', 'a', '--id', 'sn']);
    await lunarray(['write', 'a', '--offset', '1MiB', '--file', '-'], 'from standard input');
    expect((await lunarray(['read', 'a', '--offset', '1MiB', '--length', '19'])).out).toBe('from standard input');
    const digests = await Promise.all(['a', 'sn'].map(async (id) => (await lunarray(['digest', id])).out));
    expect(digests[0]).toMatch(/^[0-9a-f]{64}\n$/);
    expect(digests[0]).not.toBe(digests[1]);
    const list = JSON.parse((await lunarray(['--json', 'list'])).out) as Record<string, unknown>[];
    expect(list).toMatchObject([
      { id: 'a', sizeBytes: 8_388_608, volumes: [{ name: 'v1' }] },
      { id: 'sn', parentLunId: 'a' },
    ]);
    expect((await lunarray(['list'])).out).toMatch(/^ID +KIND +STATE.*\na +VOLUME +ONLINE +8MiB/);
    expect((await lunarray(['show', 'sn'])).out).toMatch(/parent +a\n/);
  });

  it('explains what is wrong, with a remedy, and a code of its own for misuse', async () => {
    expect(await lunarray(['show', 'nothing'])).toMatchObject({
      code: 1,
      err: 'There is no LUN nothing. (VSS_E_OBJECT_NOT_FOUND)\nList the LUNs and name one of them.\n',
    });
    expect(await lunarray(['explode'])).toMatchObject({ code: 2, err: 'There is no command explode. See --help.\n' });
    expect((await lunarray(['fault', 'crash', '--step', 'copyin'])).err).toContain('use one of accepted, snapshotting');
    expect((await lunarray(['create-lun', '--pool', 'p', '--size', '1XB'])).err).toContain('write a number of bytes');
    const away = await lunarray(['--data', '/nonexistent', 'list']);
    expect(away).toMatchObject({ code: 1 });
    expect(away.err).toContain('Is the array running');
  });

  it('has help for itself and for every command that it names', async () => {
    const { out } = await lunarray(['--help']);
    const names = [...out.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name]) => name ?? '');
    expect(names.length).toBeGreaterThan(20);
    for (const name of ['list', 'fault', 'create-lun']) {
      expect(names).toContain(name);
      expect((await lunarray([name, '--help'])).out).toContain(`Usage: lunarray ${name}`);
    }
  });
});
