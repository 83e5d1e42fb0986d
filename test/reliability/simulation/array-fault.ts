/** Faults of the array's own, as its administration service would order them. */
import type { Fault } from '../../../src/simulator/faults/fault.ts';
import type { ArrayFault } from './scenario.ts';

/** A fault that strikes the next operation with that target, once. */
export function arrayFault(kind: ArrayFault, lunID: string, number: number): Fault {
  const isFailure = kind === 'FAIL' || kind === 'RETRY';
  return {
    id: `fault-${number}`,
    action: isFailure ? 'FAIL' : kind,
    place: { kind: 'step', step: 'COPYING', atByte: isFailure ? 4096 : 0 },
    nth: 1,
    count: 1,
    lunID,
    code: 0,
    reason: kind === 'RETRY' ? 'E_OUTOFMEMORY' : 'VSS_E_PROVIDER_VETO',
    message: 'the array gave up',
    remedy: 'replace the disk',
    isDurable: false,
    chunk: 0,
  };
}
