// Whatever the API server has stored: no crash, no false success, nothing done in another's name.
import { expect, it } from 'vitest';
import { checkObjects } from './objects.ts';

it('random stored objects, tampered status included, are refused or decided on without harm', {
  timeout: 120_000,
}, () => {
  const { problems, objects, refused } = checkObjects(10_000, 1);
  expect(problems).toEqual([]);
  expect(objects).toBe(10_000);
  // The schema in src/api and the CRD that is made of it accept the same objects.
  expect(refused).toBeLessThan(objects / 100);
});
