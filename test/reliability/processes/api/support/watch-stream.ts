/** One watch on its way through the proxy, event by event, which a test can silence, cut or let lie. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createInterface } from 'node:readline';

/** An event as the API server sends it. */
export type WatchEvent = {
  readonly type: string;
  readonly object: {
    readonly metadata: { readonly name?: string; readonly uid?: string; readonly resourceVersion: string };
  } & Readonly<Record<string, unknown>>;
};

/** What an operator gets in place of an event of a resource. */
export type MapEvent = (event: WatchEvent, plural: string) => readonly WatchEvent[];

/** A resource that is shown as it was at a version. */
export type StaleView = { readonly plural: string; readonly version: string };

type Parts = {
  readonly response: ServerResponse;
  readonly maps: ReadonlySet<MapEvent>;
  readonly views: ReadonlySet<StaleView>;
};

export class WatchStream {
  readonly plural: string;
  readonly #parts: Parts;
  #held: { readonly view: StaleView; readonly event: WatchEvent }[] = [];
  #isSilent = false;
  #cutsNext = false;

  constructor(path: string, parts: Parts) {
    this.plural = path.slice(path.lastIndexOf('/') + 1);
    this.#parts = parts;
  }

  /** Passes events on until either side ends. */
  async run(answer: IncomingMessage): Promise<void> {
    for await (const line of createInterface({ input: answer })) this.#take(JSON.parse(line) as WatchEvent);
    if (!this.#isSilent) this.#parts.response.end();
  }

  /** From now on no byte comes, and the connection stays open. */
  silence(): void {
    this.#isSilent = true;
  }

  /** The next event ends in the middle of its line, and the connection with it. */
  cutInNextLine(): void {
    this.#cutsNext = true;
  }

  /** Says that the version from which it watches is no longer kept, and ends. */
  expire(): void {
    const object = {
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason: 'Expired',
      code: 410,
      message: 'old',
    };
    this.#parts.response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
  }

  /** Passes on what was held back for the view's sake. */
  letGo(view: StaleView): void {
    const held = this.#held.filter((one) => one.view === view);
    this.#held = this.#held.filter((one) => one.view !== view);
    for (const { event } of held) this.#take(event);
  }

  #take(event: WatchEvent): void {
    const view = [...this.#parts.views].find((one) => one.plural === this.plural && isAfter(event, one));
    if (view !== undefined) return void this.#held.push({ view, event });
    let events: readonly WatchEvent[] = [event];
    for (const map of this.#parts.maps) events = events.flatMap((one) => map(one, this.plural));
    for (const one of events) this.#send(`${JSON.stringify(one)}\n`);
  }

  #send(line: string): void {
    const { response } = this.#parts;
    if (this.#isSilent || response.writableEnded || response.destroyed) return;
    if (!this.#cutsNext) return void response.write(line);
    this.#isSilent = true;
    response.write(line.slice(0, line.length / 2), () => response.destroy());
  }
}

function isAfter({ type, object }: WatchEvent, { version }: StaleView): boolean {
  return type !== 'ERROR' && BigInt(object.metadata.resourceVersion) > BigInt(version);
}
