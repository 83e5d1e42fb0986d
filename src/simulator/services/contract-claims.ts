/**
 * What GetArray claims about the array; an administrator can make it claim something else.
 */
import { Capability } from '../../proto/lunarray/v1/lunarray_pb.js';
import { invalidArgument } from './rpc-failures.ts';

const everyCapability: readonly Capability[] = [
  Capability.RESYNC,
  Capability.RESIZE,
  Capability.ROLL_BACK,
  Capability.VERIFY,
  Capability.REVERT_IDENTITY,
];

/** The version of lunarray.proto that this array speaks. */
const contractVersion = 1;

/** The claims as they are now. */
export class ContractClaims {
  #capabilities = everyCapability;
  #version = contractVersion;

  get capabilities(): Capability[] {
    return [...this.#capabilities];
  }

  get version(): number {
    return this.#version;
  }

  /** Empty or 0: the truth again. CAPABILITY_UNSPECIFIED alone: nothing at all. */
  set(capabilities: readonly Capability[], version: number): void {
    if (capabilities.length > 32) {
      throw invalidArgument(`capabilities has ${capabilities.length} entries.`, 'Name each one once.');
    }
    this.#capabilities =
      capabilities.length === 0
        ? everyCapability
        : capabilities.filter((capability) => capability !== Capability.UNSPECIFIED);
    this.#version = version === 0 ? contractVersion : version;
  }
}
