/**
 * Copies of the Pods of those namespaces that somebody asks about: Pods are many and change all the time, and most namespaces
 * never see a LunResync.
 */
import type { TargetUser } from '../api/lun-resync-status.ts';
import { type Clock, systemClock } from './clock.ts';
import type { ApiTransport } from './http.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import type { StoredObject } from './stored-object.ts';
import { type Pod, podResource } from './volume-objects.ts';

type PodCopiesOptions = Pick<ReflectorOptions<StoredObject>, 'report' | 'clock' | 'random'> & {
  readonly server: ApiTransport;
  readonly onChange: (namespace: string) => void;
};

/** Nobody has asked for so long: the copy is given up. */
const IDLE_MS = 900_000;

type Copy = { readonly reflector: Reflector<Pod>; readonly stop: AbortController; askedAt: number };

export class PodCopies {
  readonly #options: PodCopiesOptions;
  readonly #signal: AbortSignal;
  readonly #clock: Clock;
  readonly #copies = new Map<string, Copy>();

  constructor(options: PodCopiesOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * The Pods that may use the claim now. Undefined when those of the namespace have not been read: that begins with the first
   * question, and `onChange` tells when it is done.
   */
  using(namespace: string, claimName: string): readonly TargetUser[] | undefined {
    this.#forgetIdle();
    const { reflector } = this.#copyOf(namespace);
    if (!reflector.hasSynced) return undefined;
    return reflector
      .list()
      .filter(({ claims, isOver }) => !isOver && claims.includes(claimName))
      .map(({ metadata }) => ({ kind: 'Pod', name: metadata.name }));
  }

  #copyOf(namespace: string): Copy {
    const known = this.#copies.get(namespace);
    if (known !== undefined) {
      known.askedAt = this.#clock.now();
      return known;
    }
    const { onChange, server, ...options } = this.#options;
    const reflector = new Reflector<Pod>({ ...options, resource: podResource(server), selection: { namespace } });
    const copy: Copy = { reflector, stop: new AbortController(), askedAt: this.#clock.now() };
    this.#copies.set(namespace, copy);
    const tell = (): void => onChange(namespace);
    reflector.observe({
      onAdd: tell,
      onUpdate: (before, after) => {
        if (JSON.stringify([before.claims, before.isOver]) !== JSON.stringify([after.claims, after.isOver])) tell();
      },
      onDelete: tell,
    });
    void reflector.synced.then(tell);
    void reflector.run(AbortSignal.any([this.#signal, copy.stop.signal]));
    return copy;
  }

  #forgetIdle(): void {
    for (const [namespace, { askedAt, stop }] of this.#copies) {
      if (this.#clock.now() - askedAt < IDLE_MS) continue;
      stop.abort();
      this.#copies.delete(namespace);
    }
  }
}
