// After a copy onto a claim: when its file system may be smaller than its volume, people are told.
import { describe, expect, it } from 'vitest';
import type { Observation } from '../../src/core/observation.ts';
import { complete } from '../../src/core/terminal.ts';
import {
  claim,
  conditionIn,
  GiB,
  lun,
  type ObservationInput,
  observation,
  pair,
  recorded,
  source,
  targetWith,
  UNREACHABLE,
} from '../support/observations.ts';
import { running } from '../support/statuses.ts';

const done = (sizeBytes: number, over: Parameters<typeof claim>[0] = {}, input: ObservationInput = {}): Observation =>
  observation({
    status: running(),
    pairs: [pair({ claim: claim(over) })],
    luns: [targetWith({ outcome: 'Succeeded' }, { sizeBytes })],
    ...input,
  });
const how = 'it grows at the next mount where the CSI driver does that, else by resize2fs or xfs_growfs';
const said = (o: Observation): readonly (string | undefined)[] => {
  const { status, announcements } = recorded(complete(o));
  const message = conditionIn(status, 'Succeeded')?.message;
  const event = announcements.find(({ reason }) => reason === 'FileSystemMayNeedGrowth');
  expect(event === undefined || message?.endsWith(`. ${event.note}`)).toBe(true);
  if (event !== undefined) expect(event).toMatchObject({ type: 'Normal', action: 'Finish' });
  return [event?.note];
};

describe('a file system', () => {
  it('on a volume that kept a larger size may need to grow', () => {
    const what = 'The file system on claim orders (10 GiB of 20 GiB) may be smaller than its volume';
    expect(said(done(20 * GiB, { capacityBytes: 20 * GiB }))).toEqual([`${what}: ${how}`]);
    expect(said(done(20 * GiB))).toEqual([`${what}: ${how}`]);
  });

  it('on a volume that was grown and not mounted since may need to grow', () => {
    const what = 'The file system on claim orders (8 GiB of 10 GiB) may be smaller than its volume';
    expect(said(done(10 * GiB, { capacityBytes: 8 * GiB }))).toEqual([`${what}: ${how}`]);
  });

  it('of several claims is told of in one sentence', () => {
    const second = { name: 'logs', sourceLunID: 'snap-2', targetLunID: 'vol-2', claim: claim({ name: 'logs' }) };
    const luns = [targetWith({ outcome: 'Succeeded' }, { sizeBytes: 20 * GiB }), source({ id: 'snap-2' })];
    const o = done(
      0,
      {},
      { pairs: [pair({ claim: claim() }), pair(second)], luns: [...luns, lun({ id: 'vol-2', sizeBytes: 11 * GiB })] },
    );
    expect(said(o)[0]).toContain('claim orders (10 GiB of 20 GiB), claim logs (10 GiB of 11 GiB)');
  });

  it.each<readonly [string, Observation]>([
    ['fills its volume', done(10 * GiB, { capacityBytes: 10 * GiB })],
    ['fills its volume, whose claim does not tell its capacity', done(10 * GiB)],
    ['is none: the volume is a block device', done(20 * GiB, { mode: 'Block' })],
    ['is nobody’s: the LUN is no claim’s', done(20 * GiB, {}, { pairs: [pair()] })],
    ['is not known of: the array was not read', done(20 * GiB, {}, { view: UNREACHABLE })],
    [
      'is not known of: the source is gone',
      done(20 * GiB, {}, { pairs: [pair({ claim: claim(), sourceLunID: 'x' })] }),
    ],
    [
      'is not known of: the target is gone',
      done(20 * GiB, {}, { pairs: [pair({ claim: claim(), targetLunID: 'x' })] }),
    ],
  ])('that %s is not spoken of', (_, o) => {
    expect(said(o)).toEqual([undefined]);
  });
});
