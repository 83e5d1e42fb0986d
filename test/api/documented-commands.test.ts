// Every kubectl command that docs/troubleshooting.md tells people to look with is one that a kubectl runs on a real cluster.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { reasonOf } from '../support/scene.ts';
import { sharedScene } from '../support/shared-scene.ts';
import { makeDamagedClaim, nightlyOf, startClaimScene } from './claim-scene.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'troubleshooting.md');
/** Those that only look, and end by themselves. The plugin's own commands are held against the plugin by test/tidy. */
const READS = /^kubectl (?!lunresync|.*( logs | -w$))/;

const commands = [
  ...new Set(
    [...readFileSync(PAGE, 'utf8').matchAll(/^- Command: `(.+)`$/gm)]
      .map(([, command = '']) => command)
      .filter((command) => READS.test(command)),
  ),
];

const scene = sharedScene(() => startClaimScene(inject('cluster')));

beforeAll(async () => {
  await makeDamagedClaim(scene, 'claim');
  await scene.apply('run', { pairs: nightlyOf('claim') });
  expect(reasonOf(await scene.finished('run'))).toBe('Completed');
});

/** The command with the names of the scene in the places of those in the page, run by a shell as a person would. */
async function run(command: string): Promise<string> {
  const { kubectlPath, kubeconfigPath } = scene.cluster;
  const names = { NAMESPACE: scene.namespace, NAME: 'run', RUN: 'run', ARRAY: scene.arrayName, CLAIM: 'claim' };
  const text = command.replaceAll(
    /\b(NAMESPACE|NAME|RUN|ARRAY|CLAIM)\b(?!:)/g,
    (name) => names[name as keyof typeof names],
  );
  const env = {
    ...process.env,
    KUBECONFIG: kubeconfigPath,
    PATH: `${dirname(kubectlPath)}:${process.env['PATH'] ?? ''}`,
  };
  return (await promisify(execFile)('sh', ['-c', text], { env })).stdout;
}

describe('the commands of docs/troubleshooting.md', () => {
  it('are there', () => {
    expect(commands.length).toBeGreaterThan(25);
  });

  it.each(commands)('are understood by kubectl and the API server: %s', async (command) => {
    if (command.includes('auth can-i')) {
      // It says no with an exit code: the account of the page has no rights on this cluster.
      await expect(run(command)).rejects.toMatchObject({ stdout: expect.stringMatching(/^no/) });
    } else {
      await run(command);
    }
  });

  it('show what the page says that they show', async () => {
    const status = '.status.pairs[*]}{.name}{" "}{.dataState}';
    const pairs = commands.find((command) => command.includes(status)) ?? '';
    expect(await run(pairs)).toMatch(/^data MatchesSource claim-lun \S+\n$/);
    const array = commands.find((command) => command.includes('.status.contractVersion}{" "}')) ?? '';
    expect(await run(array)).toMatch(/^1 \["/);
  });
});
