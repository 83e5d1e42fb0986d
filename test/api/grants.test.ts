// Naming a LUN by its id takes a grant, and without one nothing is told of the LUN.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { lunPair, MIB, type Scene, startScene } from '../support/scene.ts';
import { createArray, expectRefusal } from './acceptance.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await startScene(inject('cluster'), { operatorFlags: ['--reference-timeout', '2s'] });
  await scene.lun('src', 4 * MIB, 'source');
  await scene.lun('dst', 4 * MIB, 'target');
});

afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

describe('a LUN that the namespace has no grant for', () => {
  it('is refused with words that do not tell whether it exists', async () => {
    const arrayName = `${scene.arrayName}-granting`;
    const { namespace } = scene;
    const grant = (access: string, lunIDs: string[]): object => ({
      name: access.toLowerCase(),
      namespace,
      access,
      lunIDs,
    });
    await createArray(scene, arrayName, { lunGrants: [grant('Source', ['src']), grant('Target', ['own-*'])] });
    const answers = await Promise.all(
      ['dst', 'not'].map(async (target, index) => {
        const refusal = { reason: 'AccessDenied', hresult: 'E_ACCESSDENIED', luns: ['src', 'dst'] };
        const says = [
          `namespace ${namespace} has no grant for LUN ${target} as a target`,
          /spec\.lunGrants of StorageArray/,
        ];
        const spec = { arrayName, pairs: [lunPair('data', 'src', target)] };
        return expectRefusal(scene, `no-grant-${index}`, spec, { ...refusal, says });
      }),
    );
    const [known, unknown] = answers.map((ended) => JSON.stringify({ ...ended.status, completionTime: '' }));
    const withoutTimes = (status = ''): string => status.replaceAll(/"\d{4}-[^"]+"/g, '""');
    expect(withoutTimes(unknown?.replaceAll('LUN not ', 'LUN dst '))).toBe(withoutTimes(known));
  });

  it('is refused although another namespace has the grant, and although the grant is for the other direction', async () => {
    const arrayName = `${scene.arrayName}-elsewhere`;
    const grant = (name: string, namespace: string, access: string): object => ({
      name,
      namespace,
      access,
      lunIDs: ['*'],
    });
    const lunGrants = [
      grant('a', 'default', 'Target'),
      grant('b', 'default', 'Source'),
      grant('c', scene.namespace, 'Source'),
    ];
    await createArray(scene, arrayName, { lunGrants });
    await expectRefusal(
      scene,
      'other-grant',
      { arrayName, pairs: [lunPair('data', 'src', 'dst')] },
      {
        reason: 'AccessDenied',
        hresult: 'E_ACCESSDENIED',
        says: [/no grant for LUN dst as a target/],
        luns: ['src', 'dst'],
      },
    );
  });
});
