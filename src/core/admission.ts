/**
 * Whether a new attempt may begin now: everything that is checked again before every acceptance. The checks are a
 * list, run in order; the first that objects decides. What may still become right is waited for.
 */
import type { TargetUser } from '../api/lun-resync-status.ts';
import { type Lun, uniqueIdentifier } from './array.ts';
import { accessObjection } from './grants.ts';
import { type ArrayPolicy, CONTRACT_VERSION, type Observation, type ReadView } from './observation.ts';
import type { Problem } from './problem.ts';
import type { ReasonName } from './reasons.ts';
import { runMemoryObjection } from './run-memory.ts';
import { inUseObjection } from './target-in-use.ts';

/** Wait: `reason` is shown meanwhile; after `limitMs` (undefined: never) the run ends with `end`. */
export type Objection =
  | {
      readonly kind: 'Wait';
      readonly reason: ReasonName;
      readonly end: Problem;
      readonly limitMs: number | undefined;
      readonly stalled: boolean;
      readonly users: readonly TargetUser[];
    }
  | { readonly kind: 'End'; readonly problem: Problem }
  | { readonly kind: 'AlreadyCompleted' };

type Check = (o: Observation) => Objection | undefined;

/** The first objection, or undefined: the attempt may begin. */
export function objectionTo(o: Observation): Objection | undefined {
  for (const check of CHECKS) {
    const objection = check(o);
    if (objection !== undefined) return objection;
  }
  return undefined;
}

/** A wait for something that may still appear. Bounded by the operator's reference timeout. */
export function pending(o: Observation, end: Problem): Objection {
  return { ...hold('Pending', end), limitMs: o.settings.referenceTimeoutMs };
}

/** A wait without a limit of its own. */
export function hold(reason: ReasonName, end: Problem): Extract<Objection, { kind: 'Wait' }> {
  return { kind: 'Wait', reason, end, limitMs: undefined, stalled: false, users: [] };
}

const CHECKS: readonly Check[] = [
  suspended,
  arrayFound,
  heldByAdministrator,
  referencesResolved,
  accessObjection,
  arrayAnswers,
  arrayCapable,
  lunsExist,
  shapeAllowed,
  volumesSelected,
  runMemoryObjection,
  inUseObjection,
  roomForAnotherOperation,
];

function suspended(o: Observation): Objection | undefined {
  if (!o.resync.spec.suspend) return undefined;
  return hold('Suspended', { reason: 'BadState', message: 'spec.suspend is true: nothing new is started' });
}

function arrayFound(o: Observation): Objection | undefined {
  if (o.array.state === 'found') return undefined;
  return o.array.final ? { kind: 'End', problem: o.array.problem } : pending(o, o.array.problem);
}

function heldByAdministrator(o: Observation): Objection | undefined {
  const policy = policyOf(o);
  if (policy?.abandoned)
    return hold('Maintenance', {
      reason: 'BadState',
      message: `StorageArray ${arrayName(o)} is abandoned: no run is begun on it`,
      remedy: 'Set spec.abandoned of the StorageArray to false',
    });
  if (!policy?.maintenance) return undefined;
  return hold('Maintenance', {
    reason: 'BadState',
    message: `StorageArray ${arrayName(o)} is in maintenance: nothing is started (VSS_E_BAD_STATE)`,
  });
}

function referencesResolved(o: Observation): Objection | undefined {
  const unresolved = o.pairs.find((pair) => pair.problem !== undefined);
  if (unresolved?.problem === undefined) return undefined;
  const problem = { ...unresolved.problem, message: `pair ${unresolved.name}: ${unresolved.problem.message}` };
  return unresolved.final ? { kind: 'End', problem } : pending(o, problem);
}

/** Before the first attempt an array without an answer is a reference that is not ready; later it is waited for. */
function arrayAnswers(o: Observation): Objection | undefined {
  if (o.view.state === 'read') return undefined;
  const message = o.view.state === 'unread' ? o.view.message : 'it has not been asked yet';
  const end: Problem = { reason: 'BadState', message: `StorageArray ${arrayName(o)} gives no answer: ${message}` };
  const first = (o.resync.status.attempt ?? 0) === 0;
  return {
    ...hold('ArrayUnreachable', end),
    limitMs: first ? o.settings.referenceTimeoutMs : undefined,
    stalled: isStalled(o),
  };
}

/** An array that does not answer calls for a person after five minutes; one that refuses our credentials at once. */
export function isStalled(o: Observation): boolean {
  return o.unreachableMs >= 300_000 || (o.view.state === 'unread' && o.view.cause === 'Unauthenticated');
}

function arrayCapable(o: Observation): Objection | undefined {
  const { identity } = readView(o);
  const { spec } = o.resync;
  if (identity.contractVersion < CONTRACT_VERSION)
    return end('ArrayTooOld', `the array speaks version ${identity.contractVersion} of the contract, ${CONTRACT_VERSION} is needed`);
  const needed = [
    ['Resync', true, 'resync'],
    ['RollBack', spec.safetySnapshot === 'Always', 'take safety snapshots (spec.safetySnapshot: Never does without)'],
    ['Verify', spec.verify === 'Digest', 'verify (spec.verify: None does without)'],
    ['RevertIdentity', spec.identityPolicy === 'RevertToOriginal', 'revert disk signatures'],
  ] as const;
  const missing = needed.find(([capability, wanted]) => wanted && !identity.capabilities.includes(capability));
  return missing === undefined ? undefined : end('NotImplemented', `the array cannot ${missing[2]}`);
}

function lunsExist(o: Observation): Objection | undefined {
  const { luns } = readView(o);
  const missing = o.pairs.flatMap((pair) => [pair.sourceLunID, pair.targetLunID]).find((id) => !luns.has(id));
  if (missing === undefined) return undefined;
  return pending(o, { reason: 'ObjectNotFound', message: `LUN ${missing} does not exist on array ${arrayName(o)}` });
}

function shapeAllowed(o: Observation): Objection | undefined {
  const targets = o.pairs.map((pair) => pair.targetLunID);
  const both = o.pairs.find((pair) => targets.includes(pair.sourceLunID));
  if (both !== undefined) return end('InvalidArgument', `LUN ${both.sourceLunID} is both a source and a target`);
  const twice = targets.find((id, index) => targets.indexOf(id) !== index);
  if (twice !== undefined) return end('InvalidArgument', `LUN ${twice} is the target of two pairs`);
  for (const lun of targetLuns(o)) {
    if (lun.kind !== 'Volume') return end('VolumeNotSupported', `LUN ${lun.id} is a snapshot and cannot be a target`);
    if (uniqueIdentifier(lun) === undefined)
      return end('VolumeNotSupported', `LUN ${lun.id} has no page 83 identifier of type 1, 2, 3 or 8`);
  }
  return undefined;
}

function volumesSelected(o: Observation): Objection | undefined {
  if (o.resync.spec.unselectedVolumePolicy === 'Overwrite') return undefined;
  for (const pair of o.pairs) {
    const lun = readView(o).luns.get(pair.targetLunID);
    const others = (lun?.volumes ?? []).filter((volume) => !pair.selectedVolumes.includes(volume));
    if (others.length > 0)
      return end('UnselectedVolume', `LUN ${pair.targetLunID} holds ${others.slice(0, 4).join(', ')}, which no pair selects`);
  }
  return undefined;
}

function roomForAnotherOperation(o: Observation): Objection | undefined {
  const limit = policyOf(o)?.maxConcurrentOperations ?? 0;
  if (limit === 0 || o.othersRunning < limit) return undefined;
  const message = `array ${arrayName(o)} has ${o.othersRunning} operations under way, maxConcurrentOperations is ${limit}`;
  return hold('Pending', { reason: 'BadState', message, remedy: 'It starts when one of them has ended' });
}

function end(reason: ReasonName, message: string): Objection {
  return { kind: 'End', problem: { reason, message } };
}

function policyOf(o: Observation): ArrayPolicy | undefined {
  return o.array.state === 'found' ? o.array.policy : undefined;
}

/** The StorageArray's name, also when the object itself is gone. */
export function arrayName(o: Observation): string {
  return o.array.state === 'found' ? o.array.name : (o.resync.status.arrayName ?? '');
}

function targetLuns(o: Observation): Lun[] {
  const { luns } = readView(o);
  return o.pairs.flatMap((pair) => luns.get(pair.targetLunID) ?? []);
}

/** For checks behind `arrayAnswers`. */
export function readView(o: Observation): ReadView {
  if (o.view.state !== 'read') throw new Error(`the LUNs of ${o.owner} were used before they were read`);
  return o.view;
}
