// Objects that the API server accepts, for tests to change one thing of.
import { randomUUID } from 'node:crypto';
import type { Json } from '../support/api-client.ts';

/** A pair from a snapshot over a claim. */
export const pair = (name: string, rest: Json = {}): Json => ({
  name,
  source: { volumeSnapshotName: `${name}-nightly` },
  target: { persistentVolumeClaimName: name },
  ...rest,
});

/** A LunResync with one good pair; `spec` is laid over it. */
export const lunResync = (spec: Json = {}, name = `run-${randomUUID().slice(0, 8)}`): Json => ({
  apiVersion: 'lunresync.io/v1alpha1',
  kind: 'LunResync',
  metadata: { name },
  spec: { pairs: [pair('orders')], ...spec },
});

/** A StorageArray on a unix socket; `spec` is laid over it. */
export const storageArray = (spec: Json = {}, name = `array-${randomUUID().slice(0, 8)}`): Json => ({
  apiVersion: 'lunresync.io/v1alpha1',
  kind: 'StorageArray',
  metadata: { name },
  spec: { endpoint: 'unix:///run/array.sock', ...spec },
});

/** A condition as metav1.Condition. */
export const condition = (type: string, status: string, reason: string, message = ''): Json => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: '2026-11-24T10:00:00Z',
});
