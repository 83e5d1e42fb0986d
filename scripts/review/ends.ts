// Points 7, 11 and 16: what a script, a person and a GitOps tool can rely on once a run has ended.
import { until } from '../../test/support/until.ts';
import { firstLine, printed } from './commands.ts';
import { conditionOf, eventsOf, makeLuns, manifestOf, read, reasonOf, runToEnd, start, untilEnded } from './copies.ts';
import type { Findings } from './findings.ts';
import type { Ground } from './ground.ts';
import type { World } from './world.ts';

const STATUS = '--output=jsonpath={.status.conditions[?(@.type=="Succeeded")].status}';

/** The three waits of docs/gitops.md and whether each is over (exit code 0) for a run that succeeds, and one that fails. */
const WAITS = [
  { wait: '--for=condition=Succeeded', good: 0, bad: 1 },
  { wait: '--for=condition=Succeeded=false', good: 1, bad: 0 },
  { wait: '--for=jsonpath={.status.completionTime}', good: 0, bad: 0 },
] as const;

/** The recipes of kubectl wait, on a good and on a bad run. */
export async function waitRecipes(world: World, findings: Findings): Promise<void> {
  const ground = await world.processes();
  const { kubectl, namespace } = ground;
  await runToEnd(ground, 'wait-good');
  await runBadly(ground, 'wait-bad');
  for (const outcome of ['good', 'bad'] as const) {
    const where = [`lunresync/wait-${outcome}`, `--namespace=${namespace}`];
    const codes = await Promise.all(
      WAITS.map(async ({ wait }) => (await kubectl(['wait', ...where, wait, '--timeout=3s'])).code),
    );
    const isMet = WAITS.every((recipe, nth) => codes[nth] === recipe[outcome]);
    const said = WAITS.map(({ wait }, nth) => `${wait.replace('--for=', '')} ${codes[nth]}`);
    findings.expect(isMet, `a ${outcome} run: ${said.join(', ')}`);
    const succeeded = await printed(kubectl(['get', ...where, STATUS]));
    findings.expect(
      succeeded === (outcome === 'good' ? 'True' : 'False'),
      `which a script tells apart by Succeeded=${succeeded}`,
    );
  }
}

/** A run of which the array cannot copy a block, and which is not tried again. */
export async function runBadly(ground: Ground, name: string): Promise<void> {
  await makeLuns(ground, name, '4MiB');
  await ground.lunarray(['fault', 'fail', '--step', 'copying', '--lun', `${name}-dst`]);
  await printed(ground.kubectl(['apply', '-f', '-'], manifestOf(ground, name, { backoffLimit: 0 })));
  const ended = await untilEnded(ground, name);
  if (conditionOf(ended, 'Succeeded').status !== 'False') throw new Error(`${name} ended with ${reasonOf(ended)}`);
}

/** What has been asked for does not change, and what has ended stays ended, whoever writes. */
export async function endIsFinal(world: World, findings: Findings): Promise<void> {
  const ground = await world.processes();
  const { kubectl, namespace } = ground;
  const ended = await runToEnd(ground, 'final');
  const patch = ['patch', 'lunresync', 'final', `--namespace=${namespace}`, '--type=merge'];
  const pairs = [{ name: 'data', source: { lunID: 'other-src' }, target: { lunID: 'final-dst' } }];
  const spec = await kubectl([...patch, '--patch', JSON.stringify({ spec: { pairs } })]);
  findings.expect(spec.code === 1 && spec.stderr.includes('`pairs` is immutable'), `spec.pairs: ${firstLine(spec)}`);
  const conditions = (ended.status.conditions ?? []).map((condition) =>
    condition.type === 'Succeeded' ? { ...condition, status: 'Unknown', reason: 'Copying' } : condition,
  );
  const status = await kubectl([
    ...patch,
    '--subresource=status',
    '--patch',
    JSON.stringify({ status: { conditions } }),
  ]);
  findings.expect(status.code === 1 && status.stderr.includes('may not be reopened'), `status: ${firstLine(status)}`);
  const left = await read(ground, 'final');
  findings.expect(
    left !== undefined && reasonOf(left) === 'Completed',
    `it is still ${left === undefined ? 'gone' : reasonOf(left)}`,
  );
}

/** A TTL is ignored where a tool would create the object again, and so would copy again. */
export async function ttlOfTools(world: World, findings: Findings): Promise<void> {
  const ground = await world.processes();
  const spec = { ttlSecondsAfterFinished: 1 };
  const annotations = { 'argocd.argoproj.io/tracking-id': 'shop:lunresync.io/LunResync:shop/ttl-argo' };
  await runToEnd(ground, 'ttl-argo', spec, { annotations });
  const ignored = async (): Promise<readonly { readonly type: string; readonly note?: string }[]> =>
    (await eventsOf(ground, 'ttl-argo')).filter(({ reason }) => reason === 'TTLIgnored');
  await until(
    () => 'the Warning TTLIgnored',
    async () => (await ignored()).length > 0,
  );
  // Its time is over later than that of the other, which shows that times are kept.
  await start(ground, 'ttl-plain', spec);
  await until(
    () => 'the object without the annotation to be deleted',
    async () => (await read(ground, 'ttl-plain')) === undefined,
  );
  findings.note('an object without the annotation is deleted after its TTL of 1 s');
  const kept = await read(ground, 'ttl-argo');
  findings.expect(kept !== undefined, `the object with it is ${kept === undefined ? 'deleted' : 'kept'}`);
  const told = await ignored();
  const isOne = told.length === 1 && told[0]?.type === 'Warning';
  findings.expect(
    isOne,
    `${told.length} Event TTLIgnored, ${told.map(({ type, note = '' }) => `${type}: ${note}`).join(' | ')}`,
  );
}
