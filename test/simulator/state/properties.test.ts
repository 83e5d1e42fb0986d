/** What holds for the state machine whatever is called in whatever order, with crashes in between. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deleteSafetySnapshots, forceOnline } from '../../../src/simulator/state/administration.ts';
import { cancelOperation, releaseOperation } from '../../../src/simulator/state/cancel.ts';
import { endOperation } from '../../../src/simulator/state/end.ts';
import { admitHostWrite, publishLun, unpublishLun } from '../../../src/simulator/state/host.ts';
import { interruptOperations } from '../../../src/simulator/state/interrupt.ts';
import { createSnapshot, createVolume, deleteLun } from '../../../src/simulator/state/luns.ts';
import { runningOperations } from '../../../src/simulator/state/participation.ts';
import type { ArrayState, LunRecord } from '../../../src/simulator/state/records.ts';
import { isRefused } from '../../../src/simulator/state/refused.ts';
import { maxRuns } from '../../../src/simulator/state/runs.ts';
import { addSafetySnapshots, touchTarget } from '../../../src/simulator/state/steps.ts';
import { gib, Scene } from './state-scene.ts';

const luns = ['a', 'b', 'c', 'd'];
const owners = ['o1', 'o2', 'o3'];
const operations = ['x1', 'x2', 'x3', 'x4'];

type Act = (scene: Scene) => void;

const lun = fc.constantFrom(...luns);
const owner = fc.constantFrom(...owners);
const operationID = fc.constantFrom(...operations);
const error = { reason: 'E', message: 'm', remedy: 'r', lunID: '' };

const ifRunning = (scene: Scene, id: string, act: () => void): void => {
  if (scene.state.operations.get(id)?.outcome === 'RUNNING') {
    act();
  }
};

const start = fc
  .record({
    operationID,
    owner,
    pairs: fc.array(fc.tuple(lun, lun), { minLength: 1, maxLength: 3 }),
    never: fc.boolean(),
    isRollBack: fc.boolean(),
    staleBy: fc.constantFrom(0, 0, 0, 1),
  })
  .map((call) => (scene: Scene): void => {
    const safetyOf = (target: string): string =>
      [...scene.state.luns.values()].find(
        ({ safetyOwner, parentLunID }) => safetyOwner === call.owner && parentLunID === target,
      )?.id ?? target;
    const pairs = call.pairs.map(([source, target]) => [call.isRollBack ? safetyOf(target) : source, target] as const);
    const request = scene.request(pairs, {
      operationID: call.operationID,
      owner: call.owner,
      kind: call.isRollBack ? 'ROLL_BACK' : 'RESYNC',
      safetySnapshots: call.never ? 'NEVER' : 'ALWAYS',
    });
    const before = scene.state;
    const result = scene.start({
      ...request,
      pairs: request.pairs.map((pair) => ({ ...pair, ifTargetGeneration: pair.ifTargetGeneration - call.staleBy })),
    });
    if (result.kind === 'accepted') {
      for (const { targetLunID } of request.pairs) {
        expect(scene.lun(targetLunID).state).toBe('RESYNCING');
        expect(scene.lun(targetLunID).generation).toBeGreaterThan(before.luns.get(targetLunID)?.generation ?? 0);
        expect(scene.lun(targetLunID).contentGeneration).toBe(scene.lun(targetLunID).generation);
        expect(scene.lun(targetLunID).runs.at(-1)).toMatchObject({ owner: call.owner, outcome: 'RUNNING' });
      }
    } else {
      expect(scene.state).toEqual(before);
    }
  });

const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: start },
  operationID.map(
    (id) =>
      (scene: Scene): void =>
        ifRunning(scene, id, () => {
          const missing = scene
            .operation(id)
            .pairs.filter((pair) => pair.safetySnapshotID === '' && pair.stateBefore === 'ONLINE');
          const taken = missing.map((pair, index) => ({
            id: `safety-${scene.state.serial}-${index}`,
            parentLunID: pair.targetLunID,
            sharedBytes: 0,
            createTime: 1,
          }));
          scene.apply((state) => addSafetySnapshots(state, id, taken));
        }),
  ),
  fc.tuple(operationID, lun).map(
    ([id, targetLunID]) =>
      (scene: Scene): void =>
        ifRunning(scene, id, () => {
          if (scene.operation(id).pairs.some((pair) => pair.targetLunID === targetLunID)) {
            scene.apply((state) => touchTarget(state, id, { targetLunID, ranges: [{ offset: 0, length: 1 }] }));
          }
        }),
  ),
  fc.tuple(operationID, fc.constantFrom('FAILED', 'CANCELLED', 'SUCCESS')).map(
    ([id, outcome]) =>
      (scene: Scene): void =>
        ifRunning(scene, id, () => {
          const success = scene.operation(id).kind === 'ROLL_BACK' ? 'ROLLED_BACK' : 'SUCCEEDED';
          scene.apply((state) =>
            endOperation(
              state,
              id,
              outcome === 'SUCCESS' ? { outcome: success, now: 5 } : { outcome: outcome as 'FAILED', error, now: 5 },
            ),
          );
        }),
  ),
  fc.constant((scene: Scene): void => {
    scene.apply((state) => interruptOperations(state, { now: 6, fileSizeBytes: () => gib }));
  }),
  fc.tuple(operationID, owner, lun).map(([id, who, target]) => (scene: Scene): void => {
    scene.apply((state) => cancelOperation(state, { operationID: id, owner: who, targetLunIDs: [target] }));
  }),
  operationID.map(
    (id) =>
      (scene: Scene): void =>
        scene.apply((state) => releaseOperation(state, id)),
  ),
  lun.map(
    (id) =>
      (scene: Scene): void =>
        void scene.apply((state) => publishLun(state, { lunID: id, node: 'node' })),
  ),
  lun.map(
    (id) =>
      (scene: Scene): void =>
        void scene.apply((state) => unpublishLun(state, id, 'node')),
  ),
  lun.map((id) => (scene: Scene): void => {
    const ifGeneration = scene.state.luns.get(id)?.generation ?? 0;
    scene.apply((state) => forceOnline(state, { lunID: id, ifGeneration }));
  }),
  owner.map(
    (who) =>
      (scene: Scene): void =>
        void scene.apply((state) => deleteSafetySnapshots(state, who)),
  ),
  lun.map((lunID) => (scene: Scene): void => {
    scene.apply((state) => admitHostWrite(state, { lunID, offset: 0, length: 512, isMarked: () => false }));
  }),
  lun.map((id) => (scene: Scene): void => {
    const name = `snap-${scene.state.serial}`;
    scene.apply((state) => createSnapshot(state, { id: name, parentLunID: id, sharedBytes: 0, now: 1 }));
  }),
  lun.map((id) => (scene: Scene): void => {
    scene.apply((state) => deleteLun(state, id));
    const volume = { pool: 'pool', sizeBytes: gib, identifiers: null, diskSignature: '', volumes: [], now: 1 };
    expect(isRefused(scene.apply((state) => createVolume(state, { ...volume, id })))).toBe(true);
  }),
);

function generationsOf(state: ArrayState): number[] {
  return [...state.luns.values()].map(({ generation }) => generation);
}

function checkInvariants(before: ArrayState, after: ArrayState, everSeen: Set<number>): void {
  expect(after.generation).toBeGreaterThanOrEqual(before.generation);
  expect(new Set(generationsOf(after)).size).toBe(after.luns.size);
  for (const record of after.luns.values()) {
    checkLun(after, record);
    const old = before.luns.get(record.id);
    if (old?.generation !== record.generation) {
      expect(everSeen.has(record.generation)).toBe(false);
    }
    if (old !== undefined && (old.state !== record.state || old.sizeBytes !== record.sizeBytes)) {
      expect(record.generation).toBeGreaterThan(old.generation);
    }
  }
  generationsOf(after).forEach((generation) => everSeen.add(generation));
  const targets = runningOperations(after).flatMap(({ pairs }) => pairs.map(({ targetLunID }) => targetLunID));
  expect(new Set(targets).size).toBe(targets.length);
  for (const { pairs } of runningOperations(after)) {
    expect(pairs.some(({ sourceLunID }) => targets.includes(sourceLunID))).toBe(false);
    expect(pairs.every(({ sourceLunID }) => after.luns.has(sourceLunID))).toBe(true);
  }
}

function checkLun(state: ArrayState, record: LunRecord): void {
  const operation = runningOperations(state).find(({ pairs }) => pairs.some((pair) => pair.targetLunID === record.id));
  expect(record.state === 'RESYNCING').toBe(operation !== undefined);
  expect(record.state === 'ONLINE' || record.publishedNodes.length === 0).toBe(true);
  expect(record.contentGeneration).toBeLessThanOrEqual(record.generation);
  expect(new Set(record.runs.map((run) => run.owner)).size).toBe(record.runs.length);
  for (const run of record.runs) {
    expect(run.outcome === 'RUNNING').toBe(run.operationID === operation?.operationID && run.owner === operation.owner);
    expect(run.outcome === 'RUNNING').toBe(run.endGeneration === 0);
    expect(run.endGeneration).toBeLessThanOrEqual(record.contentGeneration);
  }
  const touched = operation?.pairs.find((pair) => pair.targetLunID === record.id);
  expect(touched === undefined || record.generation === touched.acceptedGeneration).toBe(true);
}

describe('the state machine', () => {
  it('keeps its promises after every call of any sequence', () => {
    fc.assert(
      fc.property(fc.array(acts, { minLength: 1, maxLength: 40 }), (sequence) => {
        const scene = new Scene();
        luns.forEach((id) => scene.volume(id));
        const everSeen = new Set(generationsOf(scene.state));
        for (const act of sequence) {
          const before = scene.state;
          act(scene);
          checkInvariants(before, scene.state, everSeen);
        }
      }),
      { numRuns: 1_500 },
    );
  });

  it('remembers the newest 256 owners of a target, newest last, and each once', () => {
    const scene = new Scene();
    scene.volume('s');
    scene.volume('t');
    for (let index = 0; index < maxRuns + 10; index += 1) {
      const owner = index === maxRuns + 9 ? 'owner-20' : `owner-${index}`;
      const operationID = `op-${index}`;
      const request = scene.request([['s', 't']], { operationID, owner, safetySnapshots: 'NEVER' });
      expect(scene.start(request).kind).toBe('accepted');
      scene.apply((state) => endOperation(state, operationID, { outcome: 'SUCCEEDED', now: 3 }));
    }
    const { runs } = scene.lun('t');
    expect(runs).toHaveLength(maxRuns);
    expect(runs.at(-1)).toMatchObject({ owner: 'owner-20', operationID: `op-${maxRuns + 9}` });
    expect(runs.filter(({ owner }) => owner === 'owner-20')).toHaveLength(1);
    expect(runs[0]?.owner).toBe('owner-9');
  });
});
