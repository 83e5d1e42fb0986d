/** Writes to the status: the operator's guard, what is merged, what has ended stays ended. */
import { OTHER_UID, type Session } from './session.ts';
import { arraySpec, condition, resyncSpec, type Step, step } from './steps.ts';

const TIME = '2026-11-24T10:00:00Z';
const NAME = 'written';

const WRITES: readonly (readonly [string, object])[] = [
  ['some fields', { attempt: 1, arrayName: 'array-a', progress: { percent: 10, copiedBytes: 1 } }],
  ['the same again', { attempt: 1 }],
  ['one field as a whole', { progress: { percent: 20 } }],
  ['a field away', { arrayName: null }],
  ['a field away that is not there', { arrayName: null }],
  ['an inner null', { progress: { percent: 20, copiedBytes: null } }],
  ['an unknown field', { colour: 'red' }],
  ['an unknown inner field', { progress: { percent: 21, colour: 'red' } }],
  ['a text for a number', { attempt: 'two' }],
  ['a value that an enum lacks', { dataState: 'Gone' }],
  ['a number below its bound', { attempt: -1 }],
  ['the largest number', { progress: { copiedBytes: Number.MAX_SAFE_INTEGER } }],
  ['a time', { startTime: TIME }],
  ['a time with a fraction', { startTime: '2026-11-24T10:00:00.123456+01:00' }],
  ['what is no time', { startTime: 'yesterday' }],
  ['conditions', { conditions: [condition('Ready', 'False'), condition('Succeeded', 'Unknown')] }],
  ['a condition twice', { conditions: [condition('Ready', 'False'), condition('Ready', 'True')] }],
  ['a condition without a reason', { conditions: [{ type: 'Ready', status: 'True' }] }],
  ['pairs', { pairs: [{ name: 'data', state: 'Waiting', dataState: 'Untouched' }] }],
  ['a text above its bound', { pairsSummary: 'x'.repeat(200) }],
  ['a text of wide characters at its bound', { pairsSummary: '🙂'.repeat(16) }],
  ['observedGeneration away', { observedGeneration: null }],
];

const PATCHES: readonly (readonly [string, readonly object[]])[] = [
  ['a test that holds', [{ op: 'test', path: '/status/attempt', value: 1 }]],
  ['a test that does not hold', [{ op: 'test', path: '/status/attempt', value: 2 }]],
  ['a test of what is not there', [{ op: 'test', path: '/status/runs', value: 1 }]],
  ['a test for null of what is not there', [{ op: 'test', path: '/status/runs', value: null }]],
  ['a test after a change', [add('/status/attempt', 5), { op: 'test', path: '/status/attempt', value: 5 }]],
  ['a change, then a test that fails', [add('/status/attempt', 6), { op: 'test', path: '/status/attempt', value: 1 }]],
  ['a replace of what is not there', [{ op: 'replace', path: '/status/retryTime', value: TIME }]],
  ['a removal', [{ op: 'remove', path: '/status/startTime' }]],
  ['a removal of what is not there', [{ op: 'remove', path: '/status/startTime' }]],
  ['an addition below what is not there', [add('/status/ending/reason', 'X')]],
  ['an addition to a list', [add('/status/conditions/-', condition('Stalled', 'False'))]],
  ['an addition into a list', [add('/status/conditions/0', condition('Reconciling', 'True'))]],
  ['an addition beyond a list', [add('/status/conditions/99', condition('UndoAvailable', 'True'))]],
  ['a replacement just beyond a list', [{ op: 'replace', path: '/status/pairs/1', value: { name: 'b' } }]],
  ['a removal just beyond a list', [{ op: 'remove', path: '/status/pairs/1' }]],
  ['a change below what is just beyond a list', [add('/status/pairs/1/reason', 'X')]],
  ['a place in a list that is no number', [add('/status/pairs/x', { name: 'b' })]],
  ['a field of an item', [{ op: 'replace', path: '/status/conditions/0/status', value: 'False' }]],
  ['a removal from a list', [{ op: 'remove', path: '/status/conditions/0' }]],
  ['a change of the spec', [{ op: 'replace', path: '/spec/suspend', value: true }]],
  ['a change of labels', [add('/metadata/labels', { a: 'b' })]],
  ['finalizers', [add('/metadata/finalizers', ['x.io/y'])]],
  ['another uid in place', [{ op: 'replace', path: '/metadata/uid', value: OTHER_UID }]],
  ['another name in place', [{ op: 'replace', path: '/metadata/name', value: 'other' }]],
  ['a version that is no number', [{ op: 'replace', path: '/metadata/resourceVersion', value: 'abc' }]],
  ['no operation', []],
];

/** What a finished run may still be given; each is tried on an object of its own. */
const AFTER_THE_END: readonly (readonly [string, object])[] = [
  ['the other end', { conditions: [condition('Succeeded', 'False')] }],
  ['no end', { conditions: [condition('Succeeded', 'Unknown')] }],
  ['other conditions only', { conditions: [condition('Ready', 'True')] }],
  ['no conditions', { conditions: [] }],
  ['conditions of null', { conditions: null }],
  ['better words', { conditions: [condition('Succeeded', 'True', 'Completed', 'better')], observedGeneration: 1 }],
  ['another time', { completionTime: '2026-11-24T10:00:01Z' }],
  ['the same time, written otherwise', { completionTime: '2026-11-24T11:00:00+01:00' }],
  ['no time', { completionTime: null }],
];

export const STATUS_STEPS: readonly Step[] = [
  step('create an object for its status', async (s) => {
    const made = await s.create('resync', NAME, { spec: resyncSpec() });
    s.keep('first status version', s.latest('resync', NAME).resourceVersion);
    return made;
  }),
  ...WRITES.map(([what, status]) => step(`write to the status: ${what}`, (s) => s.writeStatus('resync', NAME, status))),
  step('write a status over a stale version', (s) => s.writeStatus('resync', NAME, { attempt: 7 }, stale(s))),
  step('write a status of another uid', (s) => s.writeStatus('resync', NAME, { attempt: 7 }, { uid: OTHER_UID })),
  step('write a status of another uid over a stale version', (s) =>
    s.writeStatus('resync', NAME, { attempt: 7 }, { uid: OTHER_UID, ...stale(s) }),
  ),
  step('write nothing to the status over a stale version', (s) => s.writeStatus('resync', NAME, {}, stale(s))),
  step('write the status of an object that is not there', (s) =>
    s.jsonPatch('resync', 'absent', [{ op: 'test', path: '/metadata/uid', value: OTHER_UID }]),
  ),
  ...PATCHES.map(([what, patch]) => step(`a JSON patch with ${what}`, (s) => s.jsonPatch('resync', NAME, patch))),
  step('a merge patch of the status', (s) => s.patchStatus('resync', NAME, { status: { attempt: 8 } })),
  step('a merge patch of the status with another uid', (s) =>
    s.patchStatus('resync', NAME, { metadata: { uid: OTHER_UID }, status: { attempt: 9 } }),
  ),
  step('a merge patch of the status over a stale version', (s) =>
    s.patchStatus('resync', NAME, { metadata: stale(s), status: { attempt: 10 } }),
  ),
  step('a merge patch of the status without a version', (s) =>
    s.patchStatus('resync', NAME, { metadata: { resourceVersion: null }, status: { attempt: 11 } }),
  ),
  step('a merge patch of status and spec', (s) =>
    s.patchStatus('resync', NAME, {
      spec: { suspend: true },
      metadata: { labels: { a: 'b' } },
      status: { attempt: 12 },
    }),
  ),
  step('a merge patch with a bad spec at the status', (s) =>
    s.patchStatus('resync', NAME, { spec: { mode: 'Walk' }, status: { attempt: 13 } }),
  ),
  step('a merge patch that takes the spec at the status', (s) =>
    s.patchStatus('resync', NAME, { spec: null, status: { attempt: 14 } }),
  ),
  step('a merge patch that takes the status', (s) => s.patchStatus('resync', NAME, { status: null })),
  step('get after all of that', (s) => s.get('resync', NAME)),
  ...AFTER_THE_END.map(([what, status], at) =>
    step(`after the end: ${what}`, async (s) => {
      await s.create('resync', `ended-${at}`, { spec: resyncSpec() });
      const end = { completionTime: TIME, conditions: [condition('Succeeded', 'True', 'Completed')] };
      await s.writeStatus('resync', `ended-${at}`, end);
      return s.writeStatus('resync', `ended-${at}`, status);
    }),
  ),
  step('after the end: the status away', (s) => s.patchStatus('resync', 'ended-0', { status: null })),
  step('after the end: suspend', (s) => s.patch('resync', 'ended-0', { spec: { suspend: true } })),
  step('write the status of an array', async (s) => {
    await s.create('array', 'written', { spec: arraySpec() });
    return s.writeStatus('array', 'written', { arrayID: 'a-1', capabilities: ['Resync', 'Verify'] });
  }),
  step('write a set with a double to the status', (s) =>
    s.writeStatus('array', 'written', { capabilities: ['Resync', 'Resync'] }),
  ),
];

function add(path: string, value: unknown): object {
  return { op: 'add', path, value };
}

function stale(session: Session): { readonly resourceVersion: string } {
  return { resourceVersion: session.kept('first status version') };
}
