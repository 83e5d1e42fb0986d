/**
 * Whether a new attempt may begin now: everything that is checked again before every acceptance. The checks are a
 * list, run in order; the first that objects decides. What may still become right is waited for.
 */
import { MAX_RESOLVED_TEXT, resolvedTextLength } from '../api/size.ts';
import { claimObjection, ownerObjection } from './claims.ts';
import { accessObjection } from './grants.ts';
import { ends, hold, type Objection, pending, type Raise } from './objection.ts';
import { arrayName, CONTRACT_VERSION, isAttempted, type Observation, policyOf, readView } from './observation.ts';
import { resolvedSides } from './pair-status.ts';
import type { Problem } from './problem.ts';
import { runMemoryObjection } from './run-memory.ts';
import { shapeObjection } from './shape.ts';
import { inUseObjection } from './target-in-use.ts';

type Check<T = Objection> = (o: Observation) => T | undefined;

/** The first objection, or undefined: the attempt may begin. */
export function objectionTo(o: Observation): Objection | Raise | undefined {
  return firstOf(CHECKS, o);
}

/** Whether somebody holds new attempts back, which can be told without the array. */
export function heldObjection(o: Observation): Objection | undefined {
  return firstOf(HOLDS, o);
}

/** Five minutes without an answer call for a person; credentials that the array refuses do so at once. */
export function isStalled(o: Observation): boolean {
  return o.unreachableMs >= 300_000 || (o.view.state === 'unread' && o.view.cause === 'Unauthenticated');
}

const HOLDS: readonly Check[] = [suspended, heldByAdministrator];

const CHECKS: readonly Check<Objection | Raise>[] = [
  suspended,
  arrayFound,
  heldByAdministrator,
  referencesResolved,
  accessObjection,
  ownerObjection,
  arrayAnswers,
  arrayUnchanged,
  arrayCapable,
  lunsExist,
  recordable,
  shapeObjection,
  runMemoryObjection,
  // Behind everything that ends a run: a claim that was raised cannot shrink again.
  claimObjection,
  inUseObjection,
  roomForAnotherOperation,
];

function firstOf<T>(checks: readonly Check<T>[], o: Observation): T | undefined {
  for (const check of checks) {
    const objection = check(o);
    if (objection !== undefined) return objection;
  }
  return undefined;
}

function suspended(o: Observation): Objection | undefined {
  if (!o.resync.spec.suspend) return undefined;
  return hold('Suspended', { reason: 'BadState', message: 'spec.suspend is true: nothing new is started', remedy: '' });
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
    remedy: 'It goes on when spec.maintenance of the StorageArray is false',
  });
}

/** A recorded pair must still be what its names mean: a claim may have been made again over another volume. */
function referencesResolved(o: Observation): Objection | undefined {
  for (const { name, problem, final, changed } of o.pairs) {
    const wrong = problem === undefined ? changed : { problem, final };
    if (wrong === undefined) continue;
    const named = { ...wrong.problem, message: `pair ${name}: ${wrong.problem.message}` };
    return wrong.final ? { kind: 'End', problem: named } : pending(o, named);
  }
  return undefined;
}

/** Before the first attempt an array without an answer is a reference that is not ready; later it is waited for. */
function arrayAnswers(o: Observation): Objection | undefined {
  const { view } = o;
  if (view.state === 'read') return undefined;
  const asked = view.state === 'unread';
  const message = asked ? view.message : 'it has not been asked yet';
  const lockedOut = asked && view.cause === 'Unauthenticated';
  const end: Problem = {
    reason: 'BadState',
    message: `StorageArray ${arrayName(o)} gives no answer: ${message}`,
    remedy: lockedOut
      ? 'Correct the Secret that spec.tlsSecretName of the StorageArray names'
      : 'Start the array, or correct spec.endpoint of the StorageArray',
  };
  return {
    ...hold(asked ? 'ArrayUnreachable' : 'Validating', end),
    limitMs: isAttempted(o) ? undefined : o.settings.referenceTimeoutMs,
    stalled: isStalled(o),
  };
}

/** An endpoint that leads elsewhere than it has so far: the ids in the spec may mean other LUNs there. */
function arrayUnchanged(o: Observation): Objection | undefined {
  const recorded = o.array.state === 'found' ? o.array.arrayID : undefined;
  const { arrayID } = readView(o).identity;
  if (isAttempted(o) || recorded === undefined || recorded === arrayID) return undefined;
  const message = `StorageArray ${arrayName(o)} stands for array ${recorded}, its endpoint leads to array ${arrayID}`;
  return pending(o, { reason: 'ArrayChanged', message });
}

function arrayCapable(o: Observation): Objection | undefined {
  const { identity } = readView(o);
  const { spec } = o.resync;
  const { contractVersion } = identity;
  if (contractVersion < CONTRACT_VERSION)
    return ends('ArrayTooOld', `the array speaks version ${contractVersion} of the contract, not ${CONTRACT_VERSION}`);
  const needed = [
    ['Resync', true, 'resync'],
    ['RollBack', spec.safetySnapshot === 'Always', 'take safety snapshots (spec.safetySnapshot: Never does without)'],
    ['Verify', spec.verify === 'Digest', 'verify (spec.verify: None does without)'],
    ['RevertIdentity', spec.identityPolicy === 'RevertToOriginal', 'revert disk signatures'],
    ['Resize', needsResize(o), 'resize, and a target has another size than its source'],
  ] as const;
  const missing = needed.find(([capability, wanted]) => wanted && !identity.capabilities.includes(capability));
  return missing === undefined ? undefined : ends('NotImplemented', `the array cannot ${missing[2]}`);
}

function needsResize(o: Observation): boolean {
  const { luns } = readView(o);
  return o.pairs.some((pair) => {
    const source = luns.get(pair.sourceLunID)?.sizeBytes;
    const target = luns.get(pair.targetLunID)?.sizeBytes;
    if (source === undefined || target === undefined) return false;
    return o.resync.spec.sizePolicy === 'KeepLarger' ? target < source : target !== source;
  });
}

function lunsExist(o: Observation): Objection | undefined {
  const { luns } = readView(o);
  const missing = o.pairs.flatMap((pair) => [pair.sourceLunID, pair.targetLunID]).find((id) => !luns.has(id));
  if (missing === undefined) return undefined;
  return pending(o, { reason: 'ObjectNotFound', message: `LUN ${missing} does not exist on array ${arrayName(o)}` });
}

/** Ids cannot be shortened: what does not fit into the object could not be found again after a restart. */
function recordable(o: Observation): Objection | undefined {
  if (isAttempted(o)) return undefined;
  const length = resolvedTextLength(resolvedSides(o.pairs, readView(o)));
  if (length <= MAX_RESOLVED_TEXT) return undefined;
  const message = `the ids and identifiers of LUNs and claims have ${length} characters together, above ${MAX_RESOLVED_TEXT}`;
  return { kind: 'End', problem: { reason: 'InvalidArgument', message, remedy: 'Use several LunResyncs' } };
}

/**
 * An intent on record has its room, since the others count it: two operators may record more of them than there is room for,
 * as may one before the limit is lowered, and these would wait for each other for ever. So the limit can be passed by a few.
 */
function roomForAnotherOperation(o: Observation): Objection | undefined {
  if (o.resync.status.operationID !== undefined) return undefined;
  const limit = policyOf(o)?.maxConcurrentOperations ?? 0;
  if (limit === 0 || o.othersRunning < limit) return undefined;
  const message = `array ${arrayName(o)} has as many operations as its maxConcurrentOperations allows: ${limit}`;
  return hold('Pending', { reason: 'BadState', message, remedy: 'It starts when one of them has ended' });
}
