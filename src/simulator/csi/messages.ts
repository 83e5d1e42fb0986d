/**
 * LUNs as CSI's volumes and snapshots.
 */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { SnapshotSchema, VolumeContentSourceSchema, VolumeSchema } from '../../proto/csi/v1/csi_pb.js';
import { notFound } from '../services/rpc-failures.ts';
import type { ArrayState, LunRecord } from '../state/records.ts';

/** The volume with an id. Throws NOT_FOUND. */
export function volumeByID(state: ArrayState, id: string): LunRecord {
  const lun = state.luns.get(id);
  if (lun === undefined || !isVolume(lun)) {
    throw notFound(`There is no volume ${id.slice(0, 128)}.`);
  }
  return lun;
}

/** The snapshot with an id. Throws NOT_FOUND. */
export function snapshotByID(state: ArrayState, id: string): LunRecord {
  const lun = state.luns.get(id);
  if (lun === undefined || !isSnapshot(lun)) {
    throw notFound(`There is no snapshot ${id.slice(0, 128)}.`);
  }
  return lun;
}

/** Whether CSI knows a LUN as a volume. */
export function isVolume(lun: LunRecord): boolean {
  return lun.kind === 'VOLUME' && !lun.isHidden;
}

/** Whether CSI knows a LUN as a snapshot. A safety snapshot belongs to its LunResync and to nobody else. */
export function isSnapshot(lun: LunRecord): boolean {
  return lun.kind === 'SNAPSHOT' && !lun.isHidden && lun.safetyOwner === '';
}

/** A volume. */
export function volumeMessage(lun: LunRecord): MessageInitShape<typeof VolumeSchema> {
  const source = lun.csi?.contentSource;
  return {
    volumeId: lun.id,
    capacityBytes: BigInt(lun.sizeBytes),
    volumeContext: {},
    ...(source === null || source === undefined ? {} : { contentSource: contentSourceMessage(source) }),
  };
}

/** A snapshot. */
export function snapshotMessage(lun: LunRecord): MessageInitShape<typeof SnapshotSchema> {
  return {
    snapshotId: lun.id,
    sourceVolumeId: lun.parentLunID,
    sizeBytes: BigInt(lun.sizeBytes),
    creationTime: timestampFromMs(lun.createTime),
    readyToUse: true,
  };
}

function contentSourceMessage(source: {
  readonly kind: LunRecord['kind'];
  readonly lunID: string;
}): MessageInitShape<typeof VolumeContentSourceSchema> {
  return source.kind === 'SNAPSHOT'
    ? { type: { case: 'snapshot', value: { snapshotId: source.lunID } } }
    : { type: { case: 'volume', value: { volumeId: source.lunID } } };
}
