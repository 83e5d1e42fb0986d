/** One scene for all tests of a file, or of a block of it. */
import { afterAll, beforeAll } from 'vitest';
import type { Scene } from './scene.ts';

/**
 * Starts a scene before the tests and disposes of it after them. What it returns has the scene's members as soon as
 * hooks that were declared later, and tests, run; until then it is empty.
 */
export function sharedScene<S extends Scene>(start: () => Promise<S>): S {
  const scene = {} as S;
  let started: S | undefined;
  beforeAll(async () => {
    started = await start();
    Object.assign(scene, started);
  });
  afterAll(async () => {
    await started?.[Symbol.asyncDispose]();
  });
  return scene;
}
