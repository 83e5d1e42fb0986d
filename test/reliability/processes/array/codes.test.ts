// Every gRPC status instead of the answer to every call that the operator makes of an array, with the call's effect and
// without. Each cell of the matrix is a run of its own; all of them go on at once.
import { status } from '@grpc/grpc-js';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LunResync } from '../../../../src/api/lun-resync.ts';
import { FaultAction } from '../../../../src/proto/lunarray/admin/v1/admin_pb.js';
import { Step } from '../../../../src/proto/lunarray/v1/lunarray_pb.js';
import { order } from '../../../api/acceptance.ts';
import { lunPair, MIB, reasonOf } from '../../../support/scene.ts';
import { sharedScene } from '../../../support/shared-scene.ts';
import { mentions, startArrayScene } from './support/array-scene.ts';
import type { Call } from './support/grpc-proxy.ts';

const CODES = Object.values(status).filter((code) => typeof code === 'number' && code !== status.OK) as status[];
const MUTATING = ['StartOperation', 'CancelOperation', 'ReleaseOperation', 'DeleteSafetySnapshots'];
const READING = ['GetLuns', 'GetOperation'];

type Cell = { readonly name: string; readonly method: string; readonly code: status; readonly isApplied: boolean };

const cells: readonly Cell[] = [...MUTATING, ...READING].flatMap((method) =>
  CODES.flatMap((code) =>
    (MUTATING.includes(method) ? [true, false] : [false]).map((isApplied) => ({
      name: `${method.toLowerCase()}-${code}-${isApplied ? 'applied' : 'not'}`,
      method,
      code,
      isApplied,
    })),
  ),
);

const scene = sharedScene(() =>
  startArrayScene({
    arraySpec: { maxConcurrentOperations: 256 },
    operatorFlags: ['--workers', '32', '--progress-interval', '10s'],
  }),
);

beforeAll(() => scene.lun('src', MIB, 'source'));

/** Whether a call is of an object: its owner, its operation or its target is. */
function concerns(resync: LunResync, call: Call): boolean {
  return mentions(call, resync.metadata.uid, `"${resync.metadata.name}-dst"`);
}

/** What is on the target is what the status says. */
async function mustBeTrue(cell: Cell, ended: LunResync, before: string): Promise<void> {
  const now = await scene.digest(`${cell.name}-dst`);
  const { dataState } = ended.status;
  if (reasonOf(ended) === 'Completed') {
    expect(dataState, cell.name).toBe('MatchesSource');
    expect(now, cell.name).toBe(await scene.digest('src'));
    return;
  }
  expect(['Untouched', 'RolledBack'], `${cell.name}: ${reasonOf(ended)}`).toContain(dataState);
  expect(now, cell.name).toBe(before);
}

async function tell(cell: Cell): Promise<void> {
  const { name, method, code, isApplied } = cell;
  await scene.lun(`${name}-dst`, MIB, name);
  const before = await scene.digest(`${name}-dst`);
  // Suspended first, so that the rule knows the object's uid before anything is called that changes something.
  const resync = await scene.apply(name, { pairs: [lunPair('data', 'src', `${name}-dst`)], suspend: true });
  const of = (called: string) => (call: Call) => call.method === called && concerns(resync, call);
  let asked = 0;
  const isMeant = (call: Call): boolean => {
    const isSo = of(method)(call);
    if (isSo) asked += 1;
    return isSo;
  };
  scene.proxy.interfere(1, isMeant, { kind: 'Code', code, isApplied });
  const needsCancel = method === 'CancelOperation';
  // The attempt that is cancelled must not have ended before.
  if (needsCancel) await order(scene, { action: FaultAction.STALL, step: Step.COPYING, lunId: `${name}-dst` });
  await scene.patch(name, { suspend: false });
  if (needsCancel) {
    await scene.until(name, 'it has an intent', (now) => now.status.operationID !== undefined);
    await scene.patch(name, { cancel: true });
  }
  await mustBeTrue(cell, await scene.finished(name), before);
  if (method === 'DeleteSafetySnapshots') await scene.remove(name);
  else expect(asked, `${name}: the call that is answered so`).toBeGreaterThan(0);
}

describe('an answer of the array that is replaced by a status', () => {
  it(`ends each of ${cells.length} runs truthfully, and begins no operation twice`, {
    timeout: 600_000,
  }, async () => {
    await Promise.all(cells.map(tell));
    const starts = scene.array.callLog().filter(({ method, code }) => method === 'StartOperation' && code === 'OK');
    expect(starts.length).toBeGreaterThan(cells.length / 2);
    // A repeated call of the same id is answered with the same operation: nothing is begun twice.
    const begun = (await scene.array.admin.journal({})).entries.filter(({ event }) => event === 'ACCEPTED');
    expect(new Set(begun.map(({ operationId }) => operationId)).size).toBe(begun.length);
  });
});
