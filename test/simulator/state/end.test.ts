/** What the end of an operation makes of its targets. */
import { describe, expect, it } from 'vitest';
import { cancelOperation, releaseOperation } from '../../../src/simulator/state/cancel.ts';
import { endOperation } from '../../../src/simulator/state/end.ts';
import { admitHostWrite } from '../../../src/simulator/state/host.ts';
import { interruptOperations } from '../../../src/simulator/state/interrupt.ts';
import { recordProgress, touchTarget } from '../../../src/simulator/state/steps.ts';
import { gib, Scene } from './state-scene.ts';

const error = { reason: 'E_OUTOFMEMORY', message: 'm', remedy: 'r', lunID: '' };

function running(): Scene {
  const scene = new Scene();
  for (const id of ['s', 't1', 't2']) {
    scene.volume(id);
  }
  scene.start(
    scene.request([
      ['s', 't1'],
      ['s', 't2'],
    ]),
  );
  return scene;
}

describe('an operation that ends', () => {
  it('with success puts all targets ONLINE in one change', () => {
    const scene = running();
    scene.apply((state) => touchTarget(state, 'op', { targetLunID: 't1', ranges: [] }));
    const { changes } = endOperation(scene.state, 'op', { outcome: 'SUCCEEDED', now: 9 });
    expect([...changes.luns.values()].map((lun) => lun?.state)).toEqual(['ONLINE', 'ONLINE']);
    expect(changes.operations.get('op')).toMatchObject({ outcome: 'SUCCEEDED', endTime: 9 });
  });

  it('without success fences the touched targets and gives the others back', () => {
    const scene = running();
    scene.apply((state) => touchTarget(state, 'op', { targetLunID: 't1', ranges: [] }));
    scene.apply((state) => endOperation(state, 'op', { outcome: 'FAILED', error, now: 9 }));
    expect(scene.lun('t1').state).toBe('INCONSISTENT');
    expect(scene.lun('t2').state).toBe('ONLINE');
    expect(scene.lun('t2').runs[0]).toMatchObject({
      outcome: 'FAILED',
      error,
      endGeneration: scene.lun('t2').generation,
    });
  });

  it('by a crash takes over the size that the file has', () => {
    const scene = running();
    scene.apply((state) => touchTarget(state, 'op', { targetLunID: 't1', ranges: [] }));
    scene.apply((state) => interruptOperations(state, { now: 9, fileSizeBytes: () => 2 * gib }));
    expect(scene.lun('t1')).toMatchObject({ state: 'INCONSISTENT', sizeBytes: 2 * gib });
    expect(scene.lun('t2')).toMatchObject({ state: 'ONLINE', sizeBytes: gib });
    expect(scene.operation('op').outcome).toBe('INTERRUPTED');
  });

  it('goes with its record when it was released before', () => {
    const scene = running();
    scene.apply((state) => releaseOperation(state, 'op'));
    expect(scene.operation('op').outcome).toBe('RUNNING');
    scene.apply((state) => endOperation(state, 'op', { outcome: 'SUCCEEDED', now: 9 }));
    expect(scene.state.operations.has('op')).toBe(false);
    expect(scene.lun('t1').runs[0]?.outcome).toBe('SUCCEEDED');
  });

  it('cannot be ended or moved on again', () => {
    const scene = running();
    scene.apply((state) => endOperation(state, 'op', { outcome: 'SUCCEEDED', now: 9 }));
    expect(() => endOperation(scene.state, 'op', { outcome: 'FAILED', error, now: 9 })).toThrow(/cannot go on/);
    expect(() => recordProgress(scene.state, 'op', null)).toThrow(/cannot go on/);
  });
});

describe('progress', () => {
  it('never goes back, whatever is reported', () => {
    const scene = running();
    const report = (copiedBytes: number): number => {
      scene.apply((state) => recordProgress(state, 'op', { targetLunID: 't1', copiedBytes, writtenBytes: 0 }));
      return scene.operation('op').pairs[0]?.copiedBytes ?? -1;
    };
    expect([report(10), report(5), report(2 * gib)]).toEqual([10, 10, gib]);
  });
});

describe('a cancel', () => {
  it('of an unknown operation raises the fence, not the content generation', () => {
    const scene = new Scene();
    const before = scene.volume('t');
    const request = { operationID: 'no', owner: 'o', targetLunIDs: ['t', 't', 'gone'] };
    expect(scene.apply((state) => cancelOperation(state, request))).toEqual({ kind: 'DEAD' });
    expect(scene.lun('t').generation).toBe(before.generation + 1);
    expect(scene.lun('t').contentGeneration).toBe(before.contentGeneration);
  });
});

describe('a host write to an unpublished LUN', () => {
  it('raises the generation once, until something else raises it', () => {
    const scene = new Scene();
    scene.volume('s');
    scene.volume('t');
    const write = (): number => {
      scene.apply((state) => admitHostWrite(state, { lunID: 't', offset: 0, length: 512, isMarked: () => true }));
      return scene.lun('t').contentGeneration;
    };
    const [first, second] = [write(), write()];
    expect(second).toBe(first);
    scene.start(scene.request([['s', 't']]));
    scene.apply((state) => endOperation(state, 'op', { outcome: 'SUCCEEDED', now: 9 }));
    const ended = scene.lun('t').contentGeneration;
    expect(write()).toBeGreaterThan(ended);
  });
});
