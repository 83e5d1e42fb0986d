/** Specs that the schema and the rules of the CRDs accept or refuse. */
import { arraySpec, resyncSpec, type Step, step } from './steps.ts';

const snapshot = (name: string, rest: object = {}): object => ({ name, source: { volumeSnapshotName: name }, ...rest });
const lun = (name: string, source: string, target: object): object => ({ name, source: { lunID: source }, target });

const SPECS: readonly (readonly [string, object])[] = [
  ['a number for a text', { runID: 7 }],
  ['a text for a number', { backoffLimit: '3' }],
  ['a fraction for a whole number', { backoffLimit: 1.5 }],
  ['a whole number with a fraction of zero', { backoffLimit: 2.0 }],
  ['a text for a truth', { suspend: 'true' }],
  ['an object for a list', { pairs: {} }],
  ['a list for an object', { pairs: [[]] }],
  ['a null in a list', { pairs: [null] }],
  ['a text for an object', { pairs: [{ name: 'data', source: 'nightly' }] }],
  ['a value that the enum lacks', { mode: 'Walk' }],
  ['a number below its bound', { stallTimeoutSeconds: 0 }],
  ['a number above its bound', { backoffLimit: 101 }],
  ['a number at its bound', { backoffLimit: 100, stallTimeoutSeconds: 1 }],
  ['a number of more than 32 bits', { activeDeadlineSeconds: 2 ** 31 }],
  ['a text that does not match', { runID: 'two words' }],
  ['an empty text', { runID: '' }],
  ['a text at its bound', { runID: 'x'.repeat(128) }],
  ['a text above its bound', { runID: 'x'.repeat(129) }],
  ['no pairs', { pairs: [] }],
  ['pairs of null', { pairs: null }],
  ['64 pairs', { pairs: Array.from({ length: 64 }, (_, at) => snapshot(`p-${at}`)) }],
  ['65 pairs', { pairs: Array.from({ length: 65 }, (_, at) => snapshot(`p-${at}`)) }],
  ['a pair without a source', { pairs: [{ name: 'data' }] }],
  ['a pair without a name', { pairs: [{ source: { volumeSnapshotName: 'a' } }] }],
  ['two pairs of one name', { pairs: [snapshot('a'), snapshot('a', { target: { lunID: 'x' } })] }],
  ['a source of nothing', { pairs: [{ name: 'a', source: {} }] }],
  ['two sources', { pairs: [{ name: 'a', source: { volumeSnapshotName: 'a', undoOf: 'b' } }] }],
  ['a target of nothing', { pairs: [snapshot('a', { target: {} })] }],
  ['two targets', { pairs: [snapshot('a', { target: { lunID: 'x', persistentVolumeClaimName: 'y' } })] }],
  ['a LUN without a target', { pairs: [{ name: 'a', source: { lunID: 'x' } }] }],
  ['a LUN over a LUN', { pairs: [lun('a', 'x', { lunID: 'y' })] }],
  ['one LUN as two targets', { pairs: [lun('a', 'x', { lunID: 'y' }), lun('b', 'z', { lunID: 'y' })] }],
  ['a LUN as source and target', { pairs: [lun('a', 'x', { lunID: 'y' }), lun('b', 'y', { lunID: 'z' })] }],
  [
    'one claim as two targets',
    { pairs: ['a', 'b'].map((name) => snapshot(name, { target: { persistentVolumeClaimName: 'c' } })) },
  ],
  [
    'one snapshot over its own volume twice',
    { pairs: ['a', 'b'].map((name) => ({ name, source: { volumeSnapshotName: 's' } })) },
  ],
  ['an undo of another', { pairs: [{ name: 'a', source: { undoOf: 'spec-1' } }] }],
  ['an undo of itself, by its true name', { pairs: [{ name: 'a', source: { undoOf: 'spec-itself' } }] }],
];

const ARRAY_SPECS: readonly (readonly [string, object])[] = [
  ['a bad endpoint', { endpoint: 'http://array' }],
  ['a network and no secret', { endpoint: 'dns:///array:443' }],
  ['a network and a secret', { endpoint: 'dns:///array:443', tlsSecretName: 'tls' }],
  ['a network without encryption', { endpoint: 'ipv4:10.0.0.1:443', insecure: true }],
  ['a secret without encryption', { tlsSecretName: 'tls', insecure: true }],
  ['a grant', { lunGrants: [grant('a')] }],
  ['two grants of one name', { lunGrants: [grant('a'), grant('a')] }],
  ['a grant with a LUN twice', { lunGrants: [{ ...grant('a'), lunIDs: ['x', 'x'] }] }],
  ['a grant of nothing', { lunGrants: [{ ...grant('a'), lunIDs: [] }] }],
  ['a grant without a namespace', { lunGrants: [{ ...grant('a'), namespace: undefined }] }],
];

export const VALIDATION_STEPS: readonly Step[] = [
  ...SPECS.map(([what, spec], at) => {
    const name = what.endsWith('true name') ? 'spec-itself' : `spec-${at}`;
    return step(`a spec with ${what}`, (s) => s.create('resync', name, { spec: resyncSpec(spec) }));
  }),
  ...ARRAY_SPECS.map(([what, spec], at) =>
    step(`an array with ${what}`, (s) => s.create('array', `spec-${at}`, { spec: arraySpec(spec) })),
  ),
];

function grant(name: string): object {
  return { name, namespace: 'shop', access: 'Source', lunIDs: ['lun-1', 'lun-*'] };
}
