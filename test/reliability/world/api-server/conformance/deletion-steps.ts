/** Ends of objects: preconditions, finalizers, and what can still be done in between. */
import { OTHER_UID, type Session } from './session.ts';
import { arraySpec, resyncSpec, type Step, step } from './steps.ts';

const spec = resyncSpec();
const HELD = 'held';

const WHILE_DYING: readonly (readonly [string, (session: Session) => Promise<unknown>])[] = [
  ['get', (s) => s.get('resync', HELD)],
  ['delete again', (s) => s.delete('resync', HELD)],
  ['delete again with the right guard', (s) => s.delete('resync', HELD, s.latest('resync', HELD))],
  ['delete again with a stale version', (s) => s.delete('resync', HELD, { resourceVersion: s.kept('held version') })],
  ['delete again with another uid', (s) => s.delete('resync', HELD, { uid: OTHER_UID })],
  ['create the name again', (s) => s.create('resync', HELD, { spec })],
  ['write the status', (s) => s.writeStatus('resync', HELD, { attempt: 2 })],
  ['change the spec', (s) => s.patch('resync', HELD, { spec: { suspend: true } })],
  ['cancel', (s) => s.patch('resync', HELD, { spec: { cancel: true } })],
  ['take the time of deletion away', (s) => s.patch('resync', HELD, { metadata: { deletionTimestamp: null } })],
  ['take the grace period away', (s) => s.patch('resync', HELD, { metadata: { deletionGracePeriodSeconds: null } })],
  ['add a finalizer', (s) => s.patch('resync', HELD, { metadata: { finalizers: ['x.io/a', 'x.io/b', 'x.io/c'] } })],
  [
    'add a finalizer and another uid',
    (s) => s.patch('resync', HELD, { metadata: { uid: OTHER_UID, finalizers: ['x.io/a', 'x.io/b', 'x.io/c'] } }),
  ],
  ['add a finalizer that is no name', (s) => s.patch('resync', HELD, { metadata: { finalizers: ['no name'] } })],
  ['repeat the finalizers', (s) => s.patch('resync', HELD, { metadata: { finalizers: ['x.io/a', 'x.io/b'] } })],
  ['remove one finalizer', (s) => s.patch('resync', HELD, { metadata: { finalizers: ['x.io/b'] } })],
  ['put the finalizer back', (s) => s.patch('resync', HELD, { metadata: { finalizers: ['x.io/a', 'x.io/b'] } })],
  [
    'take the finalizers through the status',
    (s) => s.jsonPatch('resync', HELD, [{ op: 'remove', path: '/metadata/finalizers' }]),
  ],
  [
    'remove the last one over a stale version',
    (s) => s.patch('resync', HELD, { metadata: { finalizers: [], resourceVersion: s.kept('held version') } }),
  ],
  [
    'remove the last one of another uid',
    (s) => s.patch('resync', HELD, { metadata: { finalizers: [], uid: OTHER_UID } }),
  ],
  [
    'remove the last one with a change that is refused',
    (s) => s.patch('resync', HELD, { metadata: { finalizers: [] }, spec: { mode: 'Plan' } }),
  ],
  [
    'remove the last one with a change of the spec',
    (s) => s.patch('resync', HELD, { metadata: { finalizers: [] }, spec: { suspend: false } }),
  ],
];

const AFTER_DEATH: readonly (readonly [string, (session: Session) => Promise<unknown>])[] = [
  ['get', (s) => s.get('resync', HELD)],
  ['delete', (s) => s.delete('resync', HELD)],
  ['delete with a guard', (s) => s.delete('resync', HELD, s.latest('resync', HELD))],
  ['patch', (s) => s.patch('resync', HELD, { spec: { suspend: true } })],
  ['write the status', (s) => s.writeStatus('resync', HELD, { attempt: 2 })],
  ['remove a finalizer', (s) => s.patch('resync', HELD, { metadata: { finalizers: [] } })],
];

const REBORN: readonly (readonly [string, (session: Session) => Promise<unknown>])[] = [
  ['create it again', (s) => s.create('resync', HELD, { spec })],
  [
    'write the status of the former one',
    (s) =>
      s.writeStatus(
        'resync',
        HELD,
        { attempt: 2 },
        { uid: s.kept('held uid'), resourceVersion: s.kept('held version') },
      ),
  ],
  [
    'write the status with the former uid',
    (s) => s.writeStatus('resync', HELD, { attempt: 2 }, { uid: s.kept('held uid') }),
  ],
  [
    'patch the former one',
    (s) =>
      s.patch('resync', HELD, {
        metadata: { labels: { a: 'b' }, uid: s.kept('held uid'), resourceVersion: s.kept('held version') },
      }),
  ],
  [
    'patch with the former uid',
    (s) => s.patch('resync', HELD, { metadata: { labels: { a: 'b' }, uid: s.kept('held uid') } }),
  ],
  [
    'delete the former one',
    (s) => s.delete('resync', HELD, { uid: s.kept('held uid'), resourceVersion: s.kept('held version') }),
  ],
  ['delete with the former uid', (s) => s.delete('resync', HELD, { uid: s.kept('held uid') })],
  ['delete with the former version', (s) => s.delete('resync', HELD, { resourceVersion: s.kept('held version') })],
  ['get', (s) => s.get('resync', HELD)],
  ['delete', (s) => s.delete('resync', HELD, s.latest('resync', HELD))],
];

export const DELETION_STEPS: readonly Step[] = [
  step('delete what was never there', (s) => s.delete('resync', 'absent')),
  step('delete without a body', async (s) => {
    await s.create('resync', 'brief', { spec });
    return s.send('delete', 'resync', 'brief');
  }),
  step('delete with a stale version', async (s) => {
    await s.create('resync', 'brief', { spec });
    const before = s.latest('resync', 'brief');
    await s.patch('resync', 'brief', { spec: { suspend: true } });
    return s.delete('resync', 'brief', before);
  }),
  step('delete with an empty guard', (s) => s.delete('resync', 'brief', {})),
  step('create an object with finalizers', async (s) => {
    const made = await s.create('resync', HELD, { metadata: { finalizers: ['x.io/a', 'x.io/b'] }, spec });
    s.keep('held version', s.latest('resync', HELD).resourceVersion);
    s.keep('held uid', s.latest('resync', HELD).uid);
    return made;
  }),
  step('delete with another uid', (s) => s.delete('resync', HELD, { uid: OTHER_UID })),
  step('delete with a version of the future', (s) => s.delete('resync', HELD, { resourceVersion: '999999999' })),
  step('delete it', (s) => s.delete('resync', HELD, s.latest('resync', HELD))),
  ...WHILE_DYING.map(([what, act]) => step(`while it is being deleted: ${what}`, act)),
  ...AFTER_DEATH.map(([what, act]) => step(`when it is gone: ${what}`, act)),
  ...REBORN.map(([what, act]) => step(`under the same name: ${what}`, act)),
  step('an array with a finalizer is deleted', async (s) => {
    await s.create('array', 'dying', { metadata: { finalizers: ['x.io/a'] }, spec: arraySpec() });
    return s.delete('array', 'dying');
  }),
  step('and freed', (s) =>
    s.patch('array', 'dying', { metadata: { finalizers: null, ...s.latest('array', 'dying') } }),
  ),
  step('and gone', (s) => s.get('array', 'dying')),
  step('an empty list of finalizers and no deletion', async (s) => {
    await s.create('array', 'living', { metadata: { finalizers: ['x.io/a'] }, spec: arraySpec() });
    return s.patch('array', 'living', { metadata: { finalizers: [] } });
  }),
];
