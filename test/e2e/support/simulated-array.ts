// The simulated array in the cluster, through its command line in its Pod.
import { LunState, Outcome } from '../../../src/proto/lunarray/v1/lunarray_pb.js';
import type { Cluster } from './cluster.ts';

export const ARRAY_NAMESPACE = 'lunresync-array';
/** What copies are made from: a snapshot, filled with bytes that are everywhere different. */
export const GOLDEN = 'golden';
/** Namespaces whose LunResyncs may name any LUN. */
const GRANTED = ['runs', 'doomed'] as const;
const POD = 'lunresync-simulator-0';
/** Size of every LUN here. */
export const LUN_BYTES = 64 * 1024 * 1024;
/** At this rate a copy takes nine minutes: whatever a test does to it happens in its middle. */
const HELD_BYTES_PER_SECOND = 128 * 1024;

/** What tests do with the array, and what they ask it. */
export type LunArray = {
  /** Makes a LUN with bytes of its own. */
  readonly makeTarget: (id: string) => Promise<void>;
  /** Takes a snapshot of a LUN. */
  readonly snapshot: (lun: string, id: string) => Promise<void>;
  /** The SHA-256 of a LUN's bytes as they are now. */
  readonly digest: (id: string) => Promise<string>;
  /** From now on copies take minutes. */
  readonly holdCopies: () => Promise<void>;
  /** From now on they are as fast as they can be. */
  readonly letCopiesRun: () => Promise<void>;
  /** Bytes that all copies wrote which came to their end since the array's process began. */
  readonly copiedBytes: () => Promise<number>;
  /** Ids of the operations that the calls for a LunResync started since then, by its uid. */
  readonly startedFor: (uid: string) => Promise<string[]>;
  /** Ids of those that its calls cancelled. */
  readonly cancelledFor: (uid: string) => Promise<string[]>;
  /** Ids of its operations that have not ended. */
  readonly runningFor: (uid: string) => Promise<string[]>;
  /** Whether a LUN can be used: no operation is at work on it, and none has left it half-written. */
  readonly isOnline: (id: string) => Promise<boolean>;
  /** Ids of the safety snapshots that the array holds. */
  readonly safetySnapshots: () => Promise<string[]>;
  /** Ends the array's process, and makes no other. Resolves when the Pod is gone. */
  readonly stop: () => Promise<void>;
  /** Starts it again. Resolves when it answers. */
  readonly start: () => Promise<void>;
};

type Call = { readonly code: string; readonly operationID: string };

/** The array of a cluster. */
export function lunarray({ kubectl }: Cluster): LunArray {
  const inNamespace = ['--namespace', ARRAY_NAMESPACE];
  const script = (...commands: readonly string[]): Promise<string> => {
    const program = 'lunarray() { node dist/simulator/cli/main.js --data /data "$@"; }';
    return kubectl(
      'exec',
      ...inNamespace,
      POD,
      '--container',
      'array',
      '--',
      'sh',
      '-ec',
      [program, ...commands].join('\n'),
    );
  };
  const scale = (replicas: number): Promise<string> =>
    kubectl('scale', ...inNamespace, 'statefulset/lunresync-simulator', `--replicas=${replicas}`);
  /** Operations that such a call was about and got an answer, by the array's log. */
  const calls = async (method: string, uid: string): Promise<string[]> => {
    const log = (await kubectl('logs', ...inNamespace, POD, '--container', 'array')).split('\n');
    const lines = log.filter((line) => line.includes(`"${method}"`)).map((line) => JSON.parse(line) as Call);
    const answered = lines.filter(({ code, operationID }) => code === 'OK' && operationID.startsWith(`${uid}.`));
    return [...new Set(answered.map(({ operationID }) => operationID))];
  };
  return {
    makeTarget: async (id) => {
      await script(
        `lunarray create-lun --pool pool --size ${LUN_BYTES} --id ${id}`,
        `lunarray fill ${id} --seed ${id}`,
      );
    },
    snapshot: async (lun, id) => void (await script(`lunarray snapshot ${lun} --id ${id}`)),
    digest: async (id) => (await script(`lunarray digest ${id}`)).trim(),
    holdCopies: async () => void (await script(`lunarray bandwidth ${HELD_BYTES_PER_SECOND}`)),
    letCopiesRun: async () => void (await script('lunarray bandwidth 0')),
    copiedBytes: async () => {
      const counters = JSON.parse(await script('lunarray counters --json')) as { arrayCopyBytes: number };
      return counters.arrayCopyBytes;
    },
    startedFor: (uid) => calls('StartOperation', uid),
    cancelledFor: (uid) => calls('CancelOperation', uid),
    runningFor: async (uid) => {
      const all = JSON.parse(await script('lunarray operations --json')) as { operationId: string; outcome: Outcome }[];
      const own = all.filter(({ operationId }) => operationId.startsWith(`${uid}.`));
      return own.filter(({ outcome }) => outcome === Outcome.RUNNING).map(({ operationId }) => operationId);
    },
    isOnline: async (id) => {
      const lun = JSON.parse(await script(`lunarray show ${id} --json`)) as { state: LunState };
      return lun.state === LunState.ONLINE;
    },
    safetySnapshots: async () => {
      const all = JSON.parse(await script('lunarray list --json')) as { id: string; safetyOwner: string }[];
      return all.filter(({ safetyOwner }) => safetyOwner !== '').map(({ id }) => id);
    },
    stop: async () => {
      await scale(0);
      await kubectl('wait', ...inNamespace, `pod/${POD}`, '--for=delete', '--timeout=120s');
    },
    start: async () => {
      await scale(1);
      await kubectl('rollout', 'status', ...inNamespace, 'statefulset/lunresync-simulator', '--timeout=120s');
    },
  };
}

/** Makes what copies are made from, once. */
export async function makeGolden(cluster: Cluster): Promise<void> {
  const array = lunarray(cluster);
  await array.makeTarget('golden-original');
  await array.snapshot('golden-original', GOLDEN);
}

/** The StorageArray. */
export async function applyArray({ apply, kubectl }: Cluster): Promise<void> {
  const grant = (namespace: string): object[] =>
    ['Source', 'Target'].map((access) => ({
      name: `${namespace}-${access.toLowerCase()}`,
      namespace,
      access,
      lunIDs: ['*'],
    }));
  await apply({
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'StorageArray',
    metadata: { name: 'array-a' },
    spec: {
      endpoint: `dns:///lunresync-simulator.${ARRAY_NAMESPACE}.svc:50051`,
      insecure: true,
      csiDriverName: 'sim.lunresync.io',
      lunGrants: GRANTED.flatMap(grant),
    },
  });
  await kubectl('wait', 'storagearray/array-a', '--for=condition=Ready', '--timeout=60s');
}
