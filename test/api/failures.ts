/** What a failed run must look like to a person, and the faults that make one fail. */
import { expect } from 'vitest';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { Step } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { MIB, type ResyncEvent, reasonOf, type Scene } from '../support/scene.ts';
import { conditionOf, digestsOf, messageOf, order, type Spec, untilEvent } from './acceptance.ts';

export type Ending = {
  readonly reason: string;
  readonly hresult: string;
  /** Default: Untouched. */
  readonly dataState?: string;
  /** What the Event says; part of it is what to do. */
  readonly says: readonly (string | RegExp)[];
};

/**
 * Applies the object, waits for its end, and checks reason, HRESULT, data state and the Event that tells of it. LUN dst
 * must have the bytes that it had before.
 */
export async function expectFailure(scene: Scene, name: string, spec: Spec, ending: Ending): Promise<void> {
  const before = await digestsOf(scene, ['dst']);
  await scene.apply(name, spec);
  const failed = await scene.finished(name, 60_000);
  expect({ reason: reasonOf(failed), hresult: failed.status.hresult?.name }).toEqual({
    reason: ending.reason,
    hresult: ending.hresult,
  });
  expect(conditionOf(failed, 'Succeeded')?.status).toBe('False');
  expect(failed.status.dataState ?? 'Untouched').toBe(ending.dataState ?? 'Untouched');
  const isFailure = (event: ResyncEvent): boolean => event.type === 'Warning' && event.reason === 'ResyncFailed';
  const event = (await untilEvent(scene, name, isFailure)).find(isFailure);
  for (const text of ending.says) expect(event?.note).toMatch(text);
  expect(event?.note).toBe(`${ending.reason}: ${messageOf(failed)}`);
  expect(await digestsOf(scene, ['dst'])).toEqual(before);
}

/** The array refuses StartOperation with that HRESULT, so often. */
export async function refuseStart(scene: Scene, reason: string, remedy: string, count = 1): Promise<void> {
  await order(scene, { action: FaultAction.FAIL, method: 'StartOperation', reason, remedy, message: 'No.', count });
}

/** The operation is accepted, and fails with that HRESULT when half of it is copied. */
export async function failHalfWay(scene: Scene, reason: string, remedy: string): Promise<void> {
  const message = 'It went wrong.';
  await order(scene, {
    action: FaultAction.FAIL,
    step: Step.COPYING,
    atByte: BigInt(2 * MIB),
    reason,
    remedy,
    message,
  });
}
