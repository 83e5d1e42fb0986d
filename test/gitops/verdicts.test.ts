// What kstatus, Argo CD and Flux make of every state of a LunResync: their own programs say it, of objects that the
// operator's own rules wrote. kubectl, which needs an API server, is asked in test/api/gitops.test.ts.
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import { anyObservation } from '../support/arbitrary-observations.ts';
import {
  type Answer,
  BUILD_TIMEOUT_MS,
  type Expressions,
  evaluate,
  type Question,
} from '../support/gitops/evaluators.ts';
import { argoScript, fluxObjects } from '../support/gitops/manifests.ts';
import { REASON_STATES, STATES } from '../support/gitops/states.ts';
import { afterWrite, resyncObject } from '../support/observations.ts';
import { showing } from '../support/statuses.ts';

type Verdict = { readonly kstatus: unknown; readonly argo: unknown; readonly flux: unknown };

const script = argoScript('health.lua');
const expressions = fluxObjects().flatMap(({ kind, metadata, spec }) =>
  (spec.healthCheckExprs ?? []).map((exprs): [string, Expressions] => [`${kind} ${metadata.name}`, exprs]),
);

beforeAll(() => evaluate([]), BUILD_TIMEOUT_MS);

/** Of each object, what the three say; `exprs` are those of the Kustomization unless given. */
async function verdictsOn(objects: readonly object[], exprs = expressions[0]?.[1]): Promise<Verdict[]> {
  if (exprs === undefined) throw new Error('deploy/flux has no health check expressions');
  const questions = objects.flatMap((object): Question[] => [
    { evaluator: 'kstatus', object },
    { evaluator: 'health', script, object },
    { evaluator: 'expressions', expressions: exprs, object },
  ]);
  const answers = await evaluate(questions);
  return objects.map((_, position) => {
    const [kstatus, argo, flux] = answers.slice(position * 3, position * 3 + 3);
    return { kstatus: wordOf(kstatus), argo: wordOf(argo), flux: wordOf(flux) };
  });
}

function wordOf({ value, error }: Answer = {}): unknown {
  if (error !== undefined) return `error: ${error}`;
  return typeof value === 'object' && value !== null && 'status' in value ? value.status : value;
}

const byName = (verdicts: readonly Verdict[], names: readonly { readonly name: string }[]): Record<string, Verdict> =>
  Object.fromEntries(verdicts.map((verdict, position) => [names[position]?.name, verdict]));

describe('the truth table', () => {
  it.each(expressions)('holds for every state, with the expressions of %s', async (_, exprs) => {
    const found = byName(
      await verdictsOn(
        STATES.map(({ resync }) => resync),
        exprs,
      ),
      STATES,
    );
    const wanted = STATES.map(({ verdicts: { waits: _waits, ...verdicts } }) => verdicts);
    expect(found).toEqual(byName(wanted, STATES));
  });

  it('holds for every reason that there is', async () => {
    const found = byName(await verdictsOn(REASON_STATES.map(({ resync }) => resync)), REASON_STATES);
    const wanted = REASON_STATES.map(({ verdicts: { waits: _waits, ...verdicts } }) => verdicts);
    expect(found).toEqual(byName(wanted, REASON_STATES));
  });

  it('has every outcome of every tool', () => {
    const outcomes = (tool: 'kstatus' | 'argo' | 'flux'): string[] =>
      [...new Set(STATES.map(({ verdicts }) => verdicts[tool]))].toSorted();
    expect(outcomes('kstatus')).toEqual(['Current', 'Failed', 'InProgress', 'Terminating']);
    expect(outcomes('argo')).toEqual(['Degraded', 'Healthy', 'Progressing', 'Suspended']);
    expect(outcomes('flux')).toEqual(['Current', 'Failed', 'InProgress']);
  });
});

/** What Argo CD and Flux may say where kstatus says this. */
const AGREEMENT: Readonly<Record<string, readonly string[]>> = {
  Current: ['Healthy Current'],
  Failed: ['Degraded Failed'],
  InProgress: ['Progressing InProgress', 'Suspended InProgress'],
  Terminating: ['Progressing InProgress'],
};

it('whatever the rules write, the three tools agree', async () => {
  const writes = fc.sample(anyObservation, { numRuns: 2_000, seed: 1 }).flatMap((o) => {
    const decision = decide(o);
    return decision.kind === 'Record' ? [afterWrite(o, decision).resync] : [];
  });
  const verdicts = await verdictsOn(writes);
  expect(new Set(verdicts.map(({ kstatus }) => kstatus)).size).toBe(4);
  const disagreeing = verdicts.findIndex(
    ({ kstatus, argo, flux }) => AGREEMENT[String(kstatus)]?.includes(`${String(argo)} ${String(flux)}`) !== true,
  );
  expect(disagreeing < 0 ? undefined : [verdicts[disagreeing], writes[disagreeing]]).toBeUndefined();
});

describe('what the operator writes for the sake of these tools', () => {
  const only = (type: string, reason: 'Copying' | 'VerificationFailed'): object => {
    const status = showing(reason);
    return resyncObject({ status: { ...status, conditions: status.conditions?.filter((c) => c.type === type) ?? [] } });
  };

  it('without Reconciling, Stalled and Ready, kstatus would take a failed run, and one that copies, for a success', async () => {
    const found = await verdictsOn([only('Succeeded', 'VerificationFailed'), only('Succeeded', 'Copying')]);
    expect(found.map(({ kstatus }) => kstatus)).toEqual(['Current', 'Current']);
  });

  it('with Ready alone, a failed run would be waited for', async () => {
    const [found] = await verdictsOn([only('Ready', 'VerificationFailed')]);
    expect(found?.kstatus).toBe('InProgress');
  });

  it('without the default of .status, kstatus would take a new object for a success', async () => {
    const { status: _, ...bare } = resyncObject();
    const [found] = await verdictsOn([bare]);
    expect(found).toMatchObject({ kstatus: 'Current', argo: 'Progressing', flux: expect.stringMatching(/^error: /) });
  });
});

describe("Argo CD's script", () => {
  it('says the reason and the message of what it shows', async () => {
    const shown = STATES.filter(({ name }) => ['pending', 'completed', 'cancelling-without-answer'].includes(name));
    const answers = await evaluate(shown.map(({ resync }) => ({ evaluator: 'health', script, object: resync })));
    expect(answers.map(({ value }) => (value as { readonly message: string }).message)).toEqual([
      expect.stringMatching(/^Pending: .*LUN vol-1 does not exist/),
      expect.stringMatching(/^ArrayUnreachable: /),
      expect.stringMatching(/^Completed: 1 LUN has the content of the source/),
    ]);
  });

  it('never fails, whatever is missing', async () => {
    const object = { apiVersion: 'lunresync.io/v1alpha1', kind: 'LunResync', metadata: { name: 'restore' }, spec: {} };
    const succeeded = { type: 'Succeeded', status: 'Unknown' };
    const statuses = [
      {},
      { conditions: [] },
      { conditions: [succeeded] },
      { observedGeneration: 1, conditions: [succeeded] },
    ];
    const objects = [object, ...statuses.map((status) => ({ ...object, status }))];
    const answers = await evaluate(objects.map((bare) => ({ evaluator: 'health', script, object: bare })));
    expect(answers.map(wordOf)).toEqual(objects.map(() => 'Progressing'));
  });
});

it("the Flux objects in deploy/flux have no field that Flux's own types do not have", async () => {
  const objects = fluxObjects();
  const answers = await evaluate(objects.map((object) => ({ evaluator: 'strict', object })));
  expect(answers).toEqual(objects.map(({ kind }) => ({ value: kind })));
});
