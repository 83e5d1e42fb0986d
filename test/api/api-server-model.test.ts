// The model of the API server that the simulation stands on, and a real kube-apiserver: the same requests get the same
// answers. Both begin empty, since whole histories are compared, and the real one is put back to an earlier state.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelSubject } from '../reliability/world/api-server/conformance/model-subject.ts';
import type { Outcome } from '../reliability/world/api-server/conformance/normalise.ts';
import { randomNamespace, randomSteps } from '../reliability/world/api-server/conformance/random-steps.ts';
import { startRealSubject } from '../reliability/world/api-server/conformance/real-subject.ts';
import { outcomesOf, STEPS } from '../reliability/world/api-server/conformance.ts';

const SEEDS = [1, 2, 3, 4];
const REQUESTS = 300;

const model = modelSubject();
let real: Awaited<ReturnType<typeof startRealSubject>> | undefined;

beforeAll(async () => {
  real = await startRealSubject();
});
afterAll(() => real?.[Symbol.asyncDispose]());

function subject(): NonNullable<typeof real> {
  if (real === undefined) throw new Error('there is no API server');
  return real;
}

const refused = (outcomes: readonly Outcome[]): number =>
  outcomes.filter(({ answer }) => typeof answer === 'object' && answer !== null && 'refused' in answer).length;

describe('the model and the real API server', () => {
  it('answer every step of the script alike', async () => {
    const expected = await outcomesOf(subject(), STEPS);
    const answers = await outcomesOf(model, STEPS);
    for (const [at, outcome] of expected.entries()) expect(answers[at]).toEqual(outcome);
    expect(new Set(STEPS.map(({ name }) => name)).size).toBe(STEPS.length);
    // Neither is a script in which all is refused, or nothing.
    expect(STEPS.length).toBeGreaterThan(370);
    expect(refused(expected)).toBeGreaterThan(150);
    expect(expected.length - refused(expected)).toBeGreaterThan(150);
  });

  it.each(SEEDS)(`answer ${REQUESTS} random requests alike, and show the same history: seed %i`, async (seed) => {
    const steps = randomSteps(seed, REQUESTS);
    const expected = await outcomesOf(subject(), steps, randomNamespace(seed));
    const answers = await outcomesOf(model, steps, randomNamespace(seed));
    for (const [at, outcome] of expected.entries()) expect(answers[at]).toEqual(outcome);
    expect(refused(expected)).toBeLessThan(0.75 * REQUESTS);
  });
});
