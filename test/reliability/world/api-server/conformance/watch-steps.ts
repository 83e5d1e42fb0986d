/** Watches and lists: which events, in which order, with which versions. */
import { type KindName, NAMESPACE, type Session } from './session.ts';
import { arraySpec, resyncSpec, type Step, step } from './steps.ts';

const spec = resyncSpec();

/** One object's whole life, for watches that begin before, in the middle, and after it. */
async function live(s: Session): Promise<unknown> {
  const marks = ['before', 'created', 'written', 'dying', 'dead', 'reborn', 'over'];
  const acts = [
    () => s.create('resync', 'mark', { spec }),
    () => s.create('resync', 'life', { metadata: { finalizers: ['x.io/a'] }, spec }),
    () => s.writeStatus('resync', 'life', { attempt: 1 }),
    () => s.delete('resync', 'life'),
    () => s.patch('resync', 'life', { metadata: { finalizers: [] } }),
    () => s.create('resync', 'life', { spec }),
    () => s.delete('resync', 'life'),
  ];
  for (const [at, act] of acts.entries()) {
    await act();
    s.keep(`life ${marks[at]}`, versionOf(await s.list('resync')));
  }
  return s.create('resync', 'sentinel', { spec });
}

function versionOf(list: unknown): unknown {
  return (list as { metadata: { resourceVersion: string } }).metadata.resourceVersion;
}

/** From each moment of the life, what comes until the sentinel. */
const MOMENTS = ['before', 'created', 'written', 'dying', 'dead', 'reborn', 'over'];

export const WATCH_STEPS: readonly Step[] = [
  step('a life to be watched', live),
  ...MOMENTS.map((moment, at) =>
    step(`watch from the moment: ${moment}`, (s) => s.events('resync', s.kept(`life ${moment}`), MOMENTS.length - at)),
  ),
  step('watch all namespaces', (s) => s.events('resync', s.kept('life before'), 7, '')),
  step('watch another namespace', (s) => nothing(s, 'resync', 'life before', 'default')),
  step('watch another kind', (s) => nothing(s, 'array', 'life before', NAMESPACE)),
  step('watch what comes while the watch is open', async (s) => {
    const events = s.events('resync', versionIn(await s.list('resync')), 3);
    await s.create('resync', 'live', { spec });
    await s.patch('resync', 'live', {});
    await s.patch('resync', 'live', { spec: { suspend: true } });
    await s.patch('resync', 'live', { spec: { suspend: true } });
    await s.delete('resync', 'live');
    return events;
  }),
  step('a finalizer taken off while the watch is open', async (s) => {
    await s.create('resync', 'live', { metadata: { finalizers: ['x.io/a'] }, spec });
    const events = s.events('resync', versionIn(await s.list('resync')), 2);
    await s.delete('resync', 'live');
    await s.patch('resync', 'live', { metadata: { finalizers: null }, spec: { suspend: true } });
    return events;
  }),
  step('watch without a version', async (s) => collect(s, 'array', { timeoutSeconds: '1' }, 1_200)),
  step('watch from version 0', async (s) => collect(s, 'array', { resourceVersion: '0', timeoutSeconds: '1' }, 1_200)),
  step('watch from what is no version', (s) =>
    collect(s, 'resync', { resourceVersion: 'abc', timeoutSeconds: '1' }, 0),
  ),
  step('watch until the time is up, with bookmarks', async (s) => {
    const resourceVersion = versionIn(await s.list('resync'));
    const query = { resourceVersion, timeoutSeconds: '4', allowWatchBookmarks: 'true' };
    const events = collect(s, 'resync', query, 4_500);
    await s.create('resync', 'marked', { spec });
    return events;
  }),
  step('watch from the future', async (s) => {
    const query = { resourceVersion: '999999999', timeoutSeconds: '4', allowWatchBookmarks: 'true' };
    const events = collect(s, 'resync', query, 4_500);
    await s.create('resync', 'unseen', { spec });
    return events;
  }),
  step('watch a resource that is not served', async (s) => {
    const request = {
      verb: 'watch',
      resource: 'luns',
      path: '/apis/lunresync.io/v1alpha1/luns',
      query: { watch: 'true' },
    } as const;
    for await (const event of s.subject.transport.stream(request)) return event;
    return 'nothing';
  }),
  step('give up a watch', async (s) => {
    const controller = new AbortController();
    const events = s.watch(
      'resync',
      { resourceVersion: versionIn(await s.list('resync')), timeoutSeconds: '60' },
      NAMESPACE,
      controller.signal,
    );
    const next = events.next().catch((error: unknown) => `gave up: ${String(error)}`);
    await s.subject.pass(200);
    controller.abort('enough');
    return next;
  }),
  step('watch with a signal that has fired', (s) =>
    s
      .watch('resync', {}, NAMESPACE, AbortSignal.abort('early'))
      .next()
      .catch((error: unknown) => `gave up: ${String(error)}`),
  ),
  step('send with a signal that has fired', (s) =>
    s
      .send('list', 'resync', '', { signal: AbortSignal.abort('early') })
      .catch((error: unknown) => `gave up: ${String(error)}`),
  ),
  step('objects for a list in pages', async (s) => {
    for (const name of ['p-c', 'p-a', 'p-b', 'p.d', 'p-e']) await s.create('array', name, { spec: arraySpec() });
    return s.list('array');
  }),
  step('the first page', (s) => page(s, 2)),
  step('the second page, after a change', async (s) => {
    await s.delete('array', 'p-c');
    await s.create('array', 'p-f', { spec: arraySpec() });
    return page(s, 3, s.kept('token'));
  }),
  step('the rest in one page', (s) => page(s, 0, s.kept('token'))),
  step('the last page again', (s) => page(s, 500, s.kept('token'))),
  step('a page with a token that is none', (s) => page(s, 2, 'nonsense')),
  step('a list after the pages', (s) => s.list('array')),
  step('a page larger than the list', (s) => page(s, 500)),
  step('a page of one, for the version', (s) => s.list('resync', { limit: '1' })),
  step('a list of all namespaces', async (s) => {
    await s.create('namespace', 'shop-2');
    for (const namespace of ['shop-2', 'default']) await s.create('resync', 'a', { spec }, namespace);
    const { items } = (await s.list('resync', {}, '')) as {
      items: { metadata: { namespace: string; name: string } }[];
    };
    return items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`.replace(/made-.*/, 'made'));
  }),
];

function versionIn(list: unknown): string {
  return String(versionOf(list));
}

async function page(s: Session, limit: number, token = ''): Promise<unknown> {
  const list = await s.list('array', { limit: String(limit), ...(token === '' ? {} : { continue: token }) });
  const { metadata } = list as { metadata: { continue?: string } };
  if (metadata.continue) s.keep('token', metadata.continue);
  return list;
}

/** All events until the server ends the watch. */
async function collect(
  s: Session,
  kind: KindName,
  query: Readonly<Record<string, string>>,
  passMs: number,
): Promise<unknown[]> {
  const events: unknown[] = [];
  const reading = (async () => {
    for await (const event of s.watch(kind, query)) events.push(event);
  })();
  // Before the time passes, so that a watch that is refused is not waited for.
  reading.catch(() => undefined);
  await s.subject.pass(passMs);
  await reading;
  return events;
}

async function nothing(s: Session, kind: KindName, mark: string, namespace: string): Promise<unknown> {
  const events: unknown[] = [];
  const query = { resourceVersion: s.kept(mark), timeoutSeconds: '1' };
  const reading = (async () => {
    for await (const event of s.watch(kind, query, namespace)) events.push(event);
  })();
  await s.subject.pass(1_200);
  await reading;
  return events;
}
