// Every word of the table of reasons is reached by the rules: what nobody can see need not be explained.
import { describe, expect, it } from 'vitest';
import type { LunResyncStatus } from '../../src/api/lun-resync-status.ts';
import type { Refusal, Step } from '../../src/core/array.ts';
import { conclude } from '../../src/core/conclude.ts';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import { HRESULTS, isErrorHresult } from '../../src/core/hresult.ts';
import type { Observation } from '../../src/core/observation.ts';
import { sentence } from '../../src/core/problem.ts';
import { isReason, REASONS, type ReasonName, reasonForHresult, reasonOf } from '../../src/core/reasons.ts';
import {
  ago,
  claim,
  GiB,
  lun,
  type ObservationInput,
  observation,
  operation,
  pair,
  readView,
  run,
  safetySnapshot,
  settle,
  source,
  targetWith,
  UNREACHABLE,
} from '../support/observations.ts';
import { ending, failed, intended, running, showing } from '../support/statuses.ts';

const see = (input: ObservationInput): Decision => settle(observation(input)).decision;
const waiting = (input: ObservationInput): Decision => decide(observation(input));
const step = (name: Step): Decision =>
  waiting({ status: intended(), luns: [targetWith()], operation: operation({ step: name }) });
const refused = (reason: string, refusal: Refusal = 'Unrecognized', status = intended()): Decision => {
  const error = { reason, message: 'no', remedy: '', lunID: '' };
  return conclude(observation({ status }), { to: 'Start', answer: { kind: 'Refused', refusal, error } });
};
const problem = (reason: ReasonName): Decision =>
  see({ pairs: [pair({ sourceLunID: '', targetLunID: '', final: true, problem: { reason, message: 'no' } })] });
const missing = (reason: ReasonName): Observation['array'] => ({
  state: 'missing',
  final: true,
  problem: { reason, message: 'no' },
});
const late = (reason: ReasonName): LunResyncStatus => showing(reason, { waitingSince: ago(1_000) });
const done = run({ owner: 'cluster/shop/older/1', runID: 'nightly', outcome: 'Succeeded' });
const identity = (over: object): ObservationInput => {
  const view = readView();
  return { view: { ...view, identity: { ...view.identity, ...over } } };
};
const over = (reason: ReasonName): Decision =>
  see({
    status: failed({ ending: ending(reason) }),
    luns: [targetWith({ outcome: 'Cancelled' }, { state: 'Online' })],
  });

const REACHED: Readonly<Record<ReasonName, () => Decision>> = {
  Pending: () => waiting({ luns: [] }),
  Validating: () => waiting({ view: { state: 'unresolved' } }),
  WaitingForTarget: () => waiting({ luns: [lun({ publishedNodes: ['node-1'] })] }),
  Starting: () => waiting({}),
  Snapshotting: () => step('Snapshotting'),
  Resizing: () => step('Resizing'),
  Copying: () => step('Copying'),
  Verifying: () => step('Verifying'),
  Finishing: () => waiting({ status: running({ failures: 3 }), luns: [targetWith({ outcome: 'Interrupted' })] }),
  Suspended: () => waiting({ spec: { suspend: true } }),
  TargetTooSmall: () => waiting({ pairs: [pair({ claim: claim() })], luns: [lun({ sizeBytes: 8 * GiB })] }),
  Maintenance: () => waiting({ policy: { maintenance: true } }),
  ArrayUnreachable: () => waiting({ status: running(), view: UNREACHABLE }),
  RetryBackoff: () => waiting({ status: running(), luns: [targetWith({ outcome: 'Interrupted' })] }),
  Cancelling: () => waiting({ status: running(), luns: [targetWith()], spec: { cancel: true } }),
  RollingBack: () =>
    waiting({
      status: failed({ ending: ending('NoProgress') }),
      luns: [targetWith({ outcome: 'Failed' }), safetySnapshot()],
    }),
  Completed: () => see({ status: running(), luns: [targetWith({ outcome: 'Succeeded' })] }),
  AlreadyCompleted: () => see({ spec: { runID: 'nightly' }, luns: [lun({ runs: [done] })] }),
  Planned: () => see({ spec: { mode: 'Plan' } }),
  Cancelled: () => see({ spec: { cancel: true } }),
  DeadlineExceeded: () =>
    see({
      spec: { activeDeadlineSeconds: 10 },
      status: failed(),
      luns: [targetWith({ outcome: 'Cancelled' }, { state: 'Online' })],
    }),
  NoProgress: () => waiting({ status: running(), luns: [targetWith()], operation: operation(), idleMs: 400_000 }),
  BackoffLimitExceeded: () =>
    see({ status: running({ failures: 3 }), luns: [targetWith({ outcome: 'Interrupted' }, { state: 'Online' })] }),
  VerificationFailed: () => see({ status: running(), luns: [targetWith({ outcome: 'Succeeded', targetDigest: 'b' })] }),
  ArrayContractViolation: () => see({ status: running(), luns: [targetWith({ outcome: 'Unrecognized' })] }),
  UnexpectedArrayError: () => refused('VSS_E_FROM_THE_FUTURE'),
  TargetChanged: () =>
    see({ status: failed(), luns: [targetWith({ outcome: 'Failed' }, { contentGeneration: 9, state: 'Online' })] }),
  ArrayChanged: () => {
    const { operationID: _, ...status } = intended();
    return see({ status, ...identity({ arrayID: 'array-2' }) });
  },
  RunIDConflict: () => see({ spec: { runID: 'nightly' }, luns: [lun({ runs: [{ ...done, pairsDigest: 'other' }] })] }),
  AmbiguousArray: () => see({ array: missing('AmbiguousArray') }),
  BadState: () => see({ status: late('WaitingForTarget'), luns: [lun(), source({ state: 'Inconsistent' })] }),
  TargetLarger: () => problem('TargetLarger'),
  VolumeModeMismatch: () => problem('VolumeModeMismatch'),
  NotImplemented: () => see(identity({ capabilities: [] })),
  InsufficientStorage: () => refused('VSS_E_INSUFFICIENT_STORAGE', 'STORAGE'),
  ArrayVeto: () => refused('VSS_E_PROVIDER_VETO', 'ARRAY'),
  ArrayOutOfMemory: () =>
    waiting({
      status: running(),
      luns: [
        targetWith({
          outcome: 'Failed',
          error: { reason: 'E_OUTOFMEMORY', message: 'no', remedy: '', lunID: 'vol-1' },
        }),
      ],
    }),
  TargetInUse: () => see({ status: late('WaitingForTarget'), luns: [lun({ publishedNodes: ['node-1'] })] }),
  ResyncInProgress: () => see({ status: late('WaitingForTarget'), luns: [lun({ state: 'Resyncing' })] }),
  SourceInUse: () => {
    const status = intended({ ...late('WaitingForTarget') });
    return refused('VSS_E_VOLUME_IN_USE', 'SOURCE_PUBLISHED', status);
  },
  UnselectedVolume: () => see({ luns: [lun({ volumes: ['theirs'] })] }),
  VolumeNotSupported: () => see({ luns: [lun({ identifiers: [] })] }),
  CannotRevertDiskID: () => refused('VSS_E_CANNOT_REVERT_DISKID', 'DISK_SIGNATURE'),
  ObjectNotFound: () => see({ status: late('Pending'), luns: [] }),
  SnapshotNotInSet: () => problem('SnapshotNotInSet'),
  ClaimReplaced: () => problem('ClaimReplaced'),
  AccessDenied: () => see({ status: late('Pending'), pairs: [pair({ sourceNeedsGrant: true })] }),
  ArrayTooOld: () => see(identity({ contractVersion: 0 })),
  InvalidArgument: () => see({ pairs: [pair({ sourceLunID: 'vol-1' })] }),
};

/** Where people can see a reason: the conditions, what the run is going to end with, the pairs. */
function wordsIn(status: LunResyncStatus): string[] {
  const conditions = (status.conditions ?? []).map(({ reason }) => reason);
  return [
    ...conditions,
    ...[status.ending?.reason ?? []].flat(),
    ...(status.pairs ?? []).flatMap((each) => each.reason ?? []),
  ];
}

describe('the table of reasons', () => {
  const names = Object.keys(REASONS) as ReasonName[];

  it.each(names)('%s is reached', (name) => {
    const decision = REACHED[name]();
    expect(decision.kind === 'Record' ? wordsIn(decision.status) : []).toContain(name);
  });

  it('holds every word that the rules write', () => {
    const seen = names.flatMap((name) => {
      const decision = REACHED[name]();
      return decision.kind === 'Record' ? [decision.status] : [];
    });
    const words = new Set(seen.flatMap((status) => [status.conditions?.[0]?.reason, status.ending?.reason]));
    for (const word of words) if (word !== undefined) expect(names).toContain(word);
  });

  it.each(names.filter((name) => REASONS[name].kind === 'Failure'))('%s says what to do', (name) => {
    expect(REASONS[name].meaning).toMatch(/\.$/);
    expect(REASONS[name].remedy).toMatch(/\.$/);
  });

  it.each(names.filter((name) => REASONS[name].kind === 'Failure'))('%s keeps its HRESULT to the end', (name) => {
    const decision = over(name);
    if (decision.kind !== 'Record') return expect.fail('it does not end');
    expect(decision.ended).toBe(name);
    const { hresult } = REASONS[name];
    expect(decision.status.hresult).toEqual({ name: hresult, code: HRESULTS[hresult] });
  });

  it.each(names.filter((name) => REASONS[name].kind !== 'Failure'))(
    '%s of a run that goes on or has succeeded',
    (name) => {
      const { kind, hresult, remedy, retry } = reasonOf(name);
      expect(hresult).toBe(kind === 'Active' ? 'VSS_S_ASYNC_PENDING' : 'VSS_S_ASYNC_FINISHED');
      expect(remedy).toMatch(kind === 'Active' ? /^([A-Z].*\.)?$/ : /^$/);
      expect(retry).toBe(false);
    },
  );

  it('tells what happened and what to do: of the case, or of the reason, or nothing', () => {
    const of = (remedy?: string): string =>
      sentence({ reason: 'NotImplemented', message: 'it cannot', ...(remedy === undefined ? {} : { remedy }) });
    expect(of('Use another array')).toBe('it cannot. Use another array');
    expect(of()).toBe(`it cannot. ${REASONS.NotImplemented.remedy}`);
    expect(of('')).toBe('it cannot');
    expect(sentence({ reason: 'Copying', message: 'it copies' })).toBe('it copies');
  });

  it('has a reason for every error that an array may give, and one for all others', () => {
    for (const code of Object.keys(HRESULTS).filter(isErrorHresult)) {
      const reason = reasonForHresult(code);
      const generic = ['VSS_E_UNEXPECTED', 'VSS_E_UNEXPECTED_PROVIDER_ERROR'].includes(code);
      expect(reason === 'UnexpectedArrayError').toBe(generic);
      expect(isReason(reason)).toBe(true);
    }
    expect(reasonForHresult('VSS_E_MAXIMUM_NUMBER_OF_SNAPSHOTS_REACHED')).toBe('InsufficientStorage');
    expect(reasonForHresult('VSS_E_VOLUME_NOT_SUPPORTED_BY_PROVIDER')).toBe('VolumeNotSupported');
    expect(['S_OK', 'constructor', '__proto__', ''].map(reasonForHresult)).toEqual(
      Array<string>(4).fill('UnexpectedArrayError'),
    );
  });
});
