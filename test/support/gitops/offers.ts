// Which actions Argo CD has to offer on a LunResync.
import type { LunResync } from '../../../src/api/lun-resync.ts';
import { isFinished } from '../../../src/core/decide.ts';
import { observation } from '../observations.ts';
import type { ARGO_ACTIONS } from './manifests.ts';

/** None once the run is over or on its way there; in the order of ARGO_ACTIONS. */
export function offeredOn(resync: LunResync): (typeof ARGO_ACTIONS)[number][] {
  const { spec, metadata } = resync;
  const over = isFinished({ ...observation(), resync }) || spec.cancel || metadata.deletionTimestamp !== undefined;
  if (over) return [];
  return spec.suspend ? ['resume', 'cancel'] : ['suspend', 'cancel'];
}
