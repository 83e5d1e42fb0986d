/** StartOperation's refusals: each one alone, and which one decides when several apply. */
import { describe, expect, it } from 'vitest';
import { endOperation } from '../../../src/simulator/state/end.ts';
import { publishLun } from '../../../src/simulator/state/host.ts';
import { deleteLun } from '../../../src/simulator/state/luns.ts';
import type { StartArguments } from '../../../src/simulator/state/records.ts';
import type { RefusalName } from '../../../src/simulator/state/refused.ts';
import { touchTarget } from '../../../src/simulator/state/steps.ts';
import { facts, gib, refusalOf, Scene } from './state-scene.ts';

/** Breaks one thing about a good request from `s` to `t`; gives the request as it is then. */
type Fault = (scene: Scene, request: StartArguments) => StartArguments;

const withPair = (request: StartArguments, change: Partial<StartArguments['pairs'][number]>): StartArguments => ({
  ...request,
  pairs: request.pairs.map((pair) => ({ ...pair, ...change })),
});

const publish = (scene: Scene, id: string): void => {
  scene.apply((state) => publishLun(state, { lunID: id, node: 'node' }));
};

const makeInconsistent = (scene: Scene, id: string): void => {
  scene.volume(`${id}-origin`);
  const names = { operationID: `bad-${id}`, owner: 'x', overwriteUnselectedVolumes: true };
  scene.start(scene.request([[`${id}-origin`, id]], { ...names, safetySnapshots: 'NEVER' }));
  scene.apply((state) => touchTarget(state, `bad-${id}`, { targetLunID: id, ranges: [] }));
  const error = { reason: 'E', message: '', remedy: '', lunID: '' };
  scene.apply((state) => endOperation(state, `bad-${id}`, { outcome: 'FAILED', error, now: 3 }));
};

const faults: Record<RefusalName, Fault> = {
  STALE: (_scene, request) => withPair(request, { ifTargetGeneration: 999_999 }),
  BUSY: (scene, request) => {
    scene.volume('s2');
    const names = { operationID: 'other', owner: 'other', overwriteUnselectedVolumes: true };
    scene.start(scene.request([['s2', 't']], names));
    return withPair(request, { ifTargetGeneration: scene.lun('t').generation });
  },
  TARGET_PUBLISHED: (scene, request) => {
    publish(scene, 't');
    return withPair(request, { ifTargetGeneration: scene.lun('t').generation });
  },
  SOURCE_INCONSISTENT: (scene, request) => {
    makeInconsistent(scene, 's');
    return request;
  },
  SOURCE_PUBLISHED: (scene, request) => {
    publish(scene, 's');
    return request;
  },
  SAME_LUN: (_scene, request) => withPair(request, { sourceLunID: 't' }),
  UNKNOWN_LUN: (_scene, request) => withPair(request, { sourceLunID: 'nowhere' }),
  IDENTIFIERS: (scene, request) => {
    scene.volume('t-bare', { identifiers: [{ codeSet: 1, type: 0, value: 'aa' }] });
    return withPair(request, { targetLunID: 't-bare', ifTargetGeneration: scene.lun('t-bare').generation });
  },
  UNSELECTED_VOLUME: (_scene, request) => withPair(request, { selectedVolumes: [] }),
  DISK_SIGNATURE: (_scene, request) => ({ ...request, identityPolicy: 'REVERT_TO_ORIGINAL' }),
  SAFETY_SNAPSHOT: (_scene, request) => ({ ...request, kind: 'ROLL_BACK' }),
  STORAGE: (_scene, request) => request,
};

function scene(): { scene: Scene; request: StartArguments } {
  const made = new Scene();
  made.volume('s');
  made.volume('t', { volumes: ['v'] });
  return { scene: made, request: withPair(made.request([['s', 't']]), { selectedVolumes: ['v'] }) };
}

const full = { allocatedBytes: (id: string): number => (id === 's' ? 5000 * gib : 0) };

describe('StartOperation', () => {
  it('accepts a request that nothing is wrong with', () => {
    const { scene: made, request } = scene();
    expect(refusalOf(made.start(request))).toBe('accepted');
  });

  it.each(Object.entries(faults))('refuses with %s alone, and changes nothing', (name, fault) => {
    const { scene: made, request } = scene();
    const broken = fault(made, request);
    const before = made.state;
    expect(refusalOf(made.start(broken, name === 'STORAGE' ? full : {}))).toBe(name);
    expect(made.state).toEqual(before);
  });

  it('lets STALE decide before everything else, and BUSY before what is behind it', () => {
    const { scene: made, request } = scene();
    publish(made, 's');
    const busy = { ...faults.BUSY(made, request), kind: 'ROLL_BACK' as const };
    expect(refusalOf(made.start(faults.STALE(made, busy), full))).toBe('STALE');
    expect(refusalOf(made.start(busy, full))).toBe('BUSY');
  });

  it('refuses all pairs for the fault of one', () => {
    const { scene: made } = scene();
    made.volume('s2');
    made.volume('t2', { identifiers: [] });
    const before = made.state;
    const two = made.request([
      ['s', 't'],
      ['s2', 't2'],
    ]);
    expect(refusalOf(made.start({ ...two, overwriteUnselectedVolumes: true }))).toBe('IDENTIFIERS');
    expect(made.state).toEqual(before);
  });

  it('accepts a published source where it can be pinned at once', () => {
    const { scene: made, request } = scene();
    publish(made, 's');
    expect(refusalOf(made.start(request, { ...facts, isReflinkAvailable: true }))).toBe('accepted');
  });

  it('wants identifiers of the target only that are unique in the array', () => {
    const made = new Scene();
    const identifier = { codeSet: 1, type: 3, value: 'aabb' };
    made.volume('s', { identifiers: [] });
    made.volume('t', { identifiers: [{ codeSet: 1, type: 0, value: 'aabb' }, identifier] });
    expect(refusalOf(made.start(made.request([['s', 't']])))).toBe('accepted');
    made.volume('t2', { identifiers: [identifier] });
    made.volume('s2');
    expect(refusalOf(made.start(made.request([['s2', 't2']], { operationID: 'op2' })))).toBe('IDENTIFIERS');
  });

  it('repairs an INCONSISTENT target of another owner without a safety snapshot', () => {
    const { scene: made } = scene();
    makeInconsistent(made, 't');
    const request = made.request([['s', 't']], { overwriteUnselectedVolumes: true });
    expect(refusalOf(made.start(request))).toBe('accepted');
    expect(made.operation('op').pairs[0]).toMatchObject({ stateBefore: 'INCONSISTENT', safetySnapshotID: '' });
  });

  it('reverts the disk signature only to one that no other LUN has', () => {
    const made = new Scene();
    made.volume('o', { diskSignature: 'cafe' });
    made.volume('t');
    made.snapshot('snap', 'o');
    const policy = { identityPolicy: 'REVERT_TO_ORIGINAL' as const };
    expect(refusalOf(made.start(made.request([['snap', 't']], policy)))).toBe('DISK_SIGNATURE');
    made.apply((state) => deleteLun(state, 'o'));
    expect(refusalOf(made.start(made.request([['snap', 't']], policy)))).toBe('accepted');
    made.apply((state) => endOperation(state, 'op', { outcome: 'SUCCEEDED', now: 3 }));
    expect(made.lun('t').diskSignature).toBe('cafe');
  });

  it('does not promise the same room twice', () => {
    const made = new Scene();
    const allocated = (id: string): number => (id.startsWith('s') ? 600 * gib : 0);
    for (const id of ['s1', 's2', 't1', 't2']) {
      made.volume(id, { pool: 'pool' });
    }
    const limits = { allocatedBytes: (id: string): number => (id.startsWith('t') ? 0 : allocated(id) / 2) };
    expect(refusalOf(made.start(made.request([['s1', 't1']]), limits))).toBe('accepted');
    expect(refusalOf(made.start(made.request([['s2', 't2']], { operationID: 'op2' }), limits))).toBe('STORAGE');
  });
});
