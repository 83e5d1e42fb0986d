/** Objects come into being: what the server adds, takes away, and refuses. */
import { NAMESPACE, OTHER_UID } from './session.ts';
import { arraySpec, resyncSpec, type Step, step } from './steps.ts';

const spec = resyncSpec();

/** Bodies over a good one, by what is said of them; each is an object of its own. */
const BODIES: readonly (readonly [string, object])[] = [
  ['a spec without defaults', { spec }],
  ['unknown fields at every depth', { spec: { ...spec, colour: 'red', pairs: [{ ...pair(), colour: 1 }] }, extra: {} }],
  ['unknown metadata', { metadata: { colour: 'red' }, spec }],
  ['a status', { spec, status: { observedGeneration: 7, attempt: 3 } }],
  ['a bad status', { spec, status: { attempt: 'three' } }],
  [
    'labels, annotations and finalizers',
    { metadata: { labels: { a: 'b' }, annotations: { c: 'd' }, finalizers: ['x.io/y'] }, spec },
  ],
  [
    'empty labels and finalizers',
    { metadata: { labels: {}, annotations: {}, finalizers: [], ownerReferences: [] }, spec },
  ],
  ['a finalizer without a domain', { metadata: { finalizers: ['plain'] }, spec }],
  ['a finalizer that is no name', { metadata: { finalizers: ['not a name'] }, spec }],
  ['the same finalizer twice', { metadata: { finalizers: ['x.io/y', 'x.io/y'] }, spec }],
  [
    'fields of the server',
    { metadata: { uid: OTHER_UID, generation: 9, creationTimestamp: '2020-01-01T00:00:00Z' }, spec },
  ],
  ['a time of deletion', { metadata: { deletionTimestamp: '2020-01-01T00:00:00Z', finalizers: ['x.io/y'] }, spec }],
  ['a version', { metadata: { resourceVersion: '7' }, spec }],
  ['version 0', { metadata: { resourceVersion: '0' }, spec }],
  ['an empty version', { metadata: { resourceVersion: '' }, spec }],
  ['the namespace in the body', { metadata: { namespace: NAMESPACE }, spec }],
  ['another namespace in the body', { metadata: { namespace: 'default' }, spec }],
  ['no spec', {}],
  ['a spec of null', { spec: null }],
  ['a spec that is a list', { spec: [] }],
  ['another kind', { kind: 'StorageArray', spec }],
  ['another version of the API', { apiVersion: 'lunresync.io/v9', spec }],
  ['undefined fields', { spec: { ...spec, runID: undefined } }],
  ['nulls where a default is', { spec: { ...spec, mode: null, suspend: null } }],
  ['nulls where no default is', { spec: { ...spec, runID: null, arrayName: null } }],
];

export const CREATION_STEPS: readonly Step[] = [
  step('get the namespace kube-system', (s) => s.get('namespace', 'kube-system')),
  step('get an object that was never there', (s) => s.get('resync', 'absent')),
  step('create in a namespace that is not there', (s) => s.create('resync', 'lost', { spec })),
  step('list a namespace that is not there', (s) => s.list('resync', {}, 'nowhere')),
  step('create a namespace', (s) => s.create('namespace', NAMESPACE)),
  step('create a namespace again', (s) => s.create('namespace', NAMESPACE)),
  step('list before anything is there', (s) => s.list('resync')),
  ...BODIES.map(([what, body], at) => step(`create with ${what}`, (s) => s.create('resync', `body-${at}`, body))),
  step('get what was created', (s) => s.get('resync', 'body-0')),
  step('create the same name again', (s) => s.create('resync', 'body-0', { spec })),
  step('create the same name with a bad spec', (s) => s.create('resync', 'body-0', { spec: {} })),
  step('create the same name with a version', (s) =>
    s.create('resync', 'body-0', { metadata: { resourceVersion: '7' }, spec }),
  ),
  step('create without a name', (s) => s.create('resync', '', { spec })),
  step('create with a generated name', (s) => s.create('resync', '', { metadata: { generateName: 'made-' }, spec })),
  step('create with a name and a prefix', (s) =>
    s.create('resync', 'named', { metadata: { generateName: 'made-' }, spec }),
  ),
  step('create with a name that is none', (s) => s.create('resync', 'Not_a_name', { spec })),
  step('create with a list for a body', (s) => s.send('create', 'resync', '', { body: [] })),
  step('create an array', (s) => s.create('array', 'array-a', { spec: arraySpec() })),
  step('create an array again', (s) => s.create('array', 'array-a', { spec: arraySpec() })),
  step('create an array without an endpoint', (s) => s.create('array', 'array-b', { spec: {} })),
  step('create an array with a namespace', (s) =>
    s.create('array', 'array-c', { metadata: { namespace: NAMESPACE }, spec: arraySpec() }),
  ),
  step('list the arrays', (s) => s.list('array')),
  step('ask for a version that is not served', (s) =>
    s.subject.transport.send({ verb: 'list', resource: 'lunresyncs', path: '/apis/lunresync.io/v9/lunresyncs' }),
  ),
  step('ask for a resource that is not served', (s) =>
    s.subject.transport.send({ verb: 'list', resource: 'luns', path: '/apis/lunresync.io/v1alpha1/luns' }),
  ),
  step('ask for an object of a resource that is not served', (s) =>
    s.subject.transport.send({ verb: 'get', resource: 'luns', path: '/apis/lunresync.io/v1alpha1/luns/a' }),
  ),
  step('ask for a part that is not served', (s) => s.send('get', 'resync', 'body-0', { subresource: 'scale' })),
  step('get the status of an object', (s) => s.send('get', 'resync', 'body-0', { subresource: 'status' })),
];

function pair(): object {
  return { name: 'data', source: { volumeSnapshotName: 'nightly', colour: 2 } };
}
