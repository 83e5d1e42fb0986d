// What a plan says of claims and snapshots that were named, beside the LUNs that they lead to.
import { describe, expect, it } from 'vitest';
import type { PlanStep } from '../../src/api/lun-resync-status.ts';
import { decide } from '../../src/core/decide.ts';
import { claim, GiB, lun, type ObservationInput, observation, pair, recorded } from '../support/observations.ts';

const planned = (input: ObservationInput): readonly PlanStep[] | undefined =>
  recorded(decide(observation({ ...input, spec: { ...input.spec, mode: 'Plan' } }))).status.plan;
const actions = (input: ObservationInput): unknown => planned(input)?.map(({ action }) => action);
const nightly = { name: 'nightly', volumeHandle: 'vol-1' };
const copy = 'take a safety snapshot of the target; copy 10 GiB from VolumeSnapshot nightly (LUN snap-1)';
const whole = `${copy} over claim orders (LUN vol-1), verify by digest`;

describe('a plan over a claim', () => {
  it('names the claim and the snapshot', () => {
    expect(planned({ pairs: [pair({ claim: claim(), snapshot: nightly })] })).toEqual([
      { pair: 'data', severity: 'Info', action: whole },
    ]);
  });

  it('names the run that is to be undone', () => {
    const source = { name: 'data', source: { undoOf: 'restore-1' } };
    const [action] = [actions({ pairs: [pair({ claim: claim() })], spec: { pairs: [source] } })].flat();
    expect(action).toContain('from the safety snapshot of LunResync restore-1 (LUN snap-1) over claim orders');
  });

  it('names the run that is to be undone for that pair alone', () => {
    const second = { name: 'logs', sourceLunID: 'snap-2', targetLunID: 'vol-2' };
    const sources = [
      { name: 'data', source: { lunID: 'snap-1' } },
      { name: 'logs', source: { undoOf: 'restore-1' } },
    ];
    const luns = [lun(), lun({ id: 'vol-2' }), lun({ id: 'snap-2' })];
    expect(actions({ pairs: [pair(), pair(second)], luns, spec: { pairs: sources } })).toEqual([
      expect.stringContaining('from LUN snap-1 over'),
      expect.stringContaining('from the safety snapshot of LunResync restore-1 (LUN snap-2) over'),
    ]);
  });

  it('says that the request of a smaller claim is raised, and to what', () => {
    const input = { pairs: [pair({ claim: claim() })], luns: [lun({ sizeBytes: 8 * GiB })] };
    const [action] = [actions({ ...input, spec: { claimResize: 'Raise' } })].flat();
    expect(action).toMatch(
      /^raise the request of claim orders to 10Gi; take a .*; grow the target from 8 GiB to 10 GiB;/,
    );
  });

  it('names the other claims and volumes that are lost where they may be', () => {
    const pairs = [pair({ claim: claim(), snapshot: nightly, otherClaims: ['twin'], selectedVolumes: ['vol-1'] })];
    const luns = [lun({ volumes: ['vol-1', 'logs'] })];
    expect(actions({ pairs, luns, spec: { unselectedVolumePolicy: 'Overwrite' } })).toEqual([
      `${whole}; overwrite volumes logs, of claim twin`,
    ]);
  });

  it('lists the newer snapshots of the target, after what is done', () => {
    const second = { name: 'logs', sourceLunID: 'snap-2', targetLunID: 'vol-2' };
    const pairs = [pair({ claim: claim(), snapshot: nightly, newerSnapshots: ['tuesday', 'wednesday'] }), pair(second)];
    const luns = [lun(), lun({ id: 'vol-2' }), lun({ id: 'snap-2' })];
    expect(planned({ pairs, luns })?.map(({ pair: name, action }) => [name, action])).toEqual([
      ['data', whole],
      ['logs', expect.stringContaining('copy 10 GiB from LUN snap-2 over LUN vol-2')],
      ['data', 'leave the newer snapshots of the target as they are: tuesday, wednesday'],
    ]);
  });

  it('has at most 64 steps, first of all those that change something', () => {
    const pairs = Array.from({ length: 64 }, (_, nth) =>
      pair({ name: `p${nth}`, sourceLunID: `s${nth}`, targetLunID: `t${nth}`, newerSnapshots: ['tuesday'] }),
    );
    const luns = pairs.flatMap(({ sourceLunID, targetLunID }) => [lun({ id: sourceLunID }), lun({ id: targetLunID })]);
    const steps = planned({ pairs, luns });
    expect(steps).toHaveLength(64);
    expect(steps?.every(({ action }) => action.includes('copy 10 GiB'))).toBe(true);
  });
});
