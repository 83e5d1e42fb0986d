// The story with claims and snapshots: volumes of a StorageClass that lose their data and get it back in place, made and
// snapshotted by the controllers and CSI sidecars of a real cluster.

import { sendOk } from '../../test/support/api-client.ts';
import { CLASS_NAME, DRIVER_NAME } from '../../test/support/storage/cluster-objects.ts';
import { type Storage, startStorage } from '../../test/support/storage/storage.ts';
import { findSnapshotCRDs } from '../control-plane/snapshot-crds.ts';
import { apply, show, type Voice } from './commands.ts';
import { writeLun } from './lun-bytes.ts';
import { NAMESPACE, openStage, type Stage, type StageOptions } from './stage.ts';
import type { KeptObject, Restored, Story } from './story.ts';

const CLAIMS = [
  { name: 'orders', snapshot: 'orders-nightly', size: '192Mi' },
  { name: 'ledger', snapshot: 'ledger-nightly', size: '96Mi' },
] as const;

/** Opens the stage of the story, and the storage control plane on it. */
export async function volumeStory(options: StageOptions): Promise<Story> {
  const { running, say } = options;
  const stage = await openStage({ ...options, crds: [await findSnapshotCRDs()] });
  say('* Starting kube-controller-manager, the CSI sidecars and the snapshot-controller');
  const storage = running.use(await startStorage(stage.plane, stage.array, { say: (line) => say(`* ${line}`) }));
  return {
    stage,
    prepare: (voice) => makeVolumes(stage, storage, voice),
    administrator: 'names the array, and whose volumes are on it',
    arraySpec: { csiDriverName: DRIVER_NAME },
    pairs: CLAIMS.map(({ name, snapshot }) => ({
      name,
      source: { volumeSnapshotName: snapshot },
      target: { persistentVolumeClaimName: name },
    })),
    kinds: 'lunresyncs,persistentvolumeclaims,persistentvolumes,volumesnapshots,storageclasses',
    kept: () => keptObjects(stage, storage),
  };
}

async function makeVolumes(stage: Stage, storage: Storage, voice: Voice): Promise<readonly Restored[]> {
  const { say } = voice;
  await show(stage, ['get', 'storageclasses,volumesnapshotclasses'], voice);

  say('\n* A user claims two volumes, which the provisioner makes on the array');
  await apply(stage, CLAIMS.map(claimManifest), voice);
  const targets = await Promise.all(CLAIMS.map(({ name }) => storage.lunOf(NAMESPACE, name)));
  await show(stage, ['get', 'persistentvolumeclaims', `--namespace=${NAMESPACE}`], voice);

  say('\n* An application writes to them. There is no node: the bytes take the way of a host to the LUN');
  for (const [index, { name }] of CLAIMS.entries())
    await writeLun(stage.array, targets[index] ?? '', `${name} as it should be`, `${name}: entry 4711, paid in full`);

  say('\n* A user takes snapshots, which the snapshotter makes on the array');
  await apply(stage, CLAIMS.map(snapshotManifest), voice);
  const snapshots = await Promise.all(CLAIMS.map(({ snapshot }) => storage.untilReady(NAMESPACE, snapshot)));
  await show(stage, ['get', 'volumesnapshots', `--namespace=${NAMESPACE}`], voice);

  say('\n* Then the data is damaged. Each snapshot and its volume, as LUNs of the array:');
  for (const [index, { name }] of CLAIMS.entries())
    await writeLun(stage.array, targets[index] ?? '', `${name} damaged`, `${name}: ??? entry lost ???`);
  return CLAIMS.map((_, index) => ({ snapshot: snapshots[index] ?? '', target: targets[index] ?? '' }));
}

function claimManifest({ name, size }: (typeof CLAIMS)[number]): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      storageClassName: CLASS_NAME,
      accessModes: ['ReadWriteOnce'],
      // Nobody makes a file system here: what is written are the bytes of the device.
      volumeMode: 'Block',
      resources: { requests: { storage: size } },
    },
  };
}

function snapshotManifest({ name, snapshot }: (typeof CLAIMS)[number]): object {
  return {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshot',
    metadata: { name: snapshot, namespace: NAMESPACE },
    spec: { volumeSnapshotClassName: CLASS_NAME, source: { persistentVolumeClaimName: name } },
  };
}

/** Each claim and its volume, as they are now. */
async function keptObjects({ plane }: Stage, storage: Storage): Promise<readonly KeptObject[]> {
  const kept = CLAIMS.map(async ({ name }) => {
    const volume = await storage.untilBound(NAMESPACE, name);
    const claims = `/api/v1/namespaces/${NAMESPACE}/persistentvolumeclaims`;
    return [
      await read(plane.admin, 'PersistentVolumeClaim', `${claims}/${name}`),
      await read(plane.admin, 'PersistentVolume', `/api/v1/persistentvolumes/${volume}`),
    ];
  });
  return (await Promise.all(kept)).flat();
}

async function read(admin: Stage['plane']['admin'], kind: string, path: string): Promise<KeptObject> {
  const { metadata, spec } = await sendOk(admin, 'GET', path);
  const { name, uid } = metadata as { readonly name: string; readonly uid: string };
  return { kind, name, uid, spec: JSON.stringify(spec) };
}
