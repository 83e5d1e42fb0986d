// Points 1 to 3: what the CustomResourceDefinitions promise without an operator, and what kubectl shows of them.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { firstLine, printed } from './commands.ts';
import { conditionOf, runToEnd } from './copies.ts';
import type { Findings } from './findings.ts';
import type { Terminal } from './ground.ts';
import type { World } from './world.ts';

const SAMPLES = join(import.meta.dirname, '..', '..', 'deploy', 'samples');
const COLUMNS = 80;

/** Nobody has looked at an object yet: nothing may take it for finished. */
export async function withoutOperator(world: World, findings: Findings): Promise<void> {
  const { kubectl } = await world.plane();
  const namespace = await newNamespace({ kubectl });
  await printed(kubectl(['apply', `--namespace=${namespace}`, '-f', join(SAMPLES, 'restore-claim.yaml')]));
  const where = ['lunresync/restore-orders', `--namespace=${namespace}`];
  const observed = await printed(kubectl(['get', ...where, '--output=jsonpath={.status.observedGeneration}']));
  findings.expect(observed === '-1', `.status.observedGeneration is ${observed}`);
  const waited = await kubectl(['wait', ...where, '--for=condition=Succeeded', '--timeout=5s']);
  findings.expect(waited.code === 1, `kubectl wait ends with ${waited.code}: ${firstLine(waited)}`);
}

/** kubectl explain knows every field of both kinds. */
export async function everyFieldDescribed(world: World, findings: Findings): Promise<void> {
  const { kubectl } = await world.plane();
  for (const root of ['lunresync.spec', 'lunresync.status', 'storagearray.spec', 'storagearray.status']) {
    const objects = objectsIn(root, await printed(kubectl(['explain', root, '--recursive'])));
    const pages = await Promise.all(objects.map((path) => printed(kubectl(['explain', path]))));
    const fields = pages.reduce((total, page) => total + (page.match(/^ {2}\w+\t</gm)?.length ?? 0), 0);
    const bare = objects.filter((_, nth) => /<no description>|<empty>/.test(pages[nth] ?? ''));
    findings.expect(
      fields > 0 && bare.length === 0,
      `${root}: ${fields} fields, without a description below ${bare.join(', ') || 'nothing'}`,
    );
  }
}

/** The paths of the objects in what `explain --recursive` prints: a field is one when the next line is indented deeper. */
export function objectsIn(root: string, recursive: string): string[] {
  const lines = [...recursive.matchAll(/^( {2,})(\w+)\t</gm)].map(([, indent = '', name = '']) => ({
    depth: indent.length / 2,
    name,
  }));
  const path: string[] = [];
  const objects = [root];
  for (const [nth, { depth, name }] of lines.entries()) {
    path.splice(depth - 1, path.length, name);
    if ((lines[nth + 1]?.depth ?? 0) > depth) objects.push([root, ...path].join('.'));
  }
  return objects;
}

/** A list that a person can read, and `all` leaves alone. */
export async function columns(world: World, findings: Findings): Promise<void> {
  const ground = await world.processes();
  const { kubectl, namespace } = ground;
  const ended = await runToEnd(ground, 'restore-orders-night');
  findings.note(
    `a run of the name restore-orders-night (20 characters) has ended: ${conditionOf(ended, 'Succeeded').reason}`,
  );
  const all = await printed(kubectl(['get', 'all', `--namespace=${namespace}`]));
  findings.expect(!/lunresync/i.test(all), `kubectl get all: ${all.trim().split('\n')[0] || 'no resources'}`);
  const lines = (await printed(kubectl(['get', 'lrs', `--namespace=${namespace}`]))).trimEnd().split('\n');
  const width = Math.max(...lines.map((line) => line.length));
  findings.expect(width <= COLUMNS, `kubectl get lrs is ${width} columns wide: ${headings(lines[0])}`);
  const wide = (await printed(kubectl(['get', 'lrs', `--namespace=${namespace}`, '--output=wide']))).split('\n');
  const added = headings(wide[0]).slice(headings(lines[0]).length).trim();
  findings.expect(added === 'STARTED COMPLETED ARRAY MESSAGE', `--output=wide adds ${added}`);
}

function headings(line = ''): string {
  return line.trim().split(/\s+/).join(' ');
}

/** Makes a namespace of its own for a point. */
export async function newNamespace({ kubectl }: Pick<Terminal, 'kubectl'>): Promise<string> {
  const name = `review-${randomUUID().slice(0, 8)}`;
  await printed(kubectl(['create', 'namespace', name]));
  return name;
}
