/** Faults of the array itself that a story orders: an operation that fails, a copy that goes wrong. */
import type { Fault } from '../../../src/simulator/faults/fault.ts';
import type { Scene } from '../world/scene.ts';

/** Orders a fault, and waits until it is. */
export async function orderFault(scene: Scene, fault: Fault): Promise<void> {
  await scene.world.settled(scene.parts.faults.order(fault));
}

/** The operation fails once, when it has copied so many bytes. */
export function failsAt(bytes: number): Fault {
  return {
    id: 'fault-1',
    action: 'FAIL',
    place: { kind: 'step', step: 'COPYING', atByte: bytes },
    nth: 1,
    count: 1,
    lunID: '',
    code: 0,
    reason: 'VSS_E_PROVIDER_VETO',
    message: 'a disk gave up',
    remedy: 'replace the disk',
    isDurable: true,
    chunk: 0,
  };
}
