/** What most simulated stories begin with: one array with LUNs, its StorageArray with grants, and a namespace's objects. */
import type { LunResync } from '../../../src/api/lun-resync.ts';
import type { LunResyncSpec } from '../../../src/api/lun-resync-spec.ts';
import { API_VERSION, GROUP, LUN_RESYNC_PLURAL, STORAGE_ARRAY_PLURAL, VERSION } from '../../../src/api/names.ts';
import { failedWith } from '../../../src/kubernetes/api-error.ts';
import { patternBytes, writeRange } from '../../../src/simulator/operations/host-io.ts';
import { makeVolume, takeSnapshot } from '../../../src/simulator/operations/lun-administration.ts';
import { createPool } from '../../../src/simulator/state/luns.ts';
import { runningOperations } from '../../../src/simulator/state/participation.ts';
import { isRefused } from '../../../src/simulator/state/refused.ts';
import type { ArrayMachine } from './array-machine.ts';
import { BLOCK_BYTES } from './files.ts';
import type { World } from './world.ts';

export const NAMESPACE = 'shop';
export const ENDPOINT = 'unix:///run/array-a.sock';
const POOL = 'pool';

type Spec = Partial<LunResyncSpec> & Pick<LunResyncSpec, 'pairs'>;

/** A pair of LUN ids. */
export function lunPair(name: string, source: string, target: string): LunResyncSpec['pairs'][number] {
  return { name, source: { lunID: source }, target: { lunID: target } };
}

/** What users and administrators do in a world. Nothing that they do is lost or late. */
export class Scene {
  readonly world: World;
  readonly machine: ArrayMachine;

  private constructor(world: World, machine: ArrayMachine) {
    this.world = world;
    this.machine = machine;
  }

  /** An array behind ENDPOINT, with a pool, and the StorageArray that grants all of its LUNs to NAMESPACE. */
  static async open(world: World, arraySpec: object = {}): Promise<Scene> {
    const machine = await world.addArray(ENDPOINT, 'array-a');
    const scene = new Scene(world, machine);
    const lunGrants = ['Source', 'Target'].map((access) => ({
      name: access.toLowerCase(),
      namespace: NAMESPACE,
      access,
      lunIDs: ['*'],
    }));
    await world.settled(
      world.api.send({
        verb: 'create',
        resource: STORAGE_ARRAY_PLURAL,
        path: `/apis/${GROUP}/${VERSION}/${STORAGE_ARRAY_PLURAL}`,
        body: {
          apiVersion: API_VERSION,
          kind: 'StorageArray',
          metadata: { name: 'array-a' },
          spec: { endpoint: ENDPOINT, lunGrants, ...arraySpec },
        },
      }),
    );
    await world.settled(
      scene.parts.committed.update((state) => createPool(state, { name: POOL, capacityBytes: 2 ** 40 })),
    );
    return scene;
  }

  /** The parts of the array's present process. */
  get parts(): NonNullable<ArrayMachine['process']>['array']['parts'] {
    if (this.machine.process === undefined) throw new Error('the array is down');
    return this.machine.process.array.parts;
  }

  /** A volume of so many blocks, filled with bytes that depend on the seed. */
  async volume(id: string, blocks: number, seed = id): Promise<void> {
    const made = await this.world.settled(this.makeVolume(id, blocks));
    if (isRefused(made)) throw new Error(made.message);
    await this.hostWrite(id, 0, patternBytes(seed, 0, blocks * BLOCK_BYTES));
  }

  /** An empty volume; never resolves when the array dies in the middle. */
  makeVolume(id: string, blocks: number): ReturnType<typeof makeVolume> {
    const sizeBytes = blocks * BLOCK_BYTES;
    const request = { id, pool: POOL, sizeBytes, identifiers: null, diskSignature: '', volumes: [], sourceLunID: '' };
    return makeVolume(this.parts, request);
  }

  /** A host writes and flushes. */
  async hostWrite(lunID: string, offset: number, data: Buffer): Promise<void> {
    const { parts } = this;
    const written = await this.world.settled(writeRange(parts, { lunID, offset, data }));
    if (isRefused(written)) throw new Error(written.message);
    this.machine.disk.flush(lunID);
  }

  async snapshot(lunID: string, id: string): Promise<void> {
    const taken = await this.world.settled(takeSnapshot(this.parts, { lunID, id }));
    if (isRefused(taken)) throw new Error(taken.message);
  }

  /** `kubectl apply`. Resolves when it is stored. */
  async create(name: string, spec: Spec): Promise<void> {
    const body = { apiVersion: API_VERSION, kind: 'LunResync', metadata: { name, namespace: NAMESPACE }, spec };
    await this.world.api.send({ verb: 'create', resource: LUN_RESYNC_PLURAL, path: collection, body });
  }

  /** `kubectl delete --wait=false`. One that is gone is no error. */
  async delete(name: string): Promise<void> {
    await this.#unlessGone(
      this.world.api.send({ verb: 'delete', resource: LUN_RESYNC_PLURAL, path: pathOf(name), body: {} }),
    );
  }

  /** Changes what of the spec may be changed. One that is gone is no error. */
  async patch(name: string, spec: object): Promise<void> {
    await this.#unlessGone(
      this.world.api.send({ verb: 'patch', resource: LUN_RESYNC_PLURAL, path: pathOf(name), body: { spec } }),
    );
  }

  /** The object as it is stored now. */
  resync(name: string): LunResync | undefined {
    return this.world.resyncs().find(({ metadata }) => metadata.namespace === NAMESPACE && metadata.name === name);
  }

  /** The reason of the Succeeded condition; empty before the first visit, and of an object that is gone. */
  reason(name: string): string {
    const conditions = this.resync(name)?.status.conditions;
    return conditions?.find(({ type }) => type === 'Succeeded')?.reason ?? '';
  }

  /** Whether an object of that name was ever stored. */
  wasSeen(name: string): boolean {
    return this.world.api
      .history()
      .some(({ resource, last }) => resource === LUN_RESYNC_PLURAL && last.metadata.name === name);
  }

  /** Whether the StorageArray is stored. */
  hasStorageArray(): boolean {
    return this.world.api.objects(STORAGE_ARRAY_PLURAL).length > 0;
  }

  async deleteArray(): Promise<void> {
    const path = `/apis/${GROUP}/${VERSION}/${STORAGE_ARRAY_PLURAL}/array-a`;
    await this.world.api.send({ verb: 'delete', resource: STORAGE_ARRAY_PLURAL, path, body: {} });
  }

  /** Whether an operation is in the middle of its copy. */
  isCopying(): boolean {
    const { process } = this.machine;
    if (process === undefined) return false;
    const running = runningOperations(this.machine.state);
    return running.some(({ pairs }) => pairs.some(({ copiedBytes, isTouched }) => isTouched && copiedBytes >= 0));
  }

  /** Resolves when the condition holds, looked at every ten milliseconds. */
  async when(condition: () => boolean): Promise<void> {
    while (!condition()) await this.world.clock.wait(10);
  }

  isFinished(name: string): boolean {
    return this.resync(name)?.status.completionTime !== undefined;
  }

  async #unlessGone(request: Promise<unknown>): Promise<void> {
    try {
      await request;
    } catch (error) {
      if (!failedWith(error, 'NotFound')) throw error;
    }
  }
}

const collection = `/apis/${GROUP}/${VERSION}/namespaces/${NAMESPACE}/${LUN_RESYNC_PLURAL}`;

function pathOf(name: string): string {
  return `${collection}/${name}`;
}
