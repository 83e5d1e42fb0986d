/**
 * SCSI page 83 designators: which of them identify a LUN. ResyncLuns demands "unique page 83 device identifiers".
 */
import type { ArrayState, Identifier, LunRecord } from './records.ts';

// T10 vendor id, EUI-64, NAA, SCSI name string. All other types are tolerated and prove nothing.
const countingTypes: ReadonlySet<number> = new Set([1, 2, 3, 8]);

/** What is wrong with a LUN's identifiers. */
export type IdentifierFault = 'NONE_COUNTS' | { readonly sharedWith: string };

/** What keeps a LUN's identifiers from being unique in the array, or undefined. */
export function identifierFault(state: ArrayState, lun: LunRecord): IdentifierFault | undefined {
  const own = countingKeys(lun);
  if (own.size === 0) {
    return 'NONE_COUNTS';
  }
  for (const other of state.luns.values()) {
    if (other.id !== lun.id && [...countingKeys(other)].some((key) => own.has(key))) {
      return { sharedWith: other.id };
    }
  }
  return undefined;
}

/** An NAA identifier (type 6, made up from a number) that no other LUN of this array has. */
export function madeUpIdentifier(arrayID: string, serial: number): Identifier {
  const vendor = arrayID
    .replaceAll(/[^0-9a-f]/g, '')
    .padEnd(15, '0')
    .slice(0, 15);
  return { codeSet: 1, type: 3, value: `6${vendor}${serial.toString(16).padStart(16, '0')}` };
}

function countingKeys(lun: LunRecord): Set<string> {
  return new Set(
    lun.identifiers
      .filter((identifier) => countingTypes.has(identifier.type))
      .map((identifier) => `${identifier.type}/${identifier.codeSet}/${identifier.value}`),
  );
}
