/** Carries out the actions of a scenario. What cannot be done at the moment is not done: users get errors too. */
import { FINALIZER, GROUP, LUN_RESYNC_PLURAL, STORAGE_ARRAY_PLURAL, VERSION } from '../../../src/api/names.ts';
import { ApiFailure } from '../../../src/kubernetes/api-error.ts';
import { patternBytes, writeRange } from '../../../src/simulator/operations/host-io.ts';
import { forceOnline } from '../../../src/simulator/state/administration.ts';
import { publishLun, unpublishLun } from '../../../src/simulator/state/host.ts';
import { isRefused } from '../../../src/simulator/state/refused.ts';
import type { BackUp } from '../world/api-server/object-history.ts';
import type { Judge } from '../world/judge.ts';
import { NAMESPACE, type Scene } from '../world/scene.ts';
import { arrayFault } from './array-fault.ts';
import type { Action } from './scenario.ts';

export class Actors {
  readonly #scene: Scene;
  readonly #judge: Judge;
  #backUp: BackUp | undefined;
  #count = 0;

  constructor(scene: Scene, judge: Judge) {
    this.#scene = scene;
    this.#judge = judge;
  }

  /** Does it, or finds that it cannot be done. Rejects only for a mistake of the harness. */
  async act(action: Action): Promise<void> {
    this.#count += 1;
    try {
      await this.#do(action);
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
    }
  }

  async #do(action: Action): Promise<void> {
    const { world } = this.#scene;
    switch (action.kind) {
      case 'Create':
        return this.#scene.create(action.name, action.spec);
      case 'Delete':
        return this.#scene.delete(action.name);
      case 'Cancel':
        return this.#scene.patch(action.name, { cancel: true });
      case 'Suspend':
      case 'Resume':
        return this.#scene.patch(action.name, { suspend: action.kind === 'Suspend' });
      case 'TakeFinalizer':
        return this.#takeFinalizer(action.name);
      case 'Maintenance':
      case 'EndMaintenance':
        return this.#patchArray({ maintenance: action.kind === 'Maintenance' });
      case 'CrashArray':
        if (this.#scene.machine.process !== undefined) this.#scene.machine.crash();
        return;
      case 'Compact':
        return world.api.compact();
      case 'BackUp':
        this.#backUp = world.api.backUp();
        return;
      case 'Restore':
        if (this.#backUp !== undefined) world.restore(this.#backUp);
        return;
      case 'Pause':
      case 'Continue':
      case 'Kill':
        return world.signal(action.operator, action.kind);
      default:
        return this.#atArray(action);
    }
  }

  async #atArray(action: Extract<Action, { lunID: string }>): Promise<void> {
    const { process } = this.#scene.machine;
    if (process === undefined) return;
    const { parts } = process.array;
    const { lunID } = action;
    switch (action.kind) {
      case 'Publish':
        return void parts.committed.update((state) => publishLun(state, { lunID, node: 'node-1' }));
      case 'Unpublish':
        return void parts.committed.update((state) => unpublishLun(state, lunID, 'node-1'));
      case 'ForceOnline': {
        this.#judge.onForced(this.#scene.machine, lunID);
        const ifGeneration = parts.committed.state.luns.get(lunID)?.generation ?? 0;
        return void parts.committed.update((state) => forceOnline(state, { lunID, ifGeneration }));
      }
      case 'ArrayFault':
        return parts.faults.order(arrayFault(action.fault, lunID, this.#count));
      case 'HostWrite':
        return this.#hostWrite(lunID);
    }
  }

  async #hostWrite(lunID: string): Promise<void> {
    const { parts, machine } = this.#scene;
    const data = patternBytes(`host ${this.#count}`, 0, 1024);
    void writeRange(parts, { lunID, offset: 512, data }).then((written) => {
      if (!isRefused(written) && machine.disk.has(lunID)) machine.disk.flush(lunID);
    });
  }

  async #takeFinalizer(name: string): Promise<void> {
    const finalizers = (this.#scene.resync(name)?.metadata.finalizers ?? []).filter((other) => other !== FINALIZER);
    const path = `/apis/${GROUP}/${VERSION}/namespaces/${NAMESPACE}/${LUN_RESYNC_PLURAL}/${name}`;
    await this.#scene.world.api.send({
      verb: 'patch',
      resource: LUN_RESYNC_PLURAL,
      path,
      body: { metadata: { finalizers } },
    });
  }

  async #patchArray(spec: object): Promise<void> {
    const path = `/apis/${GROUP}/${VERSION}/${STORAGE_ARRAY_PLURAL}/array-a`;
    await this.#scene.world.api.send({ verb: 'patch', resource: STORAGE_ARRAY_PLURAL, path, body: { spec } });
  }
}
