/** Changes through the object itself: guards, the spec, metadata, generations. */
import { type Guard, OTHER_UID, type Session } from './session.ts';
import { arraySpec, resyncSpec, type Step, step } from './steps.ts';

/** Patches of a new object that has every optional field, by what is said of them. */
const SPECS: readonly (readonly [string, object])[] = [
  ['suspend', { suspend: true }],
  ['the retention', { safetySnapshotRetentionSeconds: 60 }],
  ['the time to live', { ttlSecondsAfterFinished: null }],
  ['a field to what it is', { mode: 'Run', runID: 'run-1' }],
  ['a defaulted field to null', { suspend: null }],
  ['arrayName', { arrayName: 'other' }],
  ['arrayName away', { arrayName: null }],
  ['pairs', { pairs: [{ name: 'a', source: { volumeSnapshotName: 'other' } }] }],
  ['the order of the pairs', { pairs: [named('b'), named('a')] }],
  ['a pair by a default of it', { pairs: [named('a'), { ...named('b'), target: null }] }],
  ['mode', { mode: 'Plan' }],
  ['sizePolicy', { sizePolicy: 'KeepLarger' }],
  ['claimResize', { claimResize: 'Raise' }],
  ['identityPolicy', { identityPolicy: 'RevertToOriginal' }],
  ['unselectedVolumePolicy', { unselectedVolumePolicy: 'Overwrite' }],
  ['safetySnapshot', { safetySnapshot: 'Never' }],
  ['verify', { verify: 'None' }],
  ['targetInUseTimeoutSeconds', { targetInUseTimeoutSeconds: 301 }],
  ['runID', { runID: 'run-2' }],
  ['runID away', { runID: null }],
  ['activeDeadlineSeconds', { activeDeadlineSeconds: 61 }],
  ['stallTimeoutSeconds', { stallTimeoutSeconds: 301 }],
  ['backoffLimit', { backoffLimit: 4 }],
  ['an enum to nonsense', { mode: 'Walk' }],
  ['an unknown field', { colour: 'red' }],
  ['a mutable and an immutable field', { suspend: true, mode: 'Plan' }],
  ['the whole spec away', null as unknown as object],
];

const CHANGED = {
  pairs: [named('a'), named('b')],
  arrayName: 'array-a',
  runID: 'run-1',
  activeDeadlineSeconds: 60,
  ttlSecondsAfterFinished: 60,
};

/** Guards of a patch, laid over the right one. */
const GUARDS: readonly (readonly [string, (session: Session) => Guard])[] = [
  ['the right guard', () => ({})],
  ['a stale version', (s) => ({ resourceVersion: s.kept('first version') })],
  ['a version of the future', () => ({ resourceVersion: '999999999' })],
  ['another uid', () => ({ uid: OTHER_UID })],
  ['another uid and a stale version', (s) => ({ uid: OTHER_UID, resourceVersion: s.kept('first version') })],
  ['no uid', () => ({ uid: null })],
  ['an empty uid', () => ({ uid: '' })],
  ['no version', () => ({ resourceVersion: null })],
  ['an empty version', () => ({ resourceVersion: '' })],
  ['version 0', () => ({ resourceVersion: '0' })],
  ['a version that is no number', () => ({ resourceVersion: 'abc' })],
];

const METADATA: readonly (readonly [string, object])[] = [
  ['labels', { labels: { team: 'blue' } }],
  ['the same labels', { labels: { team: 'blue' } }],
  ['a label away', { labels: { team: null } }],
  ['annotations', { annotations: { note: 'x' } }],
  ['all annotations away', { annotations: null }],
  ['finalizers', { finalizers: ['x.io/a', 'x.io/b'] }],
  ['the order of finalizers', { finalizers: ['x.io/b', 'x.io/a'] }],
  ['finalizers away', { finalizers: [] }],
  ['a finalizer to what is no name', { finalizers: ['not a name'] }],
  ['the generation', { generation: 99 }],
  ['the time of creation', { creationTimestamp: '2020-01-01T00:00:00Z' }],
  ['the time of creation to null', { creationTimestamp: null }],
  ['a time of deletion', { deletionTimestamp: '2020-01-01T00:00:00Z' }],
  ['a grace period', { deletionGracePeriodSeconds: 5 }],
  ['the name', { name: 'other' }],
  ['the name to null', { name: null }],
  ['the namespace', { namespace: 'default' }],
  ['an unknown field', { colour: 'red' }],
];

export const CHANGE_STEPS: readonly Step[] = [
  step('create an object to be changed', async (s) => {
    const made = await s.create('resync', 'guarded', { spec: resyncSpec() });
    s.keep('first version', s.latest('resync', 'guarded').resourceVersion);
    return made;
  }),
  ...GUARDS.flatMap(([what, guard], at) => [
    step(`patch with ${what}`, (s) => {
      const metadata = { ...s.latest('resync', 'guarded'), ...guard(s), labels: { at: `${at}` } };
      return s.patch('resync', 'guarded', { metadata });
    }),
    step(`get after a patch with ${what}`, (s) => s.get('resync', 'guarded')),
  ]),
  step('patch without a guard', (s) => s.patch('resync', 'guarded', { spec: { suspend: true } })),
  step('patch nothing of a new object', async (s) => {
    await s.create('resync', 'untouched', { spec: resyncSpec() });
    s.keep('untouched', s.latest('resync', 'untouched').resourceVersion);
    await s.patch('resync', 'untouched', {});
    return [
      s.kept('untouched') === s.latest('resync', 'untouched').resourceVersion,
      await s.get('resync', 'untouched'),
    ];
  }),
  step('patch nothing of it again', (s) => s.patch('resync', 'untouched', {})),
  step('patch nothing of the status of a new object', async (s) => {
    await s.create('array', 'untouched', { spec: arraySpec() });
    s.keep('untouched', s.latest('array', 'untouched').resourceVersion);
    await s.patchStatus('array', 'untouched', {});
    return s.kept('untouched') === s.latest('array', 'untouched').resourceVersion;
  }),
  step('patch nothing', (s) => s.patch('resync', 'guarded', {})),
  step('patch nothing over a stale version', (s) =>
    s.patch('resync', 'guarded', { metadata: { resourceVersion: s.kept('first version') } }),
  ),
  step('patch an object that is not there', (s) => s.patch('resync', 'absent', { spec: { suspend: true } })),
  step('patch with a list', (s) => s.patch('resync', 'guarded', [])),
  step('patch the kind', (s) => s.patch('resync', 'guarded', { kind: 'StorageArray' })),
  step('patch the version of the API', (s) => s.patch('resync', 'guarded', { apiVersion: 'lunresync.io/v9' })),
  step('patch the status through the object', (s) => s.patch('resync', 'guarded', { status: { attempt: 9 } })),
  step('patch the status away through the object', (s) => s.patch('resync', 'guarded', { status: null })),
  step('patch spec and status through the object', (s) =>
    s.patch('resync', 'guarded', { spec: { suspend: false }, status: { attempt: 9 } }),
  ),
  ...METADATA.map(([what, metadata]) =>
    step(`change in the metadata: ${what}`, (s) => s.patch('resync', 'guarded', { metadata })),
  ),
  ...SPECS.map(([what, spec], at) =>
    step(`change in the spec: ${what}`, async (s) => {
      await s.create('resync', `changed-${at}`, { spec: CHANGED });
      return s.patch('resync', `changed-${at}`, { spec });
    }),
  ),
  step('change in the spec: runID comes later', (s) => s.patch('resync', 'guarded', { spec: { runID: 'late' } })),
  step('cancel', (s) => s.patch('resync', 'guarded', { spec: { cancel: true } })),
  step('cancel again', (s) => s.patch('resync', 'guarded', { spec: { cancel: true } })),
  step('take the cancel back', (s) => s.patch('resync', 'guarded', { spec: { cancel: false } })),
  step('take the cancel away', (s) => s.patch('resync', 'guarded', { spec: { cancel: null } })),
  step('a JSON patch of the object', (s) =>
    s.jsonPatch('resync', 'guarded', [{ op: 'replace', path: '/spec/suspend', value: true }], ''),
  ),
  step('change an array', (s) => s.patch('array', 'array-a', { spec: { endpoint: 'unix:///run/other.sock' } })),
  step('change an array to nonsense', (s) => s.patch('array', 'array-a', { spec: { endpoint: 'nowhere' } })),
  step('take what an array must have', (s) => s.patch('array', 'array-a', { spec: { endpoint: null } })),
  step('replace the list of an array', (s) =>
    s.patch('array', 'array-a', { spec: arraySpec({ capabilities: ['Resync'], maintenance: true }) }),
  ),
];

function named(name: string): object {
  return { name, source: { volumeSnapshotName: name } };
}
