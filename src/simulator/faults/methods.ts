/**
 * The calls that faults and delays can be ordered for.
 */
import { Controller, Identity, Node } from '../../proto/csi/v1/csi_pb.js';
import { LunArray } from '../../proto/lunarray/v1/lunarray_pb.js';

/** Their names, each of which belongs to one service only. */
export const guardedMethods: readonly string[] = [LunArray, Identity, Controller, Node].flatMap((service) =>
  service.methods.map(({ name }) => name),
);
