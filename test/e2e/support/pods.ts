// Pods of tests: each runs one script of Node, in a namespace that allows restricted Pods only.
import type { Cluster } from './cluster.ts';

/** What a Pod does and where. */
export type ScriptPod = {
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  /** JavaScript, as an ECMAScript module. */
  readonly script: string;
  /** The claim that it has at /data. */
  readonly claim?: string;
  readonly labels?: Readonly<Record<string, string>>;
};

/** The Pod as an object. */
export function podOf({ name, namespace, image, script, claim, labels = {} }: ScriptPod): object {
  const mount = claim === undefined ? {} : { volumeMounts: [{ name: 'data', mountPath: '/data' }] };
  const volume =
    claim === undefined ? {} : { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim } }] };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      // Volumes belong to root when they are new; the group makes them writable.
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        fsGroup: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'main',
          image,
          command: ['node', '--input-type=module', '--eval', script],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          ...mount,
        },
      ],
      ...volume,
    },
  };
}

/** Runs the Pod to its end and deletes it; gives what it printed. Rejects when its script failed. */
export async function runPod({ apply, kubectl }: Cluster, pod: ScriptPod): Promise<string> {
  const object = [`pod/${pod.name}`, `--namespace=${pod.namespace}`];
  await apply(podOf(pod));
  const succeeded = '--for=jsonpath={.status.phase}=Succeeded';
  await kubectl('wait', ...object, succeeded, '--timeout=120s').catch(async (cause: unknown) => {
    throw new Error(`Pod ${pod.name}: ${await kubectl('logs', ...object)}`, { cause });
  });
  const output = await kubectl('logs', ...object);
  await kubectl('delete', ...object, '--wait');
  return output.trim();
}
