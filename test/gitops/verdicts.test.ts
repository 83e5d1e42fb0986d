// What kstatus, Argo CD and Flux make of every state of a LunResync: their own programs say it, of objects that the
// operator's own rules wrote. kubectl, which needs an API server, is asked in test/api/gitops.test.ts.
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { decide, isFinished } from '../../src/core/decide.ts';
import { anyObservation } from '../support/arbitrary-observations.ts';
import { BUILD_TIMEOUT_MS, type Expressions, evaluate } from '../support/gitops/evaluators.ts';
import { argoScript, fluxObjects } from '../support/gitops/manifests.ts';
import { REASON_STATES, STATES, type State } from '../support/gitops/states.ts';
import { FLUX_EXPRESSIONS, type Said, saidOf, wantedOf, wordOf } from '../support/gitops/verdicts.ts';
import { afterWrite, resyncObject } from '../support/observations.ts';
import { showing } from '../support/statuses.ts';

const script = argoScript('health.lua');

beforeAll(() => evaluate([]), BUILD_TIMEOUT_MS);

async function table(states: readonly State[], given?: Expressions): Promise<ReadonlyMap<string, Said | undefined>> {
  const said = await saidOf(
    states.map(({ resync }) => resync),
    given,
  );
  return new Map(states.map(({ name }, nth) => [name, said[nth]]));
}

describe('the truth table', () => {
  it.each(FLUX_EXPRESSIONS)('holds for every state, with the expressions of %s', async (_, expressions) => {
    expect(await table(STATES, expressions)).toEqual(wantedOf(STATES));
  });

  it('holds for every reason that there is', async () => {
    expect(await table(REASON_STATES)).toEqual(wantedOf(REASON_STATES));
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

it('whatever the rules write of a run that has not ended yet, or ends, the three tools agree', async () => {
  const writes = fc.sample(anyObservation, { numRuns: 500, seed: 1 }).flatMap((o) => {
    // An ended run is left as it was found, and anything may be found here.
    if (isFinished(o)) return [];
    const decision = decide(o);
    return decision.kind === 'Record' ? [afterWrite(o, decision).resync] : [];
  });
  const verdicts = await saidOf(writes);
  expect(verdicts.length).toBeGreaterThan(100);
  expect(new Set(verdicts.map(({ kstatus }) => kstatus)).size).toBeGreaterThan(2);
  const disagreeing = verdicts.findIndex(
    ({ kstatus, argo, flux }) => AGREEMENT[kstatus]?.includes(`${argo} ${flux}`) !== true,
  );
  expect(disagreeing < 0 ? undefined : [verdicts[disagreeing], writes[disagreeing]]).toBeUndefined();
});

describe('what the operator writes for the sake of these tools', () => {
  const only = (type: string, reason: 'Copying' | 'VerificationFailed'): object => {
    const status = showing(reason);
    return resyncObject({ status: { ...status, conditions: status.conditions?.filter((c) => c.type === type) ?? [] } });
  };

  it('without Reconciling, Stalled and Ready, kstatus would take a failed run, and one that copies, for a success', async () => {
    const found = await saidOf([only('Succeeded', 'VerificationFailed'), only('Succeeded', 'Copying')]);
    expect(found.map(({ kstatus }) => kstatus)).toEqual(['Current', 'Current']);
  });

  it('with Ready alone, a failed run would be waited for', async () => {
    const [found] = await saidOf([only('Ready', 'VerificationFailed')]);
    expect(found?.kstatus).toBe('InProgress');
  });

  it('without the default of .status, kstatus would take a new object for a success', async () => {
    const { status: _, ...bare } = resyncObject();
    const [found] = await saidOf([bare]);
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
