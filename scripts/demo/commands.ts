// What a person does in the demo: applies manifests, which are shown, looks with kubectl, and watches a LunResync.
import { setTimeout as delay } from 'node:timers/promises';
import { dump } from 'js-yaml';
import { type LunResync, parseLunResync } from '../../src/api/lun-resync.ts';
import { kubectl, sendOk } from '../../test/support/api-client.ts';
import { ProgressLine } from './progress-line.ts';
import { NAMESPACE, type Stage } from './stage.ts';

const TIMEOUT_MS = 120_000;

/** Where the demo talks to the person. */
export type Voice = { readonly out: NodeJS.WriteStream; readonly say: (text: string) => void };

/** The YAML of manifests, as a person would write it. */
export function yamlOf(objects: readonly object[]): string {
  return objects.map((object) => dump(object, { lineWidth: 100, flowLevel: 4 })).join('---\n');
}

/** `kubectl apply`, with the manifests shown. Throws with what kubectl said when it is refused. */
export async function apply({ plane }: Stage, objects: readonly object[], { say }: Voice): Promise<void> {
  const yaml = yamlOf(objects);
  say(indented(yaml));
  const result = await kubectl(plane, ['apply', '-f', '-'], yaml);
  if (result.code !== 0) throw new Error(`kubectl apply: ${result.stderr}`);
  say(indented(result.stdout));
}

/** Runs kubectl and shows the command and what it printed. */
export async function show({ plane }: Stage, args: readonly string[], { say }: Voice): Promise<void> {
  const { stdout, stderr } = await kubectl(plane, args);
  say(`\n$ kubectl ${args.join(' ')}\n${stdout}${stderr}`.trimEnd());
}

/** Shows the progress until the run has ended, and gives the object. */
export async function follow({ plane }: Stage, name: string, { out }: Voice): Promise<LunResync> {
  const line = new ProgressLine(out);
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const path = `/apis/lunresync.io/v1alpha1/namespaces/${NAMESPACE}/lunresyncs/${name}`;
    const parsed = parseLunResync(await sendOk(plane.admin, 'GET', path));
    if (!parsed.ok) throw new Error(parsed.problem);
    line.draw(parsed.value);
    if (parsed.value.status.completionTime !== undefined) {
      line.end();
      return parsed.value;
    }
    if (Date.now() > deadline) throw new Error(`LunResync ${name} has not ended after ${TIMEOUT_MS / 1000} s`);
    await delay(100);
  }
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ').trimEnd();
}
