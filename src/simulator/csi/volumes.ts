/**
 * CSI's volumes: made once a name, expanded, deleted.
 */
import { status } from '@grpc/grpc-js';
import type { Controller, CreateVolumeRequest, VolumeContentSource } from '../../proto/csi/v1/csi_pb.js';
import { RpcError } from '../../rpc/rpc-error.ts';
import type { ServiceImplementation } from '../../rpc/service-types.ts';
import { freeBytes } from '../array-parts.ts';
import { growVolume, makeVolume, removeLun } from '../operations/lun-administration.ts';
import { checkedText } from '../services/arguments.ts';
import { accepted, invalidArgument } from '../services/rpc-failures.ts';
import type { ArrayState, CsiOrigin, LunRecord, PoolRecord } from '../state/records.ts';
import { capabilitiesOf, capabilityOf } from './capability.ts';
import { isWithin, outOfRange, type SizeRange, sizeRange, sizeWithin } from './capacity.ts';
import type { ControllerParts } from './controller-parts.ts';
import { isVolume, snapshotByID, volumeByID, volumeMessage } from './messages.ts';
import { poolOf } from './parameters.ts';

type Service = ServiceImplementation<typeof Controller>;
type VolumeCalls = Pick<Service, 'createVolume' | 'deleteVolume' | 'controllerExpandVolume'>;

/** Names and ids have up to so many characters. Source: CSI specification, "Size Limits". */
export const nameLimits = { min: 1, max: 128 };

/** The handlers. */
export function volumeCalls(parts: ControllerParts): VolumeCalls {
  const { array } = parts;
  return {
    createVolume: async (request) => ({ volume: volumeMessage(await createVolume(parts, request)) }),
    deleteVolume: async ({ volumeId }) => {
      checkedText('volume_id', volumeId, nameLimits);
      const lun = array.committed.state.luns.get(volumeId);
      if (lun !== undefined && isVolume(lun)) {
        accepted(await removeLun(array, volumeId));
      }
      return {};
    },
    controllerExpandVolume: async ({ volumeId, capacityRange, volumeCapability }) => {
      checkedText('volume_id', volumeId, nameLimits);
      if (capacityRange === undefined) {
        throw invalidArgument('capacity_range is missing.');
      }
      const range = sizeRange(capacityRange);
      const isBlock = volumeCapability !== undefined && capabilityOf(volumeCapability).kind === 'block';
      const lun = volumeByID(array.committed.state, volumeId);
      if (range.requiredBytes > lun.sizeBytes) {
        checkRoom(parts, lun.pool, range.requiredBytes - lun.sizeBytes);
      }
      const grown = accepted(await growVolume(array, { lunID: lun.id, sizeBytes: range.requiredBytes }));
      if (!isWithin(range, grown.sizeBytes)) {
        throw outOfRange(`Volume ${lun.id} has ${grown.sizeBytes} bytes already.`, 'Volumes do not shrink.');
      }
      return {
        capacityBytes: BigInt(grown.sizeBytes),
        // A node that has the block device attached must look at its size again; a file system grows on the node anyway.
        nodeExpansionRequired: !isBlock || grown.publishedNodes.length > 0,
      };
    },
  };
}

async function createVolume(parts: ControllerParts, request: CreateVolumeRequest): Promise<LunRecord> {
  const { array } = parts;
  const name = checkedText('name', request.name, nameLimits);
  capabilitiesOf(request.volumeCapabilities);
  const range = sizeRange(request.capacityRange);
  const contentSource = contentSourceOf(request.volumeContentSource);
  using _pending = parts.pending.take('volume', name);
  const { state } = array.committed;
  const pool = poolOf(state, request.parameters);
  const wanted = { name, range, contentSource, pool };
  const known = [...state.luns.values()].find((lun) => isVolume(lun) && lun.csi?.name === name);
  if (known !== undefined) {
    return theSame(known, wanted);
  }
  const source = contentSource === null ? undefined : sourceOf(state, contentSource);
  const sizeBytes = sizeWithin(range, source?.sizeBytes);
  checkRoom(parts, pool.name, sizeBytes);
  return accepted(
    await makeVolume(array, {
      id: '',
      pool: pool.name,
      sizeBytes,
      identifiers: null,
      diskSignature: '',
      volumes: [],
      sourceLunID: source?.id ?? '',
      csi: { name, contentSource },
    }),
  );
}

/** The volume that an earlier call made, if that call asked for the same. */
function theSame(
  known: LunRecord,
  wanted: {
    readonly name: string;
    readonly range: SizeRange;
    readonly contentSource: CsiOrigin['contentSource'];
    readonly pool: PoolRecord;
  },
): LunRecord {
  const had = known.csi?.contentSource ?? null;
  const isSameSource = had?.lunID === wanted.contentSource?.lunID && had?.kind === wanted.contentSource?.kind;
  if (isWithin(wanted.range, known.sizeBytes) && isSameSource && known.pool === wanted.pool.name) {
    return known;
  }
  const from = had === null ? 'no source' : `source ${had.lunID}`;
  throw new RpcError(
    status.ALREADY_EXISTS,
    `Volume ${wanted.name} exists as ${known.id} with ${known.sizeBytes} bytes in pool ${known.pool}, made from ${from}.`,
    { reason: 'VSS_E_OBJECT_ALREADY_EXISTS', remedy: 'Choose another name, or ask for the same volume.' },
  );
}

function contentSourceOf(message: VolumeContentSource | undefined): CsiOrigin['contentSource'] {
  switch (message?.type.case) {
    case 'snapshot':
      return { kind: 'SNAPSHOT', lunID: checkedText('snapshot_id', message.type.value.snapshotId, nameLimits) };
    case 'volume':
      return { kind: 'VOLUME', lunID: checkedText('volume_id', message.type.value.volumeId, nameLimits) };
    case undefined:
      if (message !== undefined) {
        throw invalidArgument(
          'volume_content_source names no source.',
          'Name a snapshot or a volume, or leave it out.',
        );
      }
      return null;
  }
}

function sourceOf(state: ArrayState, source: NonNullable<CsiOrigin['contentSource']>): LunRecord {
  return source.kind === 'SNAPSHOT' ? snapshotByID(state, source.lunID) : volumeByID(state, source.lunID);
}

/** LUNs take blocks when they are written: what cannot ever be filled is refused, and nothing is set aside. */
function checkRoom({ array }: ControllerParts, pool: string, bytes: number): void {
  const free = Math.max(0, freeBytes(array, pool));
  if (bytes > free) {
    throw new RpcError(status.RESOURCE_EXHAUSTED, `Pool ${pool} has ${free} bytes left and not ${bytes}.`, {
      reason: 'VSS_E_INSUFFICIENT_STORAGE',
      remedy: 'Free room in the pool or enlarge it.',
    });
  }
}
