/** A step of the script: what is done, and what its answer is called when two servers differ in it. */
import type { Session } from './session.ts';

export type Step = { readonly name: string; readonly act: (session: Session) => Promise<unknown> };

export function step(name: string, act: Step['act']): Step {
  return { name, act };
}

/** The smallest spec of a LunResync, with others laid over it. */
export function resyncSpec(spec: object = {}): object {
  return { pairs: [{ name: 'data', source: { volumeSnapshotName: 'nightly' } }], ...spec };
}

/** The smallest spec of a StorageArray, with others laid over it. */
export function arraySpec(spec: object = {}): object {
  return { endpoint: 'unix:///run/array.sock', ...spec };
}

/** A condition as the operator writes it. */
export function condition(type: string, status: string, reason = 'Copying', message = ''): object {
  return { type, status, reason, message, lastTransitionTime: '2026-11-24T10:00:00Z' };
}
