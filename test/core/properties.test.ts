// What holds of every decision, whatever the object, the array and its answers are.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lunResyncStatusSchema } from '../../src/api/lun-resync-status.ts';
import { MAX_STATUS_BYTES } from '../../src/api/size.ts';
import { conclude } from '../../src/core/conclude.ts';
import { conditionOf } from '../../src/core/conditions.ts';
import { activeMs } from '../../src/core/deadline.ts';
import { decide, isFinished } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import { attemptOf } from '../../src/core/history.ts';
import type { Observation } from '../../src/core/observation.ts';
import { anyAnswer } from '../support/arbitrary-arrays.ts';
import { anyObservation } from '../support/arbitrary-observations.ts';
import { afterWrite, type Recorded } from '../support/observations.ts';

const RUNS = { numRuns: Number(process.env['RUNS'] ?? 1_000) };

/** Every decision that can be made of an observation: by looking, or by an answer. */
function forEveryDecision(check: (o: Observation, decision: Decision, from: 'decide' | 'conclude') => void): void {
  fc.assert(
    fc.property(anyObservation, anyAnswer, (o, answer) => {
      check(o, decide(o), 'decide');
      check(o, conclude(o, answer), 'conclude');
    }),
    RUNS,
  );
}

function forEveryWrite(check: (o: Observation, write: Recorded, from: 'decide' | 'conclude') => void): void {
  forEveryDecision((o, decision, from) => {
    if (decision.kind === 'Record') check(o, decision, from);
  });
}

const ourRuns = (o: Observation): { outcome: string; operationID: string }[] =>
  o.view.state !== 'read'
    ? []
    : [...o.view.luns.values()]
        .filter((lun) => o.pairs.some((pair) => pair.targetLunID === lun.id))
        .flatMap((lun) => lun.runs.filter((run) => run.owner === o.owner));

const isTerminal = (o: Observation, { status }: Recorded): boolean =>
  !isFinished(o) && isFinished({ ...o, resync: { ...o.resync, status } });

describe('every decision', () => {
  it('is made without throwing, and is the same when it is made again', () => {
    forEveryDecision((o, decision, from) => {
      if (from === 'decide') expect(decide(o)).toEqual(decision);
    });
  });

  it('starts only the operation that the status holds, with its LUNs and generations', () => {
    forEveryDecision((o, decision) => {
      if (decision.kind !== 'Act' || decision.action.kind !== 'Start') return;
      const { request } = decision.action;
      const { status } = o.resync;
      expect(request.operationID).toBe(status.operationID);
      expect(request.arrayID).toBe(status.arrayID);
      expect(request.kind).toBe(status.operationKind ?? 'Resync');
      expect(request.pairs.length).toBeGreaterThan(0);
      for (const { targetLunID, ifTargetGeneration, sourceLunID } of request.pairs) {
        const pair = status.pairs?.find(({ target }) => target?.lunID === targetLunID);
        expect(pair?.target?.generation).toBe(ifTargetGeneration);
        if (request.kind === 'Resync') expect(pair?.source?.lunID).toBe(sourceLunID);
      }
    });
  });

  it('starts nothing while one of our runs is running', () => {
    forEveryDecision((o, decision) => {
      if (!ourRuns(o).some(({ outcome }) => outcome === 'Running')) return;
      expect(decision.kind === 'Act' ? decision.action.kind : '').not.toBe('Start');
    });
  });

  it('never acts at the array in the name of another array than the recorded one', () => {
    forEveryDecision((o, decision) => {
      if (decision.kind !== 'Act' || !('arrayID' in decision.action)) return;
      expect(decision.action.arrayID).toBe(o.resync.status.arrayID ?? '');
    });
  });

  it('takes no action out of an answer', () => {
    forEveryDecision((_, decision, from) => {
      if (from === 'conclude') expect(decision.kind).not.toBe('Act');
    });
  });

  it('does not sleep past the deadline of an active run', () => {
    forEveryDecision((o, decision) => {
      const limit = o.resync.spec.activeDeadlineSeconds;
      const status = decision.kind === 'Record' ? decision.status : o.resync.status;
      if (decision.kind === 'Act' || limit === undefined || isFinished({ ...o, resync: { ...o.resync, status } }))
        return;
      if (isFinished(o) || status.startTime === undefined || status.ending !== undefined) return;
      if (status.pausedSince !== undefined) return;
      const left = limit * 1000 - activeMs(status, o.now);
      if (left > 0) expect(decision.lookAgainInMs ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(left);
    });
  });

  it('sleeps no longer than a timer of the platform can', () => {
    forEveryDecision((_, decision) => {
      if (decision.kind !== 'Act') expect(decision.lookAgainInMs ?? 0).toBeLessThan(2 ** 31);
    });
  });
});

describe('every terminal write', () => {
  it('comes after the end of every run of ours', () => {
    forEveryWrite((o, write) => {
      if (isTerminal(o, write)) expect(ourRuns(o).map(({ outcome }) => outcome)).not.toContain('Running');
    });
  });

  it('is not made while the recorded operation is newer than every run', () => {
    forEveryWrite((o, write) => {
      const { operationID } = o.resync.status;
      if (!isTerminal(o, write) || operationID === undefined) return;
      const newest = Math.max(0, ...ourRuns(o).map((run) => attemptOf(run.operationID)));
      expect(attemptOf(operationID)).toBeLessThanOrEqual(newest);
    });
  });

  it('has a completion time, a data state and the name of its outcome', () => {
    forEveryWrite((o, write) => {
      if (!isTerminal(o, write)) return;
      expect(write.status).toMatchObject({ completionTime: expect.any(String), dataState: expect.any(String) });
      expect(write.status).not.toHaveProperty('operationID');
      expect(conditionOf(write.status.conditions, 'Succeeded')?.reason).toBe(write.ended);
    });
  });

  it('says Completed only where the run of every target says so, with equal digests unless none were asked for', () => {
    forEveryWrite((o, write) => {
      if (write.ended !== 'Completed' || o.view.state !== 'read') return;
      for (const { targetLunID, sourceLunID } of o.pairs) {
        const runs = o.view.luns.get(targetLunID)?.runs.filter((run) => run.owner === o.owner) ?? [];
        const proofs = runs.filter((run) => run.outcome === 'Succeeded' && run.sourceLunID === sourceLunID);
        expect(proofs).not.toEqual([]);
        if (o.resync.spec.verify === 'Digest')
          expect(proofs.some((run) => run.sourceDigest !== '' && run.sourceDigest === run.targetDigest)).toBe(true);
      }
    });
  });
});

describe('every status write', () => {
  it('is one that the API server accepts', () => {
    forEveryWrite((_, { status }) => {
      const parsed = lunResyncStatusSchema.safeParse(JSON.parse(JSON.stringify(status)));
      expect(parsed.error?.issues).toBeUndefined();
      expect(Buffer.byteLength(JSON.stringify(status))).toBeLessThanOrEqual(MAX_STATUS_BYTES);
    });
  });

  it('counts an intent as the attempt after the previous one, and names it so', () => {
    forEveryWrite((o, { status }) => {
      if (status.operationID === undefined || status.operationID === o.resync.status.operationID) return;
      const adopted = ourRuns(o).some((run) => run.outcome === 'Running' && run.operationID === status.operationID);
      if (adopted) return;
      expect(status.attempt).toBe((o.resync.status.attempt ?? 0) + 1);
      expect(status.operationID).toBe(`${o.resync.metadata.uid}.${status.attempt}`);
    });
  });

  it('never counts attempts backwards', () => {
    forEveryWrite((o, { status }) => {
      expect(status.attempt ?? 0).toBeGreaterThanOrEqual(o.resync.status.attempt ?? 0);
    });
  });

  it('leaves the outcome of a finished run as it is', () => {
    forEveryWrite((o, { status }) => {
      if (!isFinished(o)) return;
      expect(conditionOf(status.conditions, 'Succeeded')?.status).toBe(
        conditionOf(o.resync.status.conditions, 'Succeeded')?.status,
      );
      expect(status.completionTime).toBe(o.resync.status.completionTime);
    });
  });

  it('of an active or ending run holds all six conditions, Reconciling and Stalled never both True', () => {
    forEveryWrite((o, { status }) => {
      if (isFinished(o)) return;
      const of = (type: string): string | undefined => conditionOf(status.conditions, type)?.status;
      expect(status.conditions).toHaveLength(6);
      expect([of('Reconciling'), of('Stalled')]).not.toEqual(['True', 'True']);
      expect(of('Ready')).toBe(of('Succeeded') === 'True' ? 'True' : 'False');
      if (of('Succeeded') === 'True') expect([of('Reconciling'), of('Stalled')]).toEqual(['False', 'False']);
      if (of('Succeeded') === 'False') expect([of('Reconciling'), of('Stalled')]).toEqual(['False', 'True']);
      expect(status.observedGeneration).toBe(o.resync.metadata.generation);
    });
  });

  it('does not lead to the same write again when the next look is at once', () => {
    forEveryWrite((o, write, from) => {
      if (from === 'conclude' || write.lookAgainInMs !== 0) return;
      const next = decide(afterWrite(o, write));
      if (next.kind === 'Record' && next.lookAgainInMs === 0) expect(next.status).not.toEqual(write.status);
    });
  });
});
