// The files in deploy/argocd that follow from others: the forms in which Argo CD takes the same scripts, and the test data
// that goes with a contribution to Argo CD's own repository. `npx vitest run test/gitops -u` writes them anew.
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import { GROUP, LUN_RESYNC_KIND } from '../../src/api/names.ts';
import { BUILD_TIMEOUT_MS, evaluate } from '../support/gitops/evaluators.ts';
import { ARGO_ACTIONS, ARGO_FOLDER, argoScript } from '../support/gitops/manifests.ts';
import { offeredOn } from '../support/gitops/offers.ts';
import { STATES, type State } from '../support/gitops/states.ts';

const HEADER = '# Follows from resource_customizations/lunresync.io/LunResync; written by test/gitops/forms.test.ts.\n';

const health = argoScript('health.lua');
const discovery = argoScript('actions/discovery.lua');
const actions = yaml({
  'discovery.lua': discovery,
  definitions: ARGO_ACTIONS.map((name) => ({ name, 'action.lua': argoScript(`actions/${name}/action.lua`) })),
});
// What changes all the time says nothing of health, and need not make Argo CD compare the application again.
const ignored = yaml({ jsonPointers: ['/status/progress', '/status/pairs'] });
const KEY = `${GROUP}_${LUN_RESYNC_KIND}`;
const updates = { [`resource.customizations.ignoreResourceUpdates.${KEY}`]: ignored };
const settings = {
  [`resource.customizations.health.${KEY}`]: health,
  [`resource.customizations.actions.${KEY}`]: actions,
  ...updates,
};
const argocd = { name: 'argocd', namespace: 'argocd' };

function yaml(value: unknown): string {
  return dump(value, { lineWidth: -1, noRefs: true });
}

/** Undefined fields are not there. */
function asJson(value: object): object {
  return JSON.parse(JSON.stringify(value)) as object;
}

const isCurrent = (path: string, content: string): Promise<void> =>
  expect(content).toMatchFileSnapshot(join(ARGO_FOLDER, path));

it.each([
  [
    'argocd-cm.yaml',
    'the ConfigMap that Argo CD reads: kubectl apply --server-side --field-manager=lunresync -f <this file>',
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...argocd, name: 'argocd-cm' }, data: settings },
  ],
  ['values.yaml', 'values of the Helm chart argo-cd', { configs: { cm: settings } }],
  [
    'operator.yaml',
    'the ArgoCD of the Argo CD operator',
    {
      apiVersion: 'argoproj.io/v1beta1',
      kind: 'ArgoCD',
      metadata: argocd,
      spec: {
        resourceHealthChecks: [{ group: GROUP, kind: LUN_RESYNC_KIND, check: health }],
        resourceActions: [{ group: GROUP, kind: LUN_RESYNC_KIND, action: actions }],
        extraConfig: updates,
      },
    },
  ],
])('deploy/argocd/%s holds the scripts, as %s', async (file, form, content) => {
  await isCurrent(`../../../${file}`, `${HEADER}# This is ${form}.\n${yaml(content)}`);
});

describe("the contribution to Argo CD's own repository", () => {
  beforeAll(() => evaluate([]), BUILD_TIMEOUT_MS);

  /** Argo CD's test calls the script itself, which never sees an object that is being deleted. */
  const seen = STATES.filter(({ resync }) => resync.metadata.deletionTimestamp === undefined);
  const inputPath = ({ name }: State): string => `testdata/${name}.yaml`;

  it('has an object for every state', async () => {
    for (const state of STATES) await isCurrent(inputPath(state), yaml(asJson(state.resync)));
  });

  it('says what health each of them has', async () => {
    const answers = await evaluate(seen.map(({ resync }) => ({ evaluator: 'health', script: health, object: resync })));
    const tests = seen.map((state, position) => ({
      healthStatus: answers[position]?.value,
      inputPath: inputPath(state),
    }));
    await isCurrent('health_test.yaml', yaml({ tests }));
  });

  it('says which actions each of them offers, and what an action makes of it', async () => {
    const icons = { suspend: 'pause', resume: 'play', cancel: 'ban' };
    const discoveryTests = STATES.map((state) => ({
      inputPath: `../${inputPath(state)}`,
      result: ARGO_ACTIONS.map((name) => ({
        name,
        disabled: !offeredOn(state.resync).includes(name),
        iconClass: `fa fa-fw fa-${icons[name]}`,
      })),
    }));
    const actionTests = ARGO_ACTIONS.map((action) => {
      const name = action === 'resume' ? 'suspended' : 'copying';
      return { action, inputPath: `../testdata/${name}.yaml`, expectedOutputPath: `testdata/${name}-${action}.yaml` };
    });
    for (const { action, inputPath: path, expectedOutputPath } of actionTests) {
      const object = STATES.find((state) => path.endsWith(`/${inputPath(state)}`))?.resync;
      const change = action === 'cancel' ? { cancel: true } : { suspend: action === 'suspend' };
      await isCurrent(
        `actions/${expectedOutputPath}`,
        yaml(asJson({ ...object, spec: { ...object?.spec, ...change } })),
      );
    }
    await isCurrent('actions/action_test.yaml', yaml({ discoveryTests, actionTests }));
  });
});
