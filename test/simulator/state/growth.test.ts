/** Expanding a volume: what a crash between its file and its record leaves, and what it keeps away meanwhile. */
import { describe, expect, it } from 'vitest';
import { beginGrowth, endGrowth } from '../../../src/simulator/state/growth.ts';
import { publishLun } from '../../../src/simulator/state/host.ts';
import { interruptOperations } from '../../../src/simulator/state/interrupt.ts';
import { gib, refusalOf, Scene } from './state-scene.ts';

function growing(): Scene {
  const scene = new Scene();
  scene.volume('v');
  scene.apply((state) => beginGrowth(state, { lunID: 'v', sizeBytes: 2 * gib }));
  return scene;
}

describe('a volume that grows', () => {
  it.each([1, 2])('has the size of its file after a crash, when that is %s GiB', (files) => {
    const scene = growing();
    scene.apply((state) => interruptOperations(state, { now: 1, fileSizeBytes: () => files * gib }));
    expect(scene.lun('v')).toMatchObject({ sizeBytes: files * gib });
    expect(scene.lun('v').growingToBytes).toBeUndefined();
  });

  it('is no target and no source until its file and its record agree', () => {
    const scene = growing();
    scene.volume('w');
    for (const pair of [['w', 'v'] as const, ['v', 'w'] as const]) {
      const request = scene.request([pair], { overwriteUnselectedVolumes: true });
      expect(refusalOf(scene.start(request))).toBe('BUSY');
    }
    scene.apply((state) => endGrowth(state, 'v', 2 * gib));
    const request = scene.request([['w', 'v']], { overwriteUnselectedVolumes: true });
    expect(scene.start(request).kind).toBe('accepted');
  });

  it('keeps its fence: nothing that was there is changed', () => {
    const scene = new Scene();
    const { generation } = scene.volume('v');
    scene.apply((state) => beginGrowth(state, { lunID: 'v', sizeBytes: 2 * gib }));
    scene.apply((state) => endGrowth(state, 'v', 2 * gib));
    expect(scene.lun('v').generation).toBe(generation);
  });

  it('does not hand the way in which it is published down to its snapshots', () => {
    const scene = growing();
    scene.apply((state) => endGrowth(state, 'v', 2 * gib));
    const publication = { accessMode: 'SINGLE_NODE_WRITER', isReadonly: false };
    scene.apply((state) => publishLun(state, { lunID: 'v', node: 'n', publication }));
    expect(scene.lun('v').publications).toEqual({ n: publication });
    expect(scene.snapshot('s', 'v').publications).toBeUndefined();
  });
});
