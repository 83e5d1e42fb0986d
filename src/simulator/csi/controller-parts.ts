/**
 * What the CSI controller works with.
 */
import type { ArrayParts } from '../array-parts.ts';
import type { Pending } from './pending.ts';

export type ControllerParts = {
  readonly array: ArrayParts;
  readonly pending: Pending;
  /** Whether a node may have LUNs published to it. */
  readonly isNode: (name: string) => boolean;
};
