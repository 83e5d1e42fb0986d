/**
 * The host path of the administration service.
 */
import type { ArrayAdmin } from '../../proto/lunarray/admin/v1/admin_pb.js';
import type { ServiceImplementation } from '../../rpc/service-types.ts';
import type { ArrayParts } from '../array-parts.ts';
import { fillPattern, readRange, writeRange } from '../operations/host-io.ts';
import { unknownLun } from '../state/refused.ts';
import { checkedID, checkedNumber, checkedText } from './arguments.ts';
import { accepted, invalidArgument, rpcErrorOf } from './rpc-failures.ts';

type Service = ServiceImplementation<typeof ArrayAdmin>;

const maxTransferBytes = 1024 * 1024;

/** The handlers. */
export function hostCalls(parts: ArrayParts): Pick<Service, 'writeRange' | 'readRange' | 'fillPattern' | 'digest'> {
  return {
    writeRange: async ({ lunId, offset, data }) => {
      checkLength(data.length);
      const lunID = checkedID('lun_id', lunId);
      accepted(await writeRange(parts, { lunID, offset: checkedNumber('offset', offset), data }));
      return {};
    },
    readRange: async ({ lunId, offset, length }) => {
      checkLength(length);
      const lunID = checkedID('lun_id', lunId);
      const data = accepted(await readRange(parts, { lunID, offset: checkedNumber('offset', offset), length }));
      return { data };
    },
    fillPattern: async (request, { signal }) => {
      const written = await fillPattern(parts, {
        lunID: checkedID('lun_id', request.lunId),
        offset: checkedNumber('offset', request.offset),
        length: checkedNumber('length', request.length),
        seed: checkedText('seed', request.seed, { min: 0, max: 256 }),
        signal,
      });
      return { writtenBytes: BigInt(accepted(written)) };
    },
    digest: async (request) => {
      const lun = parts.committed.state.luns.get(checkedID('lun_id', request.lunId));
      if (lun === undefined) {
        throw rpcErrorOf(unknownLun(request.lunId));
      }
      const length = checkedNumber('length', request.length) || lun.sizeBytes;
      if (length > lun.sizeBytes) {
        throw invalidArgument(`length is ${length} and LUN ${lun.id} has ${lun.sizeBytes} bytes.`);
      }
      return { digest: await parts.files.digest(lun.id, length), length: BigInt(length) };
    },
  };
}

function checkLength(length: number): void {
  if (length === 0 || length > maxTransferBytes) {
    throw invalidArgument(`The range has ${length} bytes.`, `Transfer 1 to ${maxTransferBytes} bytes at a time.`);
  }
}
