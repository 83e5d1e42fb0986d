// The CEL rules of a LunResync. Transition rules on an optional field are skipped when it was absent before, so every
// immutability rule here stands on the parent and compares has() as well: a field cannot be added later either.
import type { ValidationRule } from './fields.ts';

/** Longest total of the names and ids in `spec.pairs`, a pair's name counted twice since `status.pairs` repeats it. */
export const MAX_PAIRS_TEXT = 6144;

/** Fields of the spec that never change after creation. */
export const IMMUTABLE_FIELDS = [
  'arrayName',
  'pairs',
  'mode',
  'sizePolicy',
  'claimResize',
  'identityPolicy',
  'unselectedVolumePolicy',
  'safetySnapshot',
  'verify',
  'targetInUseTimeoutSeconds',
  'runID',
  'activeDeadlineSeconds',
  'stallTimeoutSeconds',
  'backoffLimit',
] as const;

/** Rules of `spec.pairs[].source`. */
export const SOURCE_RULES: readonly ValidationRule[] = [
  {
    rule: '[has(self.lunID), has(self.volumeSnapshotName), has(self.undoOf)].filter(x, x).size() == 1',
    message: 'exactly one of `lunID`, `volumeSnapshotName`, `undoOf` must be set',
  },
];

/** Rules of `spec.pairs[].target`. */
export const TARGET_RULES: readonly ValidationRule[] = [
  {
    rule: 'has(self.lunID) != has(self.persistentVolumeClaimName)',
    message: 'exactly one of `lunID`, `persistentVolumeClaimName` must be set',
  },
];

/** Rules of `spec.pairs[]`. */
export const PAIR_RULES: readonly ValidationRule[] = [
  {
    rule: 'has(self.target) || !has(self.source.lunID)',
    message: '`target` may be left out only with `volumeSnapshotName` or `undoOf`',
    fieldPath: '.target',
    reason: 'FieldValueRequired',
  },
];

const immutable = (field: string): ValidationRule => ({
  rule: `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`,
  message: `\`${field}\` is immutable; create a new LunResync instead`,
  fieldPath: `.${field}`,
  reason: 'FieldValueForbidden',
});

const uniqueTarget = (field: string, thing: string): ValidationRule => {
  const names = (pair: string): string => `has(${pair}.target) && has(${pair}.target.${field})`;
  return {
    rule: `self.pairs.all(p, !(${names('p')}) || self.pairs.filter(q, ${names('q')} && q.target.${field} == p.target.${field}).size() == 1)`,
    message: `${thing} may be the target of one pair only`,
    fieldPath: '.pairs',
  };
};

const length = (path: string): string => `(has(${path}) ? size(${path}) : 0)`;

const pairsText = [
  '2 * size(p.name)',
  length('p.source.lunID'),
  length('p.source.volumeSnapshotName'),
  length('p.source.undoOf'),
  `(has(p.target) ? ${length('p.target.lunID')} + ${length('p.target.persistentVolumeClaimName')} : 0)`,
].join(' + ');

/** Rules of `spec`. */
export const SPEC_RULES: readonly ValidationRule[] = [
  ...IMMUTABLE_FIELDS.map(immutable),
  {
    // A defaulted field is present in every stored object; the guard is for one that was stored without it.
    rule: '!has(oldSelf.cancel) || !oldSelf.cancel || (has(self.cancel) && self.cancel)',
    message: '`cancel` may not be unset',
    fieldPath: '.cancel',
    reason: 'FieldValueForbidden',
  },
  uniqueTarget('lunID', 'a LUN'),
  uniqueTarget('persistentVolumeClaimName', 'a claim'),
  {
    rule: 'self.pairs.all(p, !(has(p.target) && has(p.target.lunID)) || !self.pairs.exists(q, has(q.source.lunID) && q.source.lunID == p.target.lunID))',
    message: 'a LUN may not be both a source and a target',
    fieldPath: '.pairs',
  },
  {
    rule: 'self.pairs.all(p, has(p.target) || !has(p.source.volumeSnapshotName) || self.pairs.filter(q, !has(q.target) && has(q.source.volumeSnapshotName) && q.source.volumeSnapshotName == p.source.volumeSnapshotName).size() == 1)',
    message: 'a snapshot may be put back over its own volume by one pair only',
    fieldPath: '.pairs',
  },
  {
    rule: `self.pairs.map(p, ${pairsText}).sum() <= ${MAX_PAIRS_TEXT}`,
    message: `the names and ids in \`pairs\` must have at most ${MAX_PAIRS_TEXT} characters together; use several LunResyncs`,
    fieldPath: '.pairs',
  },
];

/** Rules of the whole object; only `metadata.name` is visible there, and `spec`. */
export const ROOT_RULES: readonly ValidationRule[] = [
  {
    rule: 'self.spec.pairs.all(p, !has(p.source.undoOf) || p.source.undoOf != self.metadata.name)',
    message: '`undoOf` must name another LunResync',
    fieldPath: '.spec.pairs',
  },
];

/** Rules of `status`: what has ended stays ended, whoever writes. */
export const STATUS_RULES: readonly ValidationRule[] = [
  {
    rule: '!has(oldSelf.completionTime) || (has(self.completionTime) && self.completionTime == oldSelf.completionTime)',
    message: '`completionTime` is immutable once set',
    fieldPath: '.completionTime',
    reason: 'FieldValueForbidden',
  },
  {
    rule:
      "!has(oldSelf.conditions) || oldSelf.conditions.all(o, o.type != 'Succeeded' || o.status == 'Unknown' || " +
      "(has(self.conditions) && self.conditions.exists(c, c.type == 'Succeeded' && c.status == o.status)))",
    message: 'a finished LunResync may not be reopened, nor change between success and failure',
    fieldPath: '.conditions',
    reason: 'FieldValueForbidden',
  },
];
