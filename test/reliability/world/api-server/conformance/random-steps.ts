/** Random requests by a seed: a few names, so that they meet; guards that are right, stale, or another object's. */
import { oneOf } from '../../../../support/one-of.ts';
import { fraction } from '../../../crash/chaos.ts';
import { type Guard, type KindName, OTHER_UID, type Session } from './session.ts';
import { arraySpec, condition, resyncSpec, type Step, step } from './steps.ts';

/** So many random requests, then the whole history as a watch from the beginning shows it. */
export function randomSteps(seed: number, count: number): Step[] {
  const pick = picker(seed);
  const namespace = randomNamespace(seed);
  return [
    step('a namespace', (s) => s.create('namespace', namespace)),
    step('the beginning', async (s) => {
      const made = await s.create('resync', 'beginning', { spec: resyncSpec() });
      s.keep('beginning', s.latest('resync', 'beginning').resourceVersion);
      return made;
    }),
    ...Array.from({ length: count }, (_, at) => randomStep(at, seed, pick)),
    step('the whole history', async (s) => {
      await s.create('resync', 'end', { spec: resyncSpec() });
      const events: unknown[] = [];
      const query = { resourceVersion: s.kept('beginning'), timeoutSeconds: '60' };
      for await (const event of s.watch('resync', query)) {
        events.push(event);
        if ((event as { object: { metadata: { name: string } } }).object.metadata.name === 'end') break;
      }
      return events;
    }),
  ];
}

/** Where the requests of a seed go. */
export function randomNamespace(seed: number): string {
  return `random-${seed}`;
}

type Pick = <T>(choices: readonly [T, ...T[]]) => T;

function randomStep(at: number, seed: number, pick: Pick): Step {
  const kind = pick<KindName>(['resync', 'resync', 'resync', 'array']);
  const number = pick([0, 1, 2]);
  const name = kind === 'array' ? `random-${seed}-${number}` : `r-${number}`;
  const [word, act] = pick<readonly [string, (s: Session) => Promise<unknown>]>([
    ...creations(kind, name, pick),
    ...changes(kind, name, pick),
    ...statusWrites(kind, name, pick),
    ...deletions(kind, name, pick),
    ...reads(kind, name, pick),
  ] as never);
  return step(`${at}: ${word} ${kind} ${name}`, act);
}

type Choice = readonly [string, (s: Session) => Promise<unknown>];

function creations(kind: KindName, name: string, pick: Pick): Choice[] {
  const finalizers = pick<readonly string[]>([[], [], ['x.io/a'], ['x.io/a', 'x.io/b']]);
  const spec = kind === 'array' ? arraySpec(pick(ARRAY_SPECS)) : resyncSpec(pick(RESYNC_SPECS));
  const create: Choice = ['create', (s) => s.create(kind, name, { metadata: { finalizers }, spec })];
  return [create, create];
}

function changes(kind: KindName, name: string, pick: Pick): Choice[] {
  const spec = kind === 'array' ? pick(ARRAY_SPECS) : pick(RESYNC_SPECS);
  const guard = randomGuard(pick);
  const metadata = pick<object>([
    { labels: { team: pick(['red', 'blue', null]) } },
    { annotations: { note: pick(['x', 'y', null]) } },
    { finalizers: pick<readonly string[]>([[], ['x.io/a'], ['x.io/b'], ['x.io/a', 'x.io/b'], ['no name']]) },
  ]);
  return [
    ['patch the spec of', (s) => s.patch(kind, name, { metadata: guard(s, kind, name), spec })],
    ['patch the metadata of', (s) => s.patch(kind, name, { metadata: { ...guard(s, kind, name), ...metadata } })],
    ['free', (s) => s.patch(kind, name, { metadata: { ...guard(s, kind, name), finalizers: [] } })],
    ['patch nothing of', (s) => s.patch(kind, name, {})],
    ['patch all of', (s) => s.patch(kind, name, { metadata, spec, status: { observedGeneration: 3 } })],
  ];
}

function statusWrites(kind: KindName, name: string, pick: Pick): Choice[] {
  const status = kind === 'array' ? pick(ARRAY_STATUSES) : pick(RESYNC_STATUSES);
  const guard = randomGuard(pick);
  const write: Choice = [
    'write the status of',
    (s) => {
      const { uid, resourceVersion } = { ...s.seen(kind, name).at(-1), ...guard(s, kind, name) };
      return s.jsonPatch(kind, name, [
        { op: 'test', path: '/metadata/uid', value: uid ?? OTHER_UID },
        { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion ?? '1' },
        ...Object.entries(status).map(([field, value]) => ({ op: 'add', path: `/status/${field}`, value })),
      ]);
    },
  ];
  return [
    write,
    write,
    ['merge the status of', (s) => s.patchStatus(kind, name, { metadata: guard(s, kind, name), status })],
  ];
}

function deletions(kind: KindName, name: string, pick: Pick): Choice[] {
  const guard = randomGuard(pick);
  return [['delete', (s) => s.delete(kind, name, guard(s, kind, name))]];
}

function reads(kind: KindName, name: string, pick: Pick): Choice[] {
  const limit = pick(['1', '2', '500']);
  return [
    ['get', (s) => s.get(kind, name)],
    ['list beside', (s) => s.list('resync', { limit })],
  ];
}

/** Often right, sometimes nothing, an earlier version, another uid, or both. */
function randomGuard(pick: Pick): (s: Session, kind: KindName, name: string) => Guard {
  const sort = pick(['right', 'right', 'right', 'none', 'old', 'old', 'uid', 'version']);
  const back = pick([1, 2, 3, 5]);
  return (s, kind, name) => {
    const seen = s.seen(kind, name);
    const [last, old] = [seen.at(-1), seen.at(-1 - back)];
    if (sort === 'right') return last ?? {};
    if (sort === 'old') return old ?? {};
    if (sort === 'uid') return { uid: OTHER_UID };
    return sort === 'version' && old !== undefined ? { resourceVersion: old.resourceVersion } : {};
  };
}

const RESYNC_SPECS: readonly [object, ...object[]] = [
  {},
  { suspend: true },
  { suspend: false },
  { suspend: null },
  { cancel: true },
  { cancel: false },
  { ttlSecondsAfterFinished: 60 },
  { ttlSecondsAfterFinished: null },
  { mode: 'Plan' },
  { mode: 'Walk' },
  { runID: 'run-1' },
  { colour: 'red' },
  { pairs: [] },
];

const ARRAY_SPECS: readonly [object, ...object[]] = [
  {},
  { maintenance: true },
  { maintenance: null },
  { maxConcurrentOperations: 2 },
  { maxConcurrentOperations: 0 },
  { endpoint: 'unix:///run/other.sock' },
  { endpoint: 'nowhere' },
  { lunGrants: [{ name: 'a', namespace: 'shop', access: 'Source', lunIDs: ['*'] }] },
  { colour: 'red' },
];

const TIME = '2026-11-24T10:00:00Z';

const RESYNC_STATUSES: readonly [object, ...object[]] = [
  {},
  { attempt: 1 },
  { attempt: 2, progress: { percent: 10 } },
  { attempt: null },
  { attempt: 'x' },
  { colour: 'red' },
  { progress: { percent: 20, colour: 'red' } },
  { progress: null },
  { observedGeneration: 2 },
  { conditions: [condition('Succeeded', 'Unknown')] },
  { conditions: [condition('Succeeded', 'True', 'Completed')] },
  { completionTime: TIME },
];

const ARRAY_STATUSES: readonly [object, ...object[]] = [
  {},
  { arrayID: 'a' },
  { arrayID: null },
  { capabilities: ['Resync'] },
  { capabilities: ['Resync', 'Resync'] },
  { contractVersion: -1 },
  { conditions: [condition('Ready', 'True')] },
];

function picker(seed: number): Pick {
  let picked = 0;
  return (choices) => {
    picked += 1;
    return oneOf(choices, fraction(`${seed} ${picked}`));
  };
}
