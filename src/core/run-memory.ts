/** spec.runID: the same run is never done twice on a target, even by a re-created object. The LUNs remember. */
import type { Run } from './array.ts';
import { type Objection, untilFree } from './objection.ts';
import { type Observation, readView } from './observation.ts';

/**
 * Only runs of the same cluster and namespace count, so that nobody can make another tenant's run look done. Only runs
 * that succeeded count; one that was undone later stays done.
 */
export function runMemoryObjection(o: Observation): Objection | undefined {
  const { runID } = o.resync.spec;
  if (runID === undefined) return undefined;
  const scope = o.owner.split('/').slice(0, 2).join('/');
  const found = o.pairs.map(({ targetLunID }) => {
    const all = readView(o).luns.get(targetLunID)?.runs ?? [];
    const isMeant = (run: Run): boolean =>
      run.runID === runID && run.owner.startsWith(`${scope}/`) && run.owner !== o.owner;
    return { targetLunID, runs: all.filter(isMeant) };
  });
  const running = found.flatMap(({ runs }) => runs).find((run) => run.outcome === 'Running' && run.kind === 'Resync');
  if (running !== undefined) {
    const message = `run ${runID} is under way already, in operation ${running.operationID}`;
    return untilFree(o, { reason: 'ResyncInProgress', message });
  }
  const done = found.map(({ targetLunID, runs }) => {
    return { targetLunID, runs: runs.filter((run) => run.outcome === 'Succeeded') };
  });
  if (done.every(({ runs }) => runs.some((run) => isSameRun(run, o)))) return { kind: 'AlreadyCompleted' };
  const conflict = done.find(({ runs }) => runs.length > 0);
  if (conflict === undefined) return undefined;
  const { targetLunID } = conflict;
  const message = `runID ${runID} was used on LUN ${targetLunID} before, but not on all targets with these pairs`;
  return { kind: 'End', problem: { reason: 'RunIDConflict', message } };
}

function isSameRun(run: Run, o: Observation): boolean {
  return run.pairsDigest === o.pairsDigest;
}
