/** The server starts anew, forgets, and is put back to an earlier state. Each of these takes seconds on the real one. */
import type { Session } from './session.ts';
import { arraySpec, resyncSpec, type Step, step } from './steps.ts';

const spec = resyncSpec();

export const HISTORY_STEPS: readonly Step[] = [
  step('a past', async (s) => {
    await s.create('resync', 'past', { spec });
    s.keep('past', await versionNow(s));
    await s.patch('resync', 'past', { spec: { suspend: true } });
    const page = (await s.list('array', { limit: '2' })) as { metadata: { continue?: string } };
    s.keep('past token', page.metadata.continue);
    await s.create('array', 'after-the-page', { spec: arraySpec() });
    s.keep('latest', await versionNow(s));
    return page;
  }),
  step('a watch that is open when the server starts anew', async (s) => {
    const reading = s.events('resync', s.kept('past'), 99);
    const ended = reading.catch((error: unknown) => (error as { error?: { kind: string } }).error?.kind);
    await s.subject.restart();
    return ended;
  }),
  step('after a restart: get', (s) => s.get('resync', 'past')),
  step('after a restart: watch from before', (s) => s.events('resync', s.kept('past'), 1)),
  step('after a restart: the next page', (s) => s.list('array', { limit: '2', continue: s.kept('past token') })),
  step('after a restart: watch from now', async (s) => {
    const events = s.events('resync', await versionNow(s), 1);
    await s.create('resync', 'after-restart', { spec });
    return events;
  }),
  step('compacted: the next page', async (s) => {
    await s.subject.compact();
    return s.list('array', { limit: '2', continue: s.kept('past token') });
  }),
  step('compacted: watch from before', (s) => s.events('resync', s.kept('latest'), 1)),
  step('compacted: write over the version that is known', (s) => s.writeStatus('resync', 'past', { attempt: 1 })),
  step('a state that is kept', async (s) => {
    await s.create('resync', 'kept', { spec });
    await s.create('resync', 'kept-and-deleted', { spec });
    await s.backUp();
    return s.get('resync', 'kept');
  }),
  step('what will be lost', async (s) => {
    await s.writeStatus('resync', 'kept', { attempt: 5 });
    await s.delete('resync', 'kept-and-deleted');
    await s.create('resync', 'lost', { spec });
    // More than what a server writes of its own when it starts.
    for (let count = 0; count < 100; count += 1)
      await s.patch('resync', 'lost', { metadata: { labels: { n: `${count}` } } });
    s.keep('lost version', s.latest('resync', 'lost').resourceVersion);
    s.keep('lost guard', JSON.stringify(s.latest('resync', 'kept')));
    s.keep('lost list', await versionNow(s));
    return s.get('resync', 'lost');
  }),
  step('the state is put back', async (s) => {
    await s.restore();
    const { items } = (await s.list('resync')) as { items: { metadata: { name: string } }[] };
    return items.map(({ metadata }) => metadata.name).filter((name) => /^(kept|lost)/.test(name));
  }),
  step('put back: write over the version that is lost', (s) =>
    s.writeStatus('resync', 'kept', { attempt: 6 }, JSON.parse(s.kept('lost guard')) as object),
  ),
  step('put back: get', (s) => s.get('resync', 'kept')),
  step('put back: write over the version that is there', (s) => s.writeStatus('resync', 'kept', { attempt: 6 })),
  step('put back: delete what was deleted before', (s) => s.delete('resync', 'kept-and-deleted')),
  step('put back: get what was lost', (s) => s.get('resync', 'lost')),
  step('put back: watch from a version of the lost future', async (s) => {
    const seen: unknown[] = [];
    const query = { resourceVersion: s.kept('lost list'), timeoutSeconds: '4', allowWatchBookmarks: 'true' };
    const reading = (async () => {
      for await (const event of s.watch('resync', query)) seen.push(event);
    })();
    await s.create('resync', 'unheard', { spec });
    await s.subject.pass(4_500);
    await reading;
    return seen;
  }),
];

async function versionNow(s: Session): Promise<string> {
  const list = (await s.list('resync')) as { metadata: { resourceVersion: string } };
  return list.metadata.resourceVersion;
}
