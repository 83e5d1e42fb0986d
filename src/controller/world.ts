/** Everything that a reconcile may touch, in one value, made by the composition root. */
import type { LunResync } from '../api/lun-resync.ts';
import type { Settings } from '../core/observation.ts';
import type { Activity } from './activity.ts';
import type { Identities } from './identities.ts';
import type { Announcer, Arrays, LoopClock, Report, ResyncStore, Volumes } from './ports.ts';
import type { Slots } from './slots.ts';

export type World = {
  /** The uid of namespace kube-system: two clusters on one array never touch each other's operations. */
  readonly clusterID: string;
  readonly store: ResyncStore;
  readonly arrays: Arrays;
  readonly volumes: Volumes;
  readonly announce: Announcer;
  readonly clock: LoopClock;
  readonly settings: Settings;
  readonly activity: Activity;
  readonly slots: Slots;
  readonly identities: Identities;
  readonly report: Report;
};

/** `namespace/name`, the key of stores and queues. */
export function keyOfResync(resync: LunResync): string {
  return `${resync.metadata.namespace}/${resync.metadata.name}`;
}

/** The owner of an object's operations on an array. */
export function ownerOf(clusterID: string, { metadata }: LunResync): string {
  return `${clusterID}/${metadata.namespace}/${metadata.name}/${metadata.uid}`;
}
