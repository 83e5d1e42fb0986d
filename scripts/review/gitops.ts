// Points 14 and 15: what Argo CD and Flux make of a LunResync, by the project's evaluator: Argo CD's library of Lua with the
// script that we ship, Flux's library of CEL with the expressions that we ship, and kstatus itself.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { recordVersions } from '../../test/api/versions.ts';
import { evaluate } from '../../test/support/gitops/evaluators.ts';
import { ARGO_FOLDER } from '../../test/support/gitops/manifests.ts';
import { type Said, saidOf } from '../../test/support/gitops/verdicts.ts';
import { until } from '../../test/support/until.ts';
import { runToEnd } from './copies.ts';
import { runBadly } from './ends.ts';
import type { Findings } from './findings.ts';
import type { ProcessGround } from './processes.ts';
import type { World } from './world.ts';

const CONFIG = join(ARGO_FOLDER, '..', '..', '..', 'argocd-cm.yaml');
const HEALTH = 'resource.customizations.health.lunresync.io_LunResync';

type Health = { readonly status: string; readonly message: string };
type Fixtures = { readonly tests: readonly { readonly healthStatus: Health; readonly inputPath: string }[] };

/** The fixtures, then two runs from their first version to their last. */
export async function argoCD(world: World, findings: Findings): Promise<void> {
  const { data } = load(await readFile(CONFIG, 'utf8')) as { readonly data: Readonly<Record<string, string>> };
  const { tests } = load(await readFile(join(ARGO_FOLDER, 'health_test.yaml'), 'utf8')) as Fixtures;
  const objects = await Promise.all(
    tests.map(async ({ inputPath }) => load(await readFile(join(ARGO_FOLDER, inputPath), 'utf8')) as object),
  );
  const script = data[HEALTH] ?? '';
  const answers = await evaluate(objects.map((object) => ({ evaluator: 'health', script, object })));
  const wrong = tests.filter(({ healthStatus }, nth) => {
    const said = (answers[nth]?.value ?? {}) as Partial<Health>;
    return said.status !== healthStatus.status || said.message !== healthStatus.message;
  });
  const differing = wrong.map(({ inputPath }) => inputPath).join(', ') || 'none';
  findings.expect(
    tests.length > 0 && wrong.length === 0,
    `${tests.length} fixtures, with another health: ${differing}`,
  );
  const ground = await world.processes();
  const good = sequenceOf(await saidOfRun(ground, 'argo-good'), 'argo');
  findings.expect(good === 'Progressing, Healthy', `a good run: ${good}`);
  const bad = sequenceOf(await saidOfRun(ground, 'argo-bad'), 'argo');
  findings.expect(bad === 'Progressing, Degraded', `a bad run: ${bad}`);
  findings.leaveOut(
    'there is no Argo CD: the script was run by the library that Argo CD runs it with, and no application was synced',
  );
}

/** What a Kustomization with `wait: true` waits for, and what ends its wait at once. */
export async function flux(world: World, findings: Findings): Promise<void> {
  const ground = await world.processes();
  for (const [name, last] of [
    ['flux-good', 'Current'],
    ['flux-bad', 'Failed'],
  ] as const) {
    const said = await saidOfRun(ground, name);
    const [expressions, kstatus] = [sequenceOf(said, 'flux'), sequenceOf(said, 'kstatus')];
    const isMet = expressions === `InProgress, ${last}` && kstatus === expressions;
    findings.expect(
      isMet,
      `${name}, ${said.length} versions: ${expressions} by the expressions, ${kstatus} by kstatus`,
    );
  }
  findings.leaveOut('there is no Flux: its CEL and kstatus judged each version, and no Kustomization was applied');
}

/** What the tools say of every version of a run, which ends badly where its name says so. */
async function saidOfRun(ground: ProcessGround, name: string): Promise<readonly Said[]> {
  using versions = await recordVersions({ cluster: ground.controlPlane, namespace: ground.namespace }, name);
  await (name.endsWith('bad') ? runBadly(ground, name) : runToEnd(ground, name));
  await until(
    () => 'the watch to show the end',
    () => versions.all.at(-1)?.status.completionTime !== undefined,
  );
  return await saidOf(versions.all);
}

/** The words of a tool in their order, each as often as it came anew. */
function sequenceOf(said: readonly Said[], tool: keyof Said): string {
  return said
    .map((verdicts) => verdicts[tool])
    .filter((word, nth, all) => word !== all[nth - 1])
    .join(', ');
}
