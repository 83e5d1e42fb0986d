/**
 * Each rule of docs/design.md, section 4, and each trap that a first model of the protocol fell into, taken out or made
 * again: by a change of the project's sources as they are loaded, or where the model itself plays the rule, by a switch.
 */
import type { SourcePatch } from '../../support/source-patches.ts';
import {
  BELIEVES_STATUS,
  COMPARES_NO_GENERATIONS,
  COMPARES_PRESENT_GENERATION,
  ENDS_WITHOUT_PROOF,
  FENCES_NO_CANCELLED_REQUEST,
  LETS_GO_AT_ONCE,
  PUTS_WRECK_ONLINE,
  REMEMBERS_ONE_RUN,
  RUNS_TWO_ON_ONE_TARGET,
} from '../common-bugs.ts';
import type { Rules } from './observe.ts';

export type Ablation = {
  readonly name: string;
  /** The rule of section 4 that it takes away, or the trap. */
  readonly rule: string;
  /** Scenarios in which it is looked for, in this order. */
  readonly scenarios: readonly string[];
  readonly patches: readonly SourcePatch[];
  readonly rules?: Partial<Rules>;
};

const patch = (file: string, find: string, replace: string): SourcePatch => ({
  name: find.slice(0, 40),
  why: '',
  file,
  find,
  replace,
});

/** What another patch of the file needs. */
const IMPORTS_FAIL = patch(
  'core/conclude.ts',
  'import { recordHeldBack,',
  "import { fail } from './terminal.ts';\nimport { recordHeldBack,",
);

/** A half-written target is called untouched. */
const SAYS_UNTOUCHED = patch(
  'core/data-state.ts',
  "    return 'Inconsistent';\n  if (history.disagreement",
  "    return 'Untouched';\n  if (history.disagreement",
);

export const ABLATIONS: readonly Ablation[] = [
  {
    name: 'the effect before the intent',
    rule: '1: intent before effect',
    scenarios: ['b', 'a'],
    // The request is made of what was seen now, not of what is on record.
    patches: [
      patch(
        'core/attempt.ts',
        '  return { ...from, targetLunID, ifTargetGeneration: target.generation };',
        '  return { ...from, targetLunID, ifTargetGeneration: CURRENT.get(targetLunID) ?? target.generation };',
      ),
      patch(
        'core/attempt.ts',
        '  const { spec, status } = o.resync;\n  const { operationID,',
        "  const { spec, status } = o.resync;\n  if (o.view.state === 'read') for (const lun of o.view.luns.values()) CURRENT.set(lun.id, lun.generation);\n  const { operationID,",
      ),
      patch(
        'core/attempt.ts',
        'type Options = Pick<',
        'const CURRENT = new Map<string, number>();\n\ntype Options = Pick<',
      ),
    ],
  },
  {
    name: 'no version of a write',
    rule: '2: writes carry uid and resourceVersion',
    scenarios: ['a'],
    patches: [],
    rules: { resourceVersion: false },
  },
  {
    name: 'no comparison of generations',
    rule: '3: the array compares generations',
    scenarios: ['a', 'b'],
    patches: [COMPARES_NO_GENERATIONS],
  },
  {
    name: 'no raise at cancel',
    rule: '3: cancelling an unknown operation raises the generation',
    scenarios: ['d', 'a', 'c'],
    patches: [FENCES_NO_CANCELLED_REQUEST],
  },
  {
    name: 'a known id starts again',
    rule: '4: a known operation id restarts nothing',
    scenarios: ['a', 'd', 'b'],
    patches: [
      patch(
        'simulator/state/accept.ts',
        '  if (isSameRequest(operation.arguments, request)) {',
        "  if (operation.outcome === 'INTERRUPTED' || operation.outcome === 'FAILED') {\n    return undefined;\n  }\n  if (isSameRequest(operation.arguments, request)) {",
      ),
      COMPARES_NO_GENERATIONS,
    ],
  },
  {
    name: 'a terminal status before the proof',
    rule: '5, trap 2: the acceptance of an attempt that is let go of is unknown',
    scenarios: ['d', 'c', 'a'],
    patches: [ENDS_WITHOUT_PROOF],
  },
  {
    name: 'a refusal ends an id',
    rule: '5, trap 3: only STALE proves death',
    scenarios: ['b', 'c', 'd'],
    patches: [
      patch(
        'core/conclude.ts',
        "  if (refusal === 'STALE') return recordDead(o);",
        "  if (refusal !== 'STALE') return fail(o, failureOfError(error).problem);\n  if (refusal === 'STALE') return recordDead(o);",
      ),
      IMPORTS_FAIL,
    ],
  },
  {
    name: 'no finalizer',
    rule: '6: the finalizer is on before the first call',
    scenarios: ['c', 'a'],
    patches: [
      patch(
        'core/decide.ts',
        '  if (finalizers?.includes(FINALIZER) !== true)',
        '  if (finalizers?.includes(FINALIZER) !== true && isDeleting)',
      ),
    ],
  },
  {
    name: 'let go without proof',
    rule: '6: the finalizer comes off on proof only',
    scenarios: ['c', 'a'],
    patches: [LETS_GO_AT_ONCE],
  },
  {
    name: 'unknown is no',
    rule: '7: unknown is not no',
    scenarios: ['d', 'b', 'c', 'a'],
    patches: [
      patch(
        'core/conclude.ts',
        "    case 'NotKnown':\n      return notKnown(o, answer);\n    case 'Malformed':",
        "    case 'NotKnown':\n      return recordDead(o);\n    case 'Malformed':",
      ),
    ],
  },
  {
    name: 'the status before the runs',
    rule: '8, trap 9: a success that was not recorded',
    scenarios: ['e', 'b'],
    patches: [
      BELIEVES_STATUS,
      patch(
        'core/decide.ts',
        '  const changed = targetChange(o, history);',
        '  const changed = undefined as ReturnType<typeof targetChange>;',
      ),
      patch(
        'core/decide.ts',
        '  return newest === undefined ? admit(o) : afterEnd(o, newest, changed);',
        "  return newest === undefined || newest.outcome === 'Succeeded' ? admit(o) : afterEnd(o, newest, changed);",
      ),
    ],
  },
  {
    name: 'one slot of run memory',
    rule: '8, trap 8: a list of runs, not the last one',
    scenarios: ['b', 'e'],
    patches: [REMEMBERS_ONE_RUN],
  },
  {
    name: 'the present generation at the end',
    rule: '9, trap 10: two objects throw away each other’s successes',
    scenarios: ['b'],
    patches: [COMPARES_PRESENT_GENERATION],
  },
  {
    name: 'no roll-back before the end',
    rule: '10: no terminal state before the roll-back has ended',
    scenarios: ['d'],
    patches: [
      patch(
        'core/after-attempt.ts',
        "  return backingOff(o) ?? recordIntent(o, 'RollBack');",
        "  return { ...fail(o, wanted), ...(o.now < 0 ? recordIntent(o, 'RollBack') : {}) } as Decision;",
      ),
      SAYS_UNTOUCHED,
    ],
  },
  {
    name: 'a safety snapshot of a wreck',
    rule: '10, trap 5: one safety snapshot a run',
    scenarios: ['d'],
    patches: [
      patch(
        'simulator/state/accept.ts',
        "  const safetySnapshotID = safetySnapshotOf(state, request.owner, before.id)?.id ?? earlier?.safetySnapshotID ?? '';",
        "  const safetySnapshotID =\n    request.kind === 'ROLL_BACK' ? ([...state.luns.values()].findLast((lun) => lun.safetyOwner === request.owner)?.id ?? '') : '';",
      ),
      patch('simulator/state/accept.ts', '    stateBefore: before.state,', "    stateBefore: 'ONLINE',"),
      patch(
        'simulator/state/admission-identity.ts',
        'return [...state.luns.values()].find((lun) => lun.safetyOwner === owner',
        'return [...state.luns.values()].findLast((lun) => lun.safetyOwner === owner',
      ),
    ],
  },
  {
    name: 'a wreck goes online before its first block',
    rule: 'trap 6: the state from before the operation, not ONLINE',
    scenarios: ['d', 'a'],
    patches: [PUTS_WRECK_ONLINE],
  },
  {
    name: 'the data state from the operation',
    rule: '11, trap 7: it comes from the LUN',
    scenarios: ['a', 'd', 'c'],
    patches: [SAYS_UNTOUCHED],
  },
  {
    name: 'an inconsistent source',
    rule: 'trap 4: garbage that is verified',
    scenarios: ['c'],
    patches: [patch('simulator/state/admission.ts', '    () => inconsistentSourceFault(state, request),\n', '')],
  },
  {
    name: 'cancel spares sources',
    rule: 'trap 1: only targets of a running operation are spared',
    scenarios: ['c'],
    patches: [
      patch(
        'simulator/state/cancel.ts',
        'operationWithTarget(state, lunID) === undefined',
        'operationWithTarget(state, lunID) === undefined && operationWithSource(state, lunID) === undefined',
      ),
      patch(
        'simulator/state/cancel.ts',
        'import { operationWithTarget }',
        'import { operationWithSource, operationWithTarget }',
      ),
    ],
  },
  {
    name: 'any answer to a cancel',
    rule: 'trap 11: STOPPING still writes',
    scenarios: ['c', 'd', 'a'],
    patches: [
      patch(
        'core/conclude.ts',
        "    case 'Stopping':\n      return { kind: 'Wait', lookAgainInMs: FIRST_LOOK_MS };",
        "    case 'Stopping':\n      return fail(o, { reason: 'Cancelled', message: 'stopping' });",
      ),
      IMPORTS_FAIL,
    ],
  },
  {
    name: 'no exclusivity',
    rule: '3: a LUN takes part in one operation',
    scenarios: ['b', 'c'],
    patches: [RUNS_TWO_ON_ONE_TARGET],
  },
];
