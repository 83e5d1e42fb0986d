/** Bugs of the array that the simulation must find: each breaks one promise of the contract. */
import type { SourcePatch } from '../../support/source-patches.ts';
import {
  COMPARES_NO_GENERATIONS,
  FENCES_NO_CANCELLED_REQUEST,
  PUTS_WRECK_ONLINE,
  REMEMBERS_ONE_RUN,
  RUNS_TWO_ON_ONE_TARGET,
} from '../common-bugs.ts';

export const ARRAY_BUGS: readonly SourcePatch[] = [
  COMPARES_NO_GENERATIONS,
  RUNS_TWO_ON_ONE_TARGET,
  {
    name: 'publishes what is half-written',
    why: 'an application mounts it',
    file: 'simulator/state/host.ts',
    find: "  const fault = writeFault(state, lun, 'published');",
    replace: "  const fault = lun.kind === 'SNAPSHOT' ? writeFault(state, lun, 'published') : undefined;",
  },
  {
    name: 'takes a safety snapshot of a wreck',
    why: 'the roll-back restores it',
    file: 'simulator/state/accept.ts',
    find: "  const safetySnapshotID = safetySnapshotOf(state, request.owner, before.id)?.id ?? earlier?.safetySnapshotID ?? '';",
    replace:
      "  const safetySnapshotID = request.kind === 'ROLL_BACK' ? (safetySnapshotOf(state, request.owner, before.id)?.id ?? earlier?.safetySnapshotID ?? '') : '';",
  },
  PUTS_WRECK_ONLINE,
  {
    name: 'writes before it has recorded that it will',
    why: 'after a crash a half-written target is online',
    file: 'simulator/operations/copy-pair.ts',
    find: '  await context.commit((state, id) => touchTarget(state, id, { targetLunID, ranges: plan.touched }));\n  const job',
    replace:
      '  if (plan.touched.length > 99) await context.commit((state, id) => touchTarget(state, id, { targetLunID, ranges: plan.touched }));\n  const job',
  },
  {
    name: 'answers before it is durable',
    why: 'a crash takes back what was promised',
    file: 'simulator/store/committed-state.ts',
    find: 'batchOf(before, changes, { marks, isFlushed })',
    replace: 'batchOf(before, changes, { marks, isFlushed: marks.length > 99 && isFlushed })',
  },
  FENCES_NO_CANCELLED_REQUEST,
  {
    name: 'restarts a known operation',
    why: 'a repeated request overwrites once more',
    file: 'simulator/operations/start-operation.ts',
    find: "  if (result.kind === 'accepted') {",
    replace: "  if (result.kind === 'accepted' || result.kind === 'known') {",
  },
  {
    name: 'forgets where a host has written',
    why: 'a copy of the changed blocks only leaves them out',
    file: 'simulator/store/write-marks.ts',
    find: 'if (marked > epoch && offset < endBytes) {',
    replace: 'if (marked > epoch + 1 && offset < endBytes) {',
  },
  {
    name: 'puts only the first target of a group online',
    why: 'the others are half-way between two states',
    file: 'simulator/state/end.ts',
    find: '  const pairs = operation.pairs.map((pair) => endPair(draft, operation, { pair, ending, error }));',
    replace:
      '  const pairs = operation.pairs.map((pair, nth) => (nth > 0 ? pair : endPair(draft, operation, { pair, ending, error })));',
  },
  {
    name: 'leaves interrupted operations running',
    why: 'nothing ever ends them',
    file: 'simulator/state/interrupt.ts',
    find: '  const ended = runningOperations(state).map((operation) => {',
    replace: '  const ended = runningOperations(state).slice(0, 0).map((operation) => {',
  },
  REMEMBERS_ONE_RUN,
  {
    name: 'lets hosts write to a target',
    why: 'the copy and the host overwrite each other',
    file: 'simulator/state/host.ts',
    find: "  const fault = writeFault(state, lun, 'written') ?? rangeFault(lun, write);",
    replace: '  const fault = rangeFault(lun, write);',
  },
];
