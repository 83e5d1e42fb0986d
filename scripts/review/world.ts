// What the points share: each place is opened when the first point needs it, and all are closed at the end.

import { type Engine, findEngine, isExpected, type Means } from '../../test/e2e/support/engine.ts';
import { MissingMeansError } from './findings.ts';
import { openPods, type PodGround } from './pods.ts';
import { applyCRDs, openPlane, openProcesses, type Plane, type ProcessGround } from './processes.ts';

/** The places of a review. */
export class World implements AsyncDisposable {
  readonly #say: (line: string) => void;
  readonly #open = new AsyncDisposableStack();
  #plane: Promise<Plane> | undefined;
  #processes: Promise<ProcessGround> | undefined;
  #pods: Promise<PodGround> | undefined;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** The common control plane, with our CRDs and no operator for the namespace `default`. */
  plane(): Promise<Plane> {
    this.#plane ??= this.newPlane().then(async (plane) => {
      this.#open.use(plane);
      await applyCRDs(plane);
      return plane;
    });
    return this.#plane;
  }

  /** A control plane of one's own, without our CRDs. */
  newPlane(): Promise<Plane> {
    return openPlane(this.#say);
  }

  /** An operator and an array on the common control plane, which work at full speed and without faults. */
  async processes(): Promise<ProcessGround> {
    this.#processes ??= this.newProcesses().then((ground) => this.#open.use(ground));
    const ground = await this.#processes;
    await ground.lunarray(['bandwidth', '0']);
    await ground.lunarray(['clear-faults']);
    return ground;
  }

  /** The same for one point alone, which may kill them. */
  async newProcesses(): Promise<ProcessGround> {
    return openProcesses(await this.plane());
  }

  /** The cluster with Pods. Throws MissingMeansError where none can be had. */
  pods(): Promise<PodGround> {
    this.#pods ??= this.engine('cluster')
      .then((engine) => openPods(engine))
      .then((ground) => this.#open.use(ground));
    return this.#pods;
  }

  /** The container engine. Throws MissingMeansError where there is none. */
  async engine(means: Means = 'engine'): Promise<Engine> {
    if (!isExpected(means)) throw new MissingMeansError(`LUNRESYNC_E2E_EXPECT lists no ${means}`);
    return findEngine().catch((error: unknown) => {
      throw new MissingMeansError(error instanceof Error ? error.message : String(error), { cause: error });
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#open.disposeAsync();
  }
}
