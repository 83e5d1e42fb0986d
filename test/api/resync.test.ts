// The main job on a real kube-apiserver, a real array process and a real operator process.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { lunPair, MIB, reasonOf, type Scene, startScene } from '../support/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await startScene(inject('cluster'));
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

describe('a LunResync of LUN ids', () => {
  it('copies the source over the target and says that they match', async () => {
    await scene.lun('src', 8 * MIB, 'source');
    await scene.lun('dst', 8 * MIB, 'target');
    await scene.apply('basic', { pairs: [lunPair('data', 'src', 'dst')] });
    const done = await scene.finished('basic');
    expect(reasonOf(done)).toBe('Completed');
    expect(done.status.dataState).toBe('MatchesSource');
    expect(done.status.hresult).toEqual({ name: 'VSS_S_ASYNC_FINISHED', code: '0x0004230A' });
    expect(await scene.digest('dst')).toBe(await scene.digest('src'));
  });
});
