/**
 * The CEL rules of the CRDs, said again in TypeScript, since nothing here runs CEL: that both say the same is checked on
 * the real server. Left out: the longest total of the names in `pairs`.
 */
import { isDeepStrictEqual } from 'node:util';
import { IMMUTABLE_FIELDS } from '../../../../src/api/lun-resync-rules.ts';
import type { Json } from './object-history.ts';
import type { Problem } from './structural.ts';

/** What the rules of a kind say of an object whose structure is right; `before` is absent when it is new. */
export type Rules = (object: Json, before: Json | undefined) => readonly Problem[];

type Pair = {
  readonly name: string;
  readonly source: { readonly lunID?: string; readonly volumeSnapshotName?: string; readonly undoOf?: string };
  readonly target?: { readonly lunID?: string; readonly persistentVolumeClaimName?: string };
};
type Condition = { readonly type: string; readonly status: string };
type Spec = Json & { readonly pairs: readonly Pair[]; readonly cancel?: boolean };
type Status = Json & { readonly completionTime?: string; readonly conditions?: readonly Condition[] };
type Resync = { readonly metadata: { readonly name: string }; readonly spec: Spec; readonly status: Status };

export const lunResyncProblems: Rules = (object, before) => {
  const { metadata, spec, status } = object as Resync;
  const old = before as Resync | undefined;
  return [
    ...unless(!spec.pairs.some(({ source }) => source.undoOf === metadata.name), 'Invalid', 'undoOf names itself'),
    ...pairsProblems(spec.pairs),
    ...(old === undefined ? [] : [...changeProblems(spec, old.spec), ...statusProblems(status, old.status)]),
  ];
};

export const storageArrayProblems: Rules = ({ spec }) => {
  const { endpoint, tlsSecretName, insecure } = spec as { endpoint: string; tlsSecretName?: string; insecure: boolean };
  const isSafe = endpoint.startsWith('unix:') || tlsSecretName !== undefined || insecure;
  return [
    ...unless(isSafe, 'Required', 'tlsSecretName must be set'),
    ...unless(tlsSecretName === undefined || !insecure, 'Invalid', 'insecure together with tlsSecretName'),
  ];
};

function pairsProblems(pairs: readonly Pair[]): Problem[] {
  const targets = pairs.flatMap(({ target }) => target ?? []);
  const own = pairs.filter(({ target }) => target === undefined);
  const luns = targets.flatMap(({ lunID }) => lunID ?? []);
  return [
    ...pairs.flatMap(pairProblems),
    ...unless(areUnique(luns), 'Invalid', 'a LUN twice'),
    ...unless(
      areUnique(targets.flatMap((target) => target.persistentVolumeClaimName ?? [])),
      'Invalid',
      'a claim twice',
    ),
    ...unless(!pairs.some(({ source }) => luns.includes(source.lunID ?? '')), 'Invalid', 'both source and target'),
    ...unless(areUnique(own.flatMap(({ source }) => source.volumeSnapshotName ?? [])), 'Invalid', 'a snapshot twice'),
  ];
}

function pairProblems({ source, target }: Pair): Problem[] {
  return [
    ...unless(count(source.lunID, source.volumeSnapshotName, source.undoOf) === 1, 'Invalid', 'not one source'),
    ...unless(
      target === undefined || count(target.lunID, target.persistentVolumeClaimName) === 1,
      'Invalid',
      'not one target',
    ),
    ...unless(target !== undefined || source.lunID === undefined, 'Required', 'target is missing'),
  ];
}

function changeProblems(spec: Spec, old: Spec): Problem[] {
  const changed = IMMUTABLE_FIELDS.filter((field) => !isDeepStrictEqual(valueOf(spec, field), valueOf(old, field)));
  return [
    ...changed.flatMap((field) => unless(false, 'Forbidden', `${field} is immutable`)),
    ...unless(old.cancel !== true || spec.cancel === true, 'Forbidden', 'cancel may not be unset'),
  ];
}

/** CEL takes a list with keys for a map: the order says nothing. */
function valueOf(spec: Spec, field: string): unknown {
  return field === 'pairs' ? spec.pairs.toSorted((a, b) => (a.name < b.name ? -1 : 1)) : spec[field];
}

function statusProblems(status: Status, old: Status): Problem[] {
  const ended = old.conditions?.find(({ type, status: value }) => type === 'Succeeded' && value !== 'Unknown');
  const stays = status.conditions?.some(({ type, status: value }) => type === 'Succeeded' && value === ended?.status);
  const isKept = old.completionTime === undefined || timeOf(status.completionTime) === timeOf(old.completionTime);
  return [
    ...unless(isKept, 'Forbidden', 'completionTime is immutable once set'),
    ...unless(ended === undefined || stays === true, 'Forbidden', 'a finished LunResync may not be reopened'),
  ];
}

/** CEL compares times, not their texts. */
function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}

function unless(holds: boolean, reason: string, message: string): Problem[] {
  return holds ? [] : [{ reason: `FieldValue${reason}`, message }];
}

function areUnique(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}

function count(...values: readonly (string | undefined)[]): number {
  return values.filter((value) => value !== undefined).length;
}
