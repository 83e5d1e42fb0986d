/**
 * The parameters of a StorageClass: in which pool a volume is made.
 */
import { invalidArgument, notFound } from '../services/rpc-failures.ts';
import type { ArrayState, PoolRecord } from '../state/records.ts';

type Parameters = Readonly<Record<string, string>>;

// What external-provisioner and external-snapshotter add with --extra-create-metadata: for people, not for the array.
const metadata = /^csi\.storage\.k8s\.io\/(pvc|pv|volumesnapshot|volumesnapshotcontent)\/(name|namespace)$/;

/** The pool that the parameters name, or the only one that there is. Throws INVALID_ARGUMENT for an unknown parameter. */
export function poolOf(state: ArrayState, parameters: Parameters): PoolRecord {
  checkNames(parameters, ['pool']);
  const name = parameters['pool'];
  if (name === undefined) {
    const [only, ...others] = state.pools.values();
    if (only === undefined || others.length > 0) {
      throw invalidArgument(
        `The array has ${state.pools.size} pools and the parameter pool is missing.`,
        'Name a pool.',
      );
    }
    return only;
  }
  const pool = state.pools.get(name);
  if (pool === undefined) {
    throw notFound(`There is no pool ${name.slice(0, 128)}.`);
  }
  return pool;
}

/** Throws INVALID_ARGUMENT for a parameter that is not among the known ones. */
export function checkNames(parameters: Parameters, known: readonly string[]): void {
  const unknown = Object.keys(parameters).find((name) => !known.includes(name) && !metadata.test(name));
  if (unknown !== undefined) {
    const remedy = known.length === 0 ? 'There are none.' : `Use ${known.join(', ')}.`;
    throw invalidArgument(`Parameter ${unknown.slice(0, 128)} is unknown.`, remedy);
  }
}
