// Point 17: what the operator's service account may do, line by line, and what a user with the built-in role `edit` may not.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../../test/support/until.ts';
import { CHART, upgrade } from './chart.ts';
import { differencesOf, firstLine, printed } from './commands.ts';
import type { Findings } from './findings.ts';
import { RELEASE, SYSTEM, type Terminal } from './ground.ts';
import type { World } from './world.ts';

const GOLDEN = join(import.meta.dirname, 'rights.txt');

/** Installs the chart on an API server that enforces rights, and asks it. */
export async function rights(world: World, findings: Findings): Promise<void> {
  await using plane = await world.newPlane();
  await printed(upgrade(plane, CHART));
  const golden = linesOf(await readFile(GOLDEN, 'utf8'));
  const own = [`# in namespace ${SYSTEM}`, ...(await rightsIn(plane, SYSTEM))];
  const elsewhere = ['# in any other namespace', ...(await rightsIn(plane, 'default'))];
  const listed = [...own, ...elsewhere];
  const differing = differencesOf(listed, golden);
  const verdict = differing.length === 0 ? 'those of scripts/review/rights.txt' : `differing: ${differing.join('; ')}`;
  findings.expect(listed.join() === golden.join(), `kubectl auth can-i --list: ${listed.length} lines, ${verdict}`);
  await mayNotOverwrite(plane, findings);
}

/** The lines of `can-i --list`, sorted, without what every service account may do. */
async function rightsIn({ kubectl }: Terminal, namespace: string): Promise<string[]> {
  const list = (user: string): Promise<string> =>
    printed(kubectl(['auth', 'can-i', '--list', '--no-headers', `--namespace=${namespace}`, ...asMember(user)]));
  const everybody = linesOf(await list(`system:serviceaccount:${SYSTEM}:nobody`));
  const own = linesOf(await list(`system:serviceaccount:${SYSTEM}:${RELEASE}`));
  return own.filter((line) => !everybody.includes(line)).toSorted();
}

function linesOf(table: string): string[] {
  return table
    .split('\n')
    .map((line) => line.trim().replaceAll(/ {2,}/g, '  '))
    .filter((line) => line !== '');
}

function asMember(user: string): string[] {
  const groups = ['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${SYSTEM}`];
  return [`--as=${user}`, ...groups.map((group) => `--as-group=${group}`)];
}

async function mayNotOverwrite({ kubectl }: Terminal, findings: Findings): Promise<void> {
  await printed(kubectl(['create', 'rolebinding', 'ed', '--clusterrole=edit', '--user=ed', '--namespace=default']));
  const canI = async (...question: string[]): Promise<string> =>
    (await kubectl(['auth', 'can-i', '--as=ed', '--namespace=default', ...question])).stdout.trim();
  // A controller puts the rules of the built-in roles together.
  await until(
    () => 'the role edit to have its rules',
    async () => (await canI('list', 'lunresyncs.lunresync.io')) === 'yes',
  );
  const may = {
    claims: await canI('create', 'persistentvolumeclaims'),
    list: await canI('list', 'lunresyncs.lunresync.io'),
  };
  findings.note(`a user with the role edit may create claims: ${may.claims}; list LunResyncs: ${may.list}`);
  const sample = join(CHART, '..', '..', 'samples', 'restore-claim.yaml');
  const tried = await kubectl(['create', '--as=ed', '--namespace=default', '-f', sample]);
  findings.expect(
    tried.code === 1 && tried.stderr.includes('cannot create resource "lunresyncs"'),
    `and create one: ${firstLine(tried)}`,
  );
}
