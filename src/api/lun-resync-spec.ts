// The spec of a LunResync: what a requester asks for. Types, parser and CRD come from this schema.
import { z } from 'zod';
import { count32, type DeepReadonly, keyedBy, label, lunID, objectName } from './fields.ts';
import { PAIR_RULES, SOURCE_RULES, SPEC_RULES, TARGET_RULES } from './lun-resync-rules.ts';

const sourceSchema = z
  .object({
    lunID: lunID()
      .optional()
      .describe(
        'Id of a LUN of the array, 1 to 128 of A-Z a-z 0-9 . _ : -. Needs a StorageArray.spec.lunGrants entry with access Source for this namespace.',
      ),
    volumeSnapshotName: objectName()
      .optional()
      .describe('Name of a VolumeSnapshot in the same namespace whose LUN is copied. It may appear later.'),
    undoOf: objectName()
      .optional()
      .describe(
        'Name of an earlier, finished LunResync in the same namespace: the safety snapshot that it took for its pair of the same name is put back.',
      ),
  })
  .meta({
    description: 'What is copied: exactly one of lunID, volumeSnapshotName, undoOf. No default.',
    'x-kubernetes-validations': SOURCE_RULES,
  });

const targetSchema = z
  .object({
    lunID: lunID()
      .optional()
      .describe(
        'Id of a LUN of the array, 1 to 128 of A-Z a-z 0-9 . _ : -. Needs a StorageArray.spec.lunGrants entry with access Target for this namespace.',
      ),
    persistentVolumeClaimName: objectName()
      .optional()
      .describe('Name of a PersistentVolumeClaim in the same namespace whose LUN is overwritten. It may appear later.'),
  })
  .optional()
  .meta({
    description:
      'What is overwritten: exactly one of lunID, persistentVolumeClaimName. May be left out with volumeSnapshotName (then it is the volume that the snapshot was taken from) and with undoOf (then it is the target of that run); required with lunID.',
    'x-kubernetes-validations': TARGET_RULES,
  });

const pairSchema = z
  .object({
    name: label().describe('Name of the pair, unique in the object: a DNS label of at most 63 characters.'),
    source: sourceSchema,
    target: targetSchema,
  })
  .meta({ 'x-kubernetes-validations': PAIR_RULES, description: 'One source and the target that it is copied over.' });

/** Schema of `spec`, with defaults. */
export const lunResyncSpecSchema = z
  .object({
    arrayName: objectName()
      .optional()
      .describe(
        'Name of the StorageArray. Optional where the pairs decide it (by their CSI driver) or only one StorageArray exists. Immutable.',
      ),
    pairs: z
      .array(pairSchema)
      .min(1)
      .max(64)
      .meta({
        description: 'What is copied over what, 1 to 64 pairs on one array; all of them succeed together. Immutable.',
        ...keyedBy('name'),
      }),
    mode: z
      .enum(['Run', 'Plan'])
      .default('Run')
      .describe('Run (default) copies. Plan makes all checks and writes status.plan, and changes nothing. Immutable.'),
    sizePolicy: z
      .enum(['MatchSource', 'KeepLarger'])
      .default('MatchSource')
      .describe(
        'MatchSource (default) resizes every target to the size of its source. KeepLarger leaves a larger target its size; its tail reads as zeros afterwards. Immutable.',
      ),
    claimResize: z
      .enum(['Never', 'Raise'])
      .default('Never')
      .describe(
        'What happens when a claim is smaller than its source: Never (default) waits for somebody to raise its request, Raise raises it. Immutable.',
      ),
    identityPolicy: z
      .enum(['KeepTarget', 'RevertToOriginal'])
      .default('KeepTarget')
      .describe(
        'Disk signature of the targets afterwards: KeepTarget (default) leaves it; RevertToOriginal sets it to that of the LUN which the source snapshot was taken from. Immutable.',
      ),
    unselectedVolumePolicy: z
      .enum(['Refuse', 'Overwrite'])
      .default('Refuse')
      .describe(
        'When other volumes than the named ones live on a target LUN: Refuse (default) or Overwrite them too. Immutable.',
      ),
    safetySnapshot: z
      .enum(['Always', 'Never'])
      .default('Always')
      .describe(
        'Always (default) takes a snapshot of every target before its first block changes; a run that ends without success is rolled back to it. Never: such a run leaves its targets inconsistent and fenced. Immutable.',
      ),
    verify: z
      .enum(['Digest', 'None'])
      .default('Digest')
      .describe(
        'Digest (default) has the array read every target back and compare it with its source. None does not. Immutable.',
      ),
    targetInUseTimeoutSeconds: count32(0, 604800)
      .default(300)
      .describe(
        'How long to wait for a target that is in use or in another run, in seconds: 0 (fail at once) to 604800, default 300. Immutable.',
      ),
    runID: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[A-Za-z0-9._:/-]+$/)
      .optional()
      .describe(
        'Name of the run, 1 to 128 of A-Z a-z 0-9 . _ : / -. The same run is never done twice on a target, not even by a re-created object. No default. Immutable.',
      ),
    suspend: z
      .boolean()
      .default(false)
      .describe(
        'true holds the start and new attempts; a copy that runs goes on. false (default) lets them go. Mutable.',
      ),
    cancel: z
      .boolean()
      .default(false)
      .describe(
        'true ends the run and rolls its targets back; that is final. false (default) lets it run. Mutable from false to true only.',
      ),
    activeDeadlineSeconds: count32(1)
      .optional()
      .describe(
        'Ends the run with DeadlineExceeded this many seconds after status.startTime, not counting time suspended, in maintenance or rolling back: 1 to 2147483647. No default: no deadline. Immutable.',
      ),
    stallTimeoutSeconds: count32(1, 604800)
      .default(300)
      .describe(
        'Ends the run with NoProgress when the array reports no change for this many seconds: 1 to 604800, default 300. Immutable.',
      ),
    backoffLimit: count32(0, 100)
      .default(3)
      .describe('New attempts after an interrupted or transiently failed one: 0 to 100, default 3. Immutable.'),
    safetySnapshotRetentionSeconds: count32(0)
      .optional()
      .describe(
        'Deletes the safety snapshots this many seconds after the run finished: 0 to 2147483647. No default: they live until the object is deleted. Mutable.',
      ),
    ttlSecondsAfterFinished: count32(0)
      .optional()
      .describe(
        'Deletes the object this many seconds after the run finished: 0 to 2147483647. No default: it stays. Not for objects that a GitOps tool would create again. Mutable.',
      ),
  })
  .meta({
    description:
      'What to copy over what, and how. Immutable but for suspend, cancel, safetySnapshotRetentionSeconds and ttlSecondsAfterFinished.',
    'x-kubernetes-validations': SPEC_RULES,
  });

/** The spec of a LunResync, defaults filled in. */
export type LunResyncSpec = DeepReadonly<z.output<typeof lunResyncSpecSchema>>;
