/**
 * The array that an attempt was made on gives no answer, is another one, or will not come back. An attempt of ours may
 * be at work there, so that nothing terminal is written on anything but the administrator's word.
 */
import { heldObjection, isStalled } from './admission.ts';
import { conditionOf } from './conditions.ts';
import type { Announcement, Decision } from './decision.ts';
import { endingOf, endingWanted } from './ending.ts';
import { formatNames } from './format.ts';
import { readHistory } from './history.ts';
import { arrayName, type Observation, type ReadView } from './observation.ts';
import type { Problem } from './problem.ts';
import { fail } from './terminal.ts';
import { shown, type WaitingChange, waitOrEnd } from './waiting.ts';

/** Shows what is waited for; a run that is to end says so, and ends when the array answers. */
export function withoutAnswer(o: Observation): Decision {
  const message = `Array ${arrayName(o)} gives no answer: ${whyNot(o)}`;
  const wanted = endingWanted(o);
  if (wanted !== undefined) return endsLater(o, wanted, `${message}. The run ends when it answers (${wanted.reason})`);
  const held = o.resync.status.operationID === undefined ? heldObjection(o) : undefined;
  if (held?.kind === 'Wait') return waitOrEnd(o, held);
  return shown(o, { reason: 'ArrayUnreachable', message, waits: true, stalled: isStalled(o) });
}

function whyNot(o: Observation): string {
  if (o.view.state === 'unread') return o.view.message;
  if (o.array.state === 'missing') return o.array.problem.message;
  return o.pairs.flatMap((pair) => pair.problem ?? [])[0]?.message ?? 'it has not been asked yet';
}

function endsLater(o: Observation, wanted: Problem, message: string): Decision {
  const change: WaitingChange = {
    reason: o.resync.status.operationKind === 'RollBack' ? 'RollingBack' : 'Cancelling',
    message,
    waits: true,
    stalled: true,
    stalledReason: 'ArrayUnreachable',
    set: { ending: o.resync.status.ending ?? endingOf(wanted) },
  };
  return shown(o, change, undefined, heldBackNote(o, message));
}

/** Once: when Stalled begins to say it of an object that is being deleted. */
function heldBackNote(o: Observation, message: string): Announcement[] {
  const { metadata, status } = o.resync;
  const said = conditionOf(status.conditions, 'Stalled')?.reason === 'ArrayUnreachable' && status.ending !== undefined;
  if (said || metadata.deletionTimestamp === undefined) return [];
  const note = `${message}. If it never will, set spec.abandoned of StorageArray ${arrayName(o)}`;
  return [{ type: 'Warning', reason: 'DeletionHeldBack', action: 'Delete', note }];
}

/** The endpoint leads to another array: it can prove nothing about our attempt, and gets no call from us. */
export function otherArray(o: Observation, view: ReadView): Decision {
  const { arrayID, operationID, startTime, dataState } = o.resync.status;
  const now = view.identity.arrayID;
  const message = `StorageArray ${arrayName(o)} leads to array ${now}, the run began on array ${arrayID}`;
  // What was read belongs to other LUNs.
  const blind: Observation = { ...o, view: { state: 'unresolved' } };
  const wanted = endingWanted(o);
  const whole = startTime === undefined || dataState === 'Untouched' || dataState === 'RolledBack';
  const ours = readHistory(o.owner, o.pairs, view).newest !== undefined;
  if (operationID === undefined && whole && !ours) return fail(blind, wanted ?? { reason: 'ArrayChanged', message });
  const more = operationID === undefined ? 'where its targets have to be put right' : 'where an attempt may be at work';
  if (wanted !== undefined) return endsLater(blind, wanted, `${message}, ${more}`);
  return shown(blind, { reason: 'ArrayUnreachable', message: `${message}, ${more}`, waits: true, stalled: true });
}

/** The administrator's word that the array will not come back: the one way to let go without proof. */
export function letGoOfAbandoned(o: Observation): Decision {
  const { operationID, pairs } = o.resync.status;
  const targets = formatNames(pairs?.flatMap((pair) => pair.target?.lunID ?? []) ?? []);
  const what = `operation ${operationID ?? '(none)'} on LUNs ${targets || '(none)'}`;
  const note = `StorageArray ${arrayName(o)} is abandoned: let go of ${what} without the word of the array`;
  return {
    kind: 'Act',
    action: {
      kind: 'RemoveFinalizer',
      announcements: [{ type: 'Warning', reason: 'Abandoned', action: 'Delete', note }],
    },
  };
}
