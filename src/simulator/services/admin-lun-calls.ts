/**
 * The administration of pools, LUNs and volumes.
 */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ArrayAdmin, CreateLunRequest, PoolSchema } from '../../proto/lunarray/admin/v1/admin_pb.js';
import type { LunSchema } from '../../proto/lunarray/v1/lunarray_pb.js';
import type { ServiceImplementation } from '../../rpc/service-types.ts';
import type { ArrayParts } from '../array-parts.ts';
import { makeVolume, publish, removeLun, takeSnapshot, type VolumeRequest } from '../operations/lun-administration.ts';
import { poolUsage } from '../state/admission-storage.ts';
import { unpublishLun } from '../state/host.ts';
import { changeVolumes, createPool } from '../state/luns.ts';
import type { LunRecord, PoolRecord } from '../state/records.ts';
import { unknownLun } from '../state/refused.ts';
import { checkedID, checkedList, checkedNumber, checkedText } from './arguments.ts';
import { lunMessage } from './messages.ts';
import { accepted, invalidArgument, rpcErrorOf } from './rpc-failures.ts';

type Service = ServiceImplementation<typeof ArrayAdmin>;
type LunCalls = Pick<
  Service,
  | 'createPool'
  | 'listPools'
  | 'createLun'
  | 'deleteLun'
  | 'getLun'
  | 'addVolume'
  | 'removeVolume'
  | 'snapshot'
  | 'publish'
  | 'unpublish'
>;

const sectorBytes = 512;
const maxVolumes = 256;

/** The handlers. */
export function lunCalls(parts: ArrayParts): LunCalls {
  const { committed } = parts;
  return {
    createPool: async (request) => {
      const capacityBytes = checkedNumber('capacity_bytes', request.capacityBytes);
      const pool = { name: checkedID('name', request.name), capacityBytes };
      return { pool: poolMessage(parts, accepted(await committed.update((state) => createPool(state, pool)))) };
    },
    listPools: async () => ({
      pools: [...committed.state.pools.values()].map((pool) => poolMessage(parts, pool)),
    }),
    createLun: async (request) => ({
      lun: message(parts, accepted(await makeVolume(parts, volumeRequest(request)))),
    }),
    getLun: async ({ lunId }) => {
      const lun = committed.state.luns.get(lunId);
      if (lun === undefined || lun.isHidden) {
        throw rpcErrorOf(unknownLun(lunId.slice(0, 128)));
      }
      return { lun: message(parts, lun) };
    },
    deleteLun: async ({ lunId }) => {
      accepted(await removeLun(parts, checkedID('lun_id', lunId)));
      return {};
    },
    addVolume: async ({ lunId, volume }) => {
      const name = checkedText('volume', volume, { min: 1, max: 256 });
      const change = (volumes: readonly string[]): readonly string[] =>
        checkedList('volumes', [...new Set([...volumes, name])], { min: 0, max: maxVolumes });
      accepted(await committed.update((state) => changeVolumes(state, lunId, change)));
      return {};
    },
    removeVolume: async ({ lunId, volume }) => {
      const change = (volumes: readonly string[]): readonly string[] => volumes.filter((name) => name !== volume);
      accepted(await committed.update((state) => changeVolumes(state, lunId, change)));
      return {};
    },
    snapshot: async ({ lunId, id }) => {
      const request = { lunID: checkedID('lun_id', lunId), id: id === '' ? '' : checkedID('id', id) };
      return { lun: message(parts, accepted(await takeSnapshot(parts, request))) };
    },
    ...publishCalls(parts),
  };
}

function publishCalls(parts: ArrayParts): Pick<Service, 'publish' | 'unpublish'> {
  return {
    publish: async ({ lunId, node }) => {
      const name = checkedText('node', node, { min: 1, max: 256 });
      const lunID = checkedID('lun_id', lunId);
      accepted(await publish(parts, { lunID, node: name }));
      return { path: parts.files.pathOf(lunID) };
    },
    unpublish: async ({ lunId, node }) => {
      const name = checkedText('node', node, { min: 1, max: 256 });
      const lunID = checkedID('lun_id', lunId);
      accepted(await parts.committed.update((state) => unpublishLun(state, lunID, name)));
      return {};
    },
  };
}

function volumeRequest(request: CreateLunRequest): VolumeRequest {
  const sizeBytes = checkedNumber('size_bytes', request.sizeBytes);
  if (sizeBytes === 0 || sizeBytes % sectorBytes !== 0) {
    throw invalidArgument(`size_bytes is ${sizeBytes}.`, `Use a multiple of ${sectorBytes}.`);
  }
  const identifiers = checkedList('identifiers', request.identifiers, { min: 0, max: 16 });
  if (identifiers.some(({ value }) => value.length > 256)) {
    throw invalidArgument('An identifier has more than 256 bytes.');
  }
  const isMadeUp = identifiers.length === 0 && !request.noIdentifiers;
  return {
    id: request.id === '' ? '' : checkedID('id', request.id),
    pool: checkedID('pool', request.pool),
    sizeBytes,
    identifiers: isMadeUp
      ? null
      : identifiers.map(({ codeSet, type, value }) => ({ codeSet, type, value: Buffer.from(value).toString('hex') })),
    diskSignature: checkedText('disk_signature', request.diskSignature, { min: 0, max: 64 }),
    volumes: checkedList('volumes', request.volumes, { min: 0, max: maxVolumes }).map((name) =>
      checkedText('volumes', name, { min: 1, max: 256 }),
    ),
    sourceLunID: request.sourceLunId === '' ? '' : checkedID('source_lun_id', request.sourceLunId),
  };
}

function message(parts: ArrayParts, lun: LunRecord): MessageInitShape<typeof LunSchema> {
  return lunMessage(lun, parts.files.allocatedBytes(lun.id), () => true);
}

function poolMessage(parts: ArrayParts, pool: PoolRecord): MessageInitShape<typeof PoolSchema> {
  const usedBytes = BigInt(poolUsage(parts.committed.state, pool.name, parts.files));
  return { name: pool.name, capacityBytes: BigInt(pool.capacityBytes), usedBytes };
}
