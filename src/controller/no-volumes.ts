/** A world without claims, volumes and snapshots: LUNs are named by their ids. */
import type { Volumes } from './ports.ts';

const view: Volumes['view'] = {
  claim: () => undefined,
  volume: () => undefined,
  volumesOn: () => [],
  hasSnapshots: false,
  snapshot: () => undefined,
  content: () => undefined,
  contentsOf: () => [],
  contentsFrom: () => [],
  usersOf: () => [],
};

/** Nothing is found in it, so that nothing can be raised. */
export const NO_VOLUMES: Volumes = {
  view,
  fresh: () => Promise.resolve(view),
  raiseClaim: () => Promise.reject(new Error('there are no claims')),
};
