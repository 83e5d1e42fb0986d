/** A real array that dies at each change of its disk: what is on the disk then is a legal state, and work goes on from it. */
import { describe, expect, it } from 'vitest';
import { LunState, OperationKind, Outcome } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { CRASH_MOMENTS, CRASH_POINTS } from '../../src/simulator/crash-point.ts';
import type { ArrayProcess } from '../support/array.ts';
import { digest, lunOf, makeLun, mib, present, request, run, startScene } from './array-scene.ts';

/** How often the story reaches each point; a point of the disk that it never reaches is in `OUTSIDE`. */
const TIMES: Readonly<Record<string, number>> = {
  commit: 8,
  clone: 2,
  resize: 2,
  remove: 1,
  copy: 2,
  create: 1,
  putDigests: 1,
};
const OUTSIDE = ['putFault'];

const cases = Object.entries(TIMES).flatMap(([point, times]) =>
  CRASH_MOMENTS.filter((moment) => moment !== 'during' || point === 'copy').flatMap((moment) =>
    Array.from({ length: times }, (_, index) => `${point}:${moment}:${index + 1}`),
  ),
);

describe('an array process that ends in the middle of', () => {
  it('any point of its disk: each one is told here', () => {
    expect([...Object.keys(TIMES), ...OUTSIDE].toSorted()).toEqual([...CRASH_POINTS].toSorted());
  });

  it.concurrent.each(cases)('%s: no target is whole by name only, and the next attempt succeeds', async (point) => {
    await using array = await startScene();
    await makeLun(array, { id: 's', size: 6 * mib });
    await makeLun(array, { id: 't', size: 4 * mib });
    const whole = { s: await digest(array, 's'), t: await digest(array, 't') };
    await array.restart({ LUNARRAY_CRASH_AT: point });
    const hasEnded = await Promise.race([
      array.exited().then(() => true),
      tell(array).then(
        () => false,
        () => array.exited().then(() => true),
      ),
    ]);
    expect(hasEnded, `${point} was never reached`).toBe(true);
    await array.restart();
    const target = await lunOf(array, 't');
    const [newest] = target.runs;
    expect(target.state).not.toBe(LunState.RESYNCING);
    expect(newest?.outcome).not.toBe(Outcome.RUNNING);
    if (target.state === LunState.ONLINE) {
      const isCopied = newest?.outcome === Outcome.SUCCEEDED;
      expect(await digest(array, 't')).toBe(isCopied ? whole.s : whole.t);
      expect(Number(target.sizeBytes)).toBe((isCopied ? 6 : 4) * mib);
    }
    const again = await run(array, [['s', 't']], { operationId: 'uid-1.9' });
    expect(again.outcome).toBe(Outcome.SUCCEEDED);
    expect(await digest(array, 't')).toBe(whole.s);
    const { safetySnapshotId } = present(again.pairs[0], 'the pair');
    const back = { operationId: 'uid-1.10', kind: OperationKind.ROLL_BACK };
    expect((await run(array, [[safetySnapshotId, 't']], back)).outcome).toBe(Outcome.ROLLED_BACK);
    expect(await digest(array, 't')).toBe(whole.t);
  });
});

/** A resync that resizes, its roll-back, and what a user does besides. */
async function tell(array: ArrayProcess): Promise<void> {
  const resynced = await run(array, [['s', 't']]);
  const { safetySnapshotId } = present(resynced.pairs[0], 'the pair');
  await run(array, [[safetySnapshotId, 't']], { operationId: 'uid-1.2', kind: OperationKind.ROLL_BACK });
  await array.admin.snapshot({ lunId: 's', id: 'snap' });
  await array.admin.deleteLun({ lunId: 'snap' });
  await array.admin.createLun({ id: 'new', pool: 'pool', sizeBytes: BigInt(mib) });
  await array.client.startOperation(await request(array, [['s', 't']], { operationId: 'uid-1.3' }));
}
