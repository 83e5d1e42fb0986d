/** The built-in kinds, as far as the operator uses them: a Lease that is taken and renewed, Events, a Secret. */
import { OTHER_UID, type Session } from './session.ts';
import { type Step, step } from './steps.ts';

const lease = (holder: string, transitions: number): object => ({
  holderIdentity: holder,
  leaseDurationSeconds: 15,
  acquireTime: '2026-11-24T10:00:00.000000Z',
  renewTime: '2026-11-24T10:00:00.000000Z',
  leaseTransitions: transitions,
});

const event = (s: Session): object => ({
  eventTime: '2026-11-24T10:00:00.000000Z',
  reportingController: 'lunresync.io/operator',
  reportingInstance: 'operator-0',
  action: 'Start',
  reason: 'Started',
  type: 'Normal',
  regarding: {
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'LunResync',
    namespace: 'shop',
    name: 'a',
    uid: s.latest('resync', 'body-0').uid,
  },
  note: 'copying',
});

const series = { series: { count: 2, lastObservedTime: '2026-11-24T10:01:00.000000Z' } };

export const OTHER_KIND_STEPS: readonly Step[] = [
  step('get a lease that is not there', (s) => s.get('lease', 'leader')),
  step('create a lease', async (s) => {
    const made = await s.create('lease', 'leader', { spec: lease('a', 1) });
    s.keep('lease version', s.latest('lease', 'leader').resourceVersion);
    return made;
  }),
  step('create the lease again', (s) => s.create('lease', 'leader', { spec: lease('b', 1) })),
  step('renew the lease', (s) =>
    s.patch('lease', 'leader', { metadata: s.latest('lease', 'leader'), spec: lease('a', 2) }),
  ),
  step('renew it with the same record', (s) =>
    s.patch('lease', 'leader', { metadata: s.latest('lease', 'leader'), spec: lease('a', 2) }),
  ),
  step('renew it over a stale version', (s) =>
    s.patch('lease', 'leader', { metadata: { resourceVersion: s.kept('lease version') }, spec: lease('b', 3) }),
  ),
  step('renew it with another uid', (s) =>
    s.patch('lease', 'leader', { metadata: { uid: OTHER_UID }, spec: lease('b', 3) }),
  ),
  step('release the lease', (s) =>
    s.patch('lease', 'leader', {
      metadata: s.latest('lease', 'leader'),
      spec: { ...lease('', 2), leaseDurationSeconds: 1 },
    }),
  ),
  step('delete the lease', (s) => s.delete('lease', 'leader', s.latest('lease', 'leader'))),
  step('renew a lease that is gone', (s) => s.patch('lease', 'leader', { spec: lease('a', 2) })),
  step('create an event', (s) => s.create('event', 'a.1', event(s))),
  step('create the event again', (s) => s.create('event', 'a.1', event(s))),
  step('count the event', (s) => s.patch('event', 'a.1', { metadata: s.latest('event', 'a.1'), ...series })),
  step('count the event of another uid', (s) => s.patch('event', 'a.1', { metadata: { uid: OTHER_UID }, ...series })),
  step('an event in a namespace that is not there', (s) => s.create('event', 'a.2', event(s), 'nowhere')),
  step('create a secret', (s) => s.create('secret', 'tls', { data: { 'ca.crt': 'YQ==' } })),
  step('get the secret', (s) => s.get('secret', 'tls')),
  step('get a secret that is not there', (s) => s.get('secret', 'absent')),
  step('delete a namespace', async (s) => {
    await s.create('namespace', 'leaving');
    return s.delete('namespace', 'leaving');
  }),
  step('create in a namespace that is being deleted', (s) => s.create('secret', 'late', {}, 'leaving')),
];
