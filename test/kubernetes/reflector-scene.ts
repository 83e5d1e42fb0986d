// A reflector before a server whose lists a test sets and whose watches it feeds by hand.
import type { ServerResponse } from 'node:http';
import { Reflector, type ReflectorReport } from '../../src/kubernetes/reflector.ts';
import { Resource } from '../../src/kubernetes/resource.ts';
import type { StoredObject } from '../../src/kubernetes/stored-object.ts';
import { ManualClock } from './manual-clock.ts';
import { eventually, json, type Received, ScriptedServer } from './scripted-server.ts';

type Thing = StoredObject & { readonly size: number };
type Watch = { readonly request: Received; readonly response: ServerResponse };

/** An object at a version. */
export function thing(name: string, resourceVersion: number, size: number | string = 1, uid = `uid-${name}`): object {
  const managedFields = [{ manager: 'kubectl' }];
  return { metadata: { namespace: 'shop', name, uid, resourceVersion: String(resourceVersion), managedFields }, size };
}

/** Throws on an object without a size. */
export function parseThing(object: StoredObject): Thing {
  const { size } = object as { size?: unknown };
  if (typeof size !== 'number') throw new TypeError('size is not a number');
  return { metadata: object.metadata, size };
}

/** A reflector before a server whose lists the test sets and whose watches it feeds by hand. */
export class Scene implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly reports: ReflectorReport[] = [];
  readonly changes: string[] = [];
  readonly watches: Watch[] = [];
  readonly reflector: Reflector<Thing>;
  lists = 0;
  objects: object[] = [];
  version = 10;
  onList: (response: ServerResponse) => boolean = (): boolean => false;
  onWatch: (response: ServerResponse) => boolean = (): boolean => false;
  readonly #api: ScriptedServer;
  readonly #stop = new AbortController();
  #run: Promise<void> = Promise.resolve();

  constructor(api: ScriptedServer) {
    this.#api = api;
    const resource = new Resource(api.server, { group: 'test.io', version: 'v1', plural: 'things', parse: parseThing });
    const report = (one: ReflectorReport): number => this.reports.push(one);
    this.reflector = new Reflector({ resource, report, clock: this.clock, random: () => 0 });
    this.reflector.observe({
      onAdd: (object) => this.changes.push(`add ${object.metadata.name} ${object.size}`),
      onUpdate: (before, after) => this.changes.push(`update ${after.metadata.name} ${before.size}>${after.size}`),
      onDelete: (object) => this.changes.push(`delete ${object.metadata.name} ${object.size}`),
    });
    api.handler = (request, response) => {
      if (request.query.has('watch')) this.#watch(request, response);
      else if (request.query.get('limit') === '1') json(response, 200, this.#page([]));
      else this.#list(response);
    };
  }

  static async start(objects: object[]): Promise<Scene> {
    const scene = new Scene(await ScriptedServer.start(() => undefined));
    scene.objects = objects;
    scene.run();
    await eventually(() => scene.watches.length === 1);
    return scene;
  }

  run(): void {
    this.#run = this.reflector.run(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }

  /** The newest watch. */
  get watch(): Watch {
    const newest = this.watches.at(-1);
    if (newest === undefined) throw new Error('nobody watches');
    return newest;
  }

  send(type: string, object: object): void {
    this.watch.response.write(`${JSON.stringify({ type, object })}\n`);
  }

  /** Lets time pass while the watch lives: a bookmark comes each minute, as from the API server. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 60_000) {
      this.send('BOOKMARK', { kind: 'Thing', metadata: { resourceVersion: String(this.version) } });
      await eventually(() => this.clock.pendingMs.includes(90_000));
      this.clock.advance(Math.min(left, 60_000));
    }
  }

  /** Waits for a back-off longer than nothing and no longer than the stall timer, and gives its length. */
  backOff(): Promise<number> {
    return eventually(() => this.clock.pendingMs.find((ms) => ms > 0 && ms !== 90_000));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#api[Symbol.asyncDispose]();
  }

  #list(response: ServerResponse): void {
    this.lists += 1;
    if (this.onList(response)) return;
    json(response, 200, this.#page(this.objects));
  }

  #page(items: object[]): object {
    return { metadata: { resourceVersion: String(this.version) }, items };
  }

  #watch(request: Received, response: ServerResponse): void {
    if (!this.onWatch(response)) response.writeHead(200).flushHeaders();
    this.watches.push({ request, response });
  }
}
