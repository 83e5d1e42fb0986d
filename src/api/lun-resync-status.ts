// The status of a LunResync: the IVssAsync, and everything of a run that survives a restart of the operator.
import { z } from 'zod';
import { conditionsSchema } from './condition.ts';
import {
  ATOMIC,
  count32,
  count64,
  type DeepReadonly,
  keyedBy,
  LUN_ID_PATTERN,
  label,
  lunID,
  objectName,
  text,
  time,
  word,
} from './fields.ts';
import { STATUS_RULES } from './lun-resync-rules.ts';

/** What a run left on a target, from bad to good; the worst of the pairs stands for the run. */
export const DATA_STATES = [
  'Inconsistent',
  'Unknown',
  'Overwriting',
  'Untouched',
  'RolledBack',
  'Copied',
  'MatchesSource',
] as const;

/** Where a pair stands. */
export const PAIR_STATES = [
  'Pending',
  'Waiting',
  'Starting',
  'Copying',
  'Verifying',
  'RollingBack',
  'Succeeded',
  'Failed',
] as const;

/** Longest message of a pair, in characters. */
export const MAX_PAIR_MESSAGE = 128;

/** Longest text of one planned action, in characters. */
export const MAX_PLAN_ACTION = 256;

/** Most users of the targets that are listed. */
export const MAX_USERS = 16;

const DATA_STATE_TEXT =
  'Inconsistent (part of the copy, fenced), Unknown, Overwriting, Untouched, RolledBack, Copied (not verified) or MatchesSource (verified)';

const identifier = (): z.ZodString => z.string().min(1).max(64);

const hresultSchema = z.object({
  name: word(64).describe('Symbolic name of the HRESULT, such as VSS_S_ASYNC_PENDING.'),
  code: z
    .string()
    .max(10)
    .regex(/^0x[0-9A-F]{8}$/)
    .describe('The number, as 0x and eight hexadecimal digits. Compare names: numbers are not unique.'),
});

const endingSchema = z.object({
  reason: word(64).describe('Reason that Succeeded=False is going to have.'),
  message: text(512).describe('Message that Succeeded=False is going to have, at most 512 characters.'),
  hresult: word(64).describe('Symbolic name of the HRESULT that the run is going to end with.'),
});

const progressSchema = z.object({
  percent: count32(0, 100)
    .optional()
    .describe('Part of the bytes that is dealt with, 0 to 100; never goes back within an attempt.'),
  copiedBytes: count64().optional().describe('Bytes dealt with over all pairs: copied, found equal, or a hole.'),
  totalBytes: count64().optional().describe('Bytes of all sources together.'),
  bytesPerSecond: count64().optional().describe('Recent speed in bytes a second.'),
  estimatedCompletionTime: time().optional().describe('When the copy ends at the recent speed (RFC 3339).'),
  lastUpdateTime: time().optional().describe('When these numbers last changed (RFC 3339).'),
  display: text(32)
    .optional()
    .describe('Short text for people, such as 42% of 2.9 TiB; at most 32 characters, 15 fit into 80 columns.'),
});

const pairSourceSchema = z.object({
  lunID: lunID().optional().describe('Id of the source LUN on the array.'),
  identifier: identifier()
    .optional()
    .describe(
      'One SCSI page 83 identifier of the source LUN, its type and value, such as 3:6001405… for NAA; at most 64 characters.',
    ),
  sizeBytes: count64().optional().describe('Size of the source LUN in bytes.'),
});

const pairTargetSchema = z.object({
  lunID: lunID().optional().describe('Id of the target LUN on the array.'),
  claimUID: text(36)
    .optional()
    .describe('metadata.uid of the PersistentVolumeClaim whose volume the target is; absent when it is of none.'),
  identifier: identifier()
    .optional()
    .describe(
      'One SCSI page 83 identifier of the target LUN, its type and value, such as 3:6001405… for NAA; at most 64 characters.',
    ),
  sizeBytes: count64().optional().describe('Size of the target LUN before the run, in bytes.'),
  finalSizeBytes: count64().optional().describe('Size of the target LUN when the run ended, in bytes.'),
  generation: count64()
    .optional()
    .describe('Generation of the target LUN that the attempt named by operationID was made for.'),
});

const pairStatusSchema = z.object({
  name: label().describe('Name of the pair in spec.pairs.'),
  source: pairSourceSchema.optional().describe('The source as it was resolved.'),
  target: pairTargetSchema.optional().describe('The target as it was resolved.'),
  state: z
    .enum(PAIR_STATES)
    .optional()
    .describe(`Where the pair stands: ${PAIR_STATES.join(', ')}.`),
  dataState: z.enum(DATA_STATES).optional().describe(`What is on the target: ${DATA_STATE_TEXT}.`),
  copiedBytes: count64().optional().describe('Bytes of this pair dealt with in the newest attempt.'),
  totalBytes: count64().optional().describe('Bytes of this pair to deal with in the newest attempt.'),
  safetySnapshotID: lunID()
    .optional()
    .describe('Id of the snapshot LUN that was taken of the target before its first block changed.'),
  reason: word(64).optional().describe('Why the pair waits or failed: one CamelCase word.'),
  message: text(MAX_PAIR_MESSAGE)
    .optional()
    .describe('What is the matter with this pair, for people; at most 128 characters.'),
});

const userSchema = z.object({
  pair: label().optional().describe('Name of the pair whose target is held.'),
  kind: z
    .enum(['Pod', 'Node', 'VolumeAttachment', 'LunResync', 'Other'])
    .describe('Pod, Node, VolumeAttachment, LunResync or Other.'),
  name: text(253).describe('Name of the holder; at most 253 characters.'),
});

const planStepSchema = z.object({
  pair: label().optional().describe('Name of the pair that the step is about; absent when it is about the whole run.'),
  action: text(MAX_PLAN_ACTION).describe('What would be done, or what stands against it; at most 256 characters.'),
  severity: z.enum(['Info', 'Blocked']).describe('Info: would be done. Blocked: stands against a run.'),
});

/** Schema of `status`. Nothing in it is required, so that no older or newer object is refused. */
export const lunResyncStatusSchema = z
  .object({
    observedGeneration: z
      .int()
      .min(-1)
      .max(Number.MAX_SAFE_INTEGER)
      .optional()
      .describe('The metadata.generation that the status was computed from; -1 (default) until the first visit.'),
    conditions: conditionsSchema(
      'Succeeded (Unknown while active, then True or False for good; its reason is the word to read), Ready (mirrors it), Reconciling, Stalled, UndoAvailable, TargetConsistent.',
    ),
    startTime: time().optional().describe('When the array accepted the first attempt (RFC 3339).'),
    completionTime: time()
      .optional()
      .describe('When the run ended, with success or without (RFC 3339). Never changes once set.'),
    arrayName: objectName().optional().describe('Name of the StorageArray that all pairs are on.'),
    arrayID: text(128).optional().describe('Identity of the array, from the array itself; at most 128 characters.'),
    hresult: hresultSchema
      .optional()
      .describe('What IVssAsync::QueryStatus would say: pending, finished, cancelled, or the error.'),
    attempt: count32(0).optional().describe('Number of the newest attempt, from 1; roll-backs count too.'),
    operationID: z
      .string()
      .min(1)
      .max(128)
      .regex(LUN_ID_PATTERN)
      .optional()
      .describe('Id of the attempt that is not proven dead, <uid>.<attempt>; absent when there is none.'),
    operationKind: z
      .enum(['Resync', 'RollBack'])
      .optional()
      .describe('Kind of the attempt named by operationID: Resync or RollBack.'),
    failures: count32(0).optional().describe('Attempts used up against spec.backoffLimit.'),
    rollBackFailures: count32(0).optional().describe('Roll-backs that were tried and failed.'),
    retryTime: time().optional().describe('No new attempt is made before this time (RFC 3339).'),
    waitingSince: time()
      .optional()
      .describe('Since when the present wait lasts (RFC 3339); absent when nothing is waited for.'),
    pausedSince: time()
      .optional()
      .describe('Since when the run is held back by suspend or maintenance (RFC 3339); absent when it is not.'),
    pausedSeconds: count32(0)
      .optional()
      .describe('Seconds that spec.activeDeadlineSeconds does not count, up to pausedSince.'),
    ending: endingSchema
      .optional()
      .describe('Why the run is going to end without success; recorded before it is cancelled or rolled back.'),
    safetySnapshotsDeleted: z
      .boolean()
      .optional()
      .describe('true: the safety snapshots of this run are deleted; false or absent: not.'),
    progress: progressSchema.optional().describe('How far the copy is.'),
    pairsSummary: text(16).optional().describe('Succeeded pairs of all pairs, such as 1/3.'),
    dataState: z.enum(DATA_STATES).optional().describe(`The worst of the pairs: ${DATA_STATE_TEXT}.`),
    pairs: z
      .array(pairStatusSchema)
      .max(64)
      .optional()
      .meta({ description: 'The pairs of spec.pairs as they were resolved, and how each stands.', ...keyedBy('name') }),
    users: z
      .array(userSchema)
      .max(MAX_USERS)
      .optional()
      .meta({ description: 'Who holds a target that is waited for, at most 16 of them.', ...ATOMIC }),
    plan: z
      .array(planStepSchema)
      .max(64)
      .optional()
      .meta({ description: 'What a run would do, under spec.mode Plan; at most 64 steps.', ...ATOMIC }),
  })
  .meta({
    description: 'How the run stands: the IVssAsync of a LunResync. Written by the operator only.',
    'x-kubernetes-validations': STATUS_RULES,
  });

/** The status of a LunResync. */
export type LunResyncStatus = DeepReadonly<z.output<typeof lunResyncStatusSchema>>;

/** metav1.Condition: one entry of `status.conditions`, here and in a StorageArray. */
export type Condition = NonNullable<LunResyncStatus['conditions']>[number];

/** One entry of `status.pairs`. */
export type PairStatus = DeepReadonly<z.output<typeof pairStatusSchema>>;

/** What a run left on a target. */
export type DataState = (typeof DATA_STATES)[number];

/** One entry of `status.users`. */
export type TargetUser = DeepReadonly<z.output<typeof userSchema>>;

/** One entry of `status.plan`. */
export type PlanStep = DeepReadonly<z.output<typeof planStepSchema>>;

/** Why a run is going to end without success. */
export type Ending = DeepReadonly<z.output<typeof endingSchema>>;

/** `status.progress`. */
export type Progress = DeepReadonly<z.output<typeof progressSchema>>;
