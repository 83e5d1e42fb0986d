/** What a run is said to overwrite before it is created. test/api/plugin-confirm.test.ts asks in a terminal. */
import { describe, expect, it } from 'vitest';
import { targetsOf, targetsOfRun } from '../../src/plugin/confirm.ts';
import { parsePair } from '../../src/plugin/pair-argument.ts';
import { run } from './runs.ts';

describe('a target', () => {
  it.each([
    ['data=snapshot:nightly,claim:orders', 'orders', 'claim orders'],
    ['data=lun:golden,lun:staging', 'staging', 'LUN staging'],
    ['data=snapshot:nightly', 'nightly', 'the volume that snapshot nightly was taken from'],
  ])('of %s is called by the name that its owner knows', (pair, word, text) => {
    expect(targetsOf([parsePair(pair)])).toEqual([{ word, text }]);
  });

  it('of an undo is that of the run, as it was named or as it was found', () => {
    const named = run({ reason: 'Completed' });
    expect(targetsOfRun(named)).toEqual([{ word: 'data-dst', text: 'LUN data-dst' }]);
    const { pairs: _pairs, ...spec } = named.spec;
    const pairs = [{ name: 'data', source: { volumeSnapshotName: 'nightly' } }];
    const found = {
      ...named,
      spec: { ...spec, pairs },
      status: { pairs: [{ name: 'data', target: { lunID: 'l-7' } }] },
    };
    expect(targetsOfRun(found)).toEqual([{ word: 'l-7', text: 'LUN l-7' }]);
  });
});
