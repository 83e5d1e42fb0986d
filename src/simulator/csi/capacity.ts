/**
 * How large a volume is to be.
 */
import { status } from '@grpc/grpc-js';
import type { CapacityRange } from '../../proto/csi/v1/csi_pb.js';
import { RpcError } from '../../rpc/rpc-error.ts';

const sectorBytes = 512;
const defaultBytes = 1024 ** 3;

/** The smallest volume. */
export const minVolumeBytes = 1024 ** 2;

/** The largest one: a file that every usual file system under the array can hold. */
export const maxVolumeBytes = 8 * 1024 ** 4;

/** The bounds of a volume's size, in bytes; no limit is Infinity. */
export type SizeRange = { readonly requiredBytes: number; readonly limitBytes: number };

/** The bounds that a call sets. Throws OUT_OF_RANGE when no volume can keep to them. */
export function sizeRange(range: CapacityRange | undefined): SizeRange {
  const required = Number(range?.requiredBytes ?? 0n);
  const limit = Number(range?.limitBytes ?? 0n);
  const limitBytes = limit === 0 ? Number.POSITIVE_INFINITY : limit;
  const requiredBytes = Math.ceil(Math.max(required, required === 0 ? 0 : minVolumeBytes) / sectorBytes) * sectorBytes;
  if (
    required < 0 ||
    limit < 0 ||
    requiredBytes > maxVolumeBytes ||
    limitBytes < Math.max(requiredBytes, minVolumeBytes)
  ) {
    throw outOfRange(
      `A volume of ${sizesText(required, limit)} cannot be made.`,
      `Sizes are multiples of ${sectorBytes} from ${minVolumeBytes} to ${maxVolumeBytes}, and the limit must leave room for one.`,
    );
  }
  return { requiredBytes, limitBytes };
}

/** The size of a new volume: what is required, or else that of its source, or else 1 GiB. */
export function sizeWithin({ requiredBytes, limitBytes }: SizeRange, sourceBytes: number | undefined): number {
  const wanted = requiredBytes === 0 ? (sourceBytes ?? defaultBytes) : requiredBytes;
  const size =
    sourceBytes === undefined ? Math.min(wanted, Math.floor(limitBytes / sectorBytes) * sectorBytes) : wanted;
  if (size < (sourceBytes ?? 0) || size > limitBytes) {
    throw outOfRange(
      `The source has ${sourceBytes} bytes, and the volume is to have ${sizesText(requiredBytes, limitBytes)}.`,
      'Ask for a volume that is as large as its source, or larger.',
    );
  }
  return size;
}

/** A capacity range in words: a bound that was not set is left out. */
function sizesText(required: number, limit: number): string {
  if (limit === 0 || limit === Number.POSITIVE_INFINITY) return `at least ${required} bytes`;
  return required === 0 ? `at most ${limit} bytes` : `${required} to ${limit} bytes`;
}

/** Whether a size keeps to the bounds. */
export function isWithin({ requiredBytes, limitBytes }: SizeRange, sizeBytes: number): boolean {
  return requiredBytes <= sizeBytes && sizeBytes <= limitBytes;
}

/** The size that was asked for is impossible. */
export function outOfRange(message: string, remedy: string): RpcError {
  return new RpcError(status.OUT_OF_RANGE, message, { reason: 'E_INVALIDARG', remedy });
}
