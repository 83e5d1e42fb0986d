// The actions that Argo CD offers on a LunResync: when they are there, and what they change.
import { beforeAll, describe, expect, it } from 'vitest';
import { BUILD_TIMEOUT_MS, evaluate } from '../support/gitops/evaluators.ts';
import { ARGO_ACTIONS, argoScript } from '../support/gitops/manifests.ts';
import { offeredOn } from '../support/gitops/offers.ts';
import { STATES } from '../support/gitops/states.ts';
import { resyncObject } from '../support/observations.ts';

beforeAll(() => evaluate([]), BUILD_TIMEOUT_MS);

describe("Argo CD's actions", () => {
  it('are offered while they can still change anything', async () => {
    const script = argoScript('actions/discovery.lua');
    const answers = await evaluate(STATES.map(({ resync }) => ({ evaluator: 'action', script, object: resync })));
    const offered = answers.map(({ value, error }) => {
      expect(error).toBeUndefined();
      const actions = value as Readonly<Record<string, { readonly disabled: boolean }>>;
      expect(Object.keys(actions).toSorted()).toEqual(ARGO_ACTIONS.toSorted());
      return ARGO_ACTIONS.filter((action) => actions[action]?.disabled === false);
    });
    const named = (lists: readonly (readonly string[])[]): ReadonlyMap<string, readonly string[]> =>
      new Map(STATES.map(({ name }, nth) => [name, lists[nth] ?? []]));
    expect(named(offered)).toEqual(named(STATES.map(({ resync }) => offeredOn(resync))));
    expect(new Set(offered.map(String))).toEqual(new Set(['', 'suspend,cancel', 'resume,cancel']));
  });

  it.each([
    ['suspend', { suspend: false }, { suspend: true }],
    ['resume', { suspend: true }, { suspend: false }],
    ['cancel', { suspend: false }, { cancel: true }],
  ] as const)('%s changes one field, and that is mutable', async (action, before, change) => {
    const object = resyncObject({ spec: before });
    const script = argoScript(`actions/${action}/action.lua`);
    const [answer] = await evaluate([{ evaluator: 'action', script, object }]);
    const spec = { ...object.spec, ...change };
    expect(answer).toMatchObject({ value: { spec, metadata: object.metadata } });
  });
});
