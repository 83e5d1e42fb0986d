/** What becomes of an object that is written, before it is stored: what the real server's strategies do. */
import { isDeepStrictEqual } from 'node:util';
import type { Kind } from './kinds.ts';
import type { Json, Meta, Stored } from './object-history.ts';
import type { Place } from './place.ts';
import { badRequest, conflict, Refusal, refuseIfAny } from './refusals.ts';
import { admitted, isObject, type Problem } from './structural.ts';

/** What a new object gets from the server. */
export type Birth = { readonly uid: string; readonly time: string; readonly suffix: string };

const OBJECT_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const FINALIZER_NAME = /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** A new object without a version. */
export function newObject({ kind, namespace }: Place, body: unknown, birth: Birth): Stored {
  const { metadata: sent = {}, ...fields } = checkedBody(body);
  if (fields['apiVersion'] !== kind.apiVersion) throw badRequest(`the body is nothing of ${kind.apiVersion}`);
  if (!isObject(sent)) throw badRequest('metadata is no object');
  if (namespace !== undefined && ![undefined, '', namespace].includes(sent['namespace'] as string | undefined))
    throw badRequest('the namespace of the object is not that of the request');
  const problems = typeProblems(kind, fields);
  const name = nameFor(sent, birth, problems);
  const metadata = {
    ...mutableMeta({ ...sent, labels: labelsOf(kind, sent, name) }, problems),
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(typeof sent['generateName'] === 'string' ? { generateName: sent['generateName'] } : {}),
    uid: birth.uid,
    creationTimestamp: birth.time,
    resourceVersion: '',
    ...(kind.custom === undefined ? {} : { generation: 1 }),
  };
  const type = { apiVersion: kind.apiVersion, kind: kind.kind };
  const { status: _dropped, ...rest } = fields;
  const content = kind.custom === undefined ? copyOf({ ...kind.defaults, ...fields }) : rest;
  const object = { ...stored(kind, content, ['spec', 'status'], problems), ...type, metadata } as Stored;
  refuseIfAny(problems);
  if (kind.custom !== undefined) refuseIfAny(kind.custom.rules(object, undefined));
  if (![undefined, null, '', '0'].includes(sent['resourceVersion'] as string | undefined))
    throw new Refusal(500, '', 'resourceVersion should not be set on objects to be created');
  return object;
}

/** The object as `wanted` changes it, still at the version and the generation of before where nothing else is said. */
export function changedObject({ kind, namespace, name, isStatus }: Place, before: Stored, patched: Json): Stored {
  const { metadata: wanted = {}, ...fields } = checkedBody(patched);
  if (!isObject(wanted)) throw badRequest('metadata is no object');
  if (wanted['name'] !== name || wanted['namespace'] !== namespace)
    throw badRequest('the name of the object does not match the name on the URL');
  checkVersion(kind, before.metadata, wanted);
  const problems = isStatus ? [] : typeProblems(kind, fields);
  const metadata = isStatus ? before.metadata : metaAfter(before.metadata, wanted, problems);
  const type = { apiVersion: kind.apiVersion, kind: kind.kind };
  const content = contentAfter(kind, before, { fields, isStatus, problems });
  const object = { ...content, ...type, metadata } as Stored;
  refuseIfAny(problems);
  if (kind.custom === undefined) return object;
  refuseIfAny(kind.custom.rules(object, before));
  return isDeepStrictEqual(object['spec'], before['spec'])
    ? object
    : { ...object, metadata: { ...metadata, generation: Number(metadata.generation) + 1 } };
}

function contentAfter(
  kind: Kind,
  before: Stored,
  { fields, isStatus, problems }: { readonly fields: Json; readonly isStatus: boolean; readonly problems: Problem[] },
): Json {
  if (kind.custom === undefined) return copyOf(fields) as Json;
  const part: Part = isStatus ? 'status' : 'spec';
  const { spec, status } = before;
  return { spec, status, ...stored(kind, fields, [part], problems) };
}

/** These parts of a custom resource as they are stored; the content of others is, as it comes. */
function stored(kind: Kind, content: unknown, parts: readonly Part[], problems: Problem[]): Json {
  const { custom } = kind;
  if (custom === undefined) return content as Json;
  const properties = Object.fromEntries(parts.map((part) => [part, custom[part]]));
  return admitted({ type: 'object', properties, required: ['spec'] }, content, '', problems) as Json;
}

type Part = 'spec' | 'status';

function checkedBody(body: unknown): Json {
  if (!isObject(body)) throw badRequest('the body is no object');
  return body;
}

function typeProblems(kind: Kind, fields: Json): Problem[] {
  const wrong = (['apiVersion', 'kind'] as const).filter((field) => fields[field] !== kind[field]);
  return wrong.map((field) => ({ reason: 'FieldValueInvalid', message: `${field}: must be ${kind[field]}` }));
}

function labelsOf({ nameLabel }: Kind, { labels }: Json, name: string): unknown {
  return nameLabel === undefined ? labels : { ...(isObject(labels) ? labels : {}), [nameLabel]: name };
}

function checkVersion(kind: Kind, before: Meta, { resourceVersion }: Json): void {
  const version = typeof resourceVersion === 'string' ? resourceVersion : '';
  if (!/^\d*$/.test(version)) throw new Refusal(500, '', 'the version is no number');
  if (Number(version) === 0) {
    if (kind.custom === undefined) return;
    refuseIfAny([
      { reason: 'FieldValueInvalid', message: 'metadata.resourceVersion: must be specified for an update' },
    ]);
  }
  if (version !== before.resourceVersion) throw conflict('the object has been modified');
}

/** In the order in which the server names what is wrong. */
function metaAfter(before: Meta, wanted: Json, problems: Problem[]): Meta {
  const { labels: _labels, annotations: _annotations, finalizers = [], ownerReferences: _owners, ...rest } = before;
  const after = mutableMeta(wanted, problems);
  const isDying = before.deletionTimestamp !== undefined;
  if (isDying && after.finalizers?.some((name) => !finalizers.includes(name)) === true)
    problems.push({ reason: 'FieldValueForbidden', message: 'no new finalizers can be added while deleting' });
  for (const field of ['uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    const isLeft = field !== 'uid' && isDying;
    if (isLeft || (wanted[field] ?? '') === '' || wanted[field] === before[field]) continue;
    problems.push({ reason: 'FieldValueInvalid', message: `metadata.${field}: field is immutable` });
  }
  return { ...rest, ...after };
}

/** What its writers may change of an object's metadata; what is empty is not stored. */
function mutableMeta(meta: Json, problems: Problem[]): { readonly finalizers?: readonly string[] } {
  const fields = ['labels', 'annotations', 'finalizers', 'ownerReferences'].flatMap((field) => {
    const value = meta[field];
    return isObject(value) || Array.isArray(value) ? [[field, copyOf(value)] as const] : [];
  });
  const given: { readonly finalizers?: readonly string[] } = Object.fromEntries(
    fields.filter(([, value]) => Object.keys(value as object).length > 0),
  );
  for (const name of given.finalizers ?? [])
    if (!FINALIZER_NAME.test(name)) problems.push({ reason: 'FieldValueInvalid', message: `finalizer ${name}` });
  return given;
}

function nameFor({ name, generateName }: Json, { suffix }: Birth, problems: Problem[]): string {
  if (typeof name === 'string' && name !== '') {
    if (!OBJECT_NAME.test(name) || name.length > 253)
      problems.push({ reason: 'FieldValueInvalid', message: 'metadata.name: is not a name' });
    return name;
  }
  if (typeof generateName === 'string' && generateName !== '') return `${generateName}${suffix}`;
  problems.push({ reason: 'FieldValueRequired', message: 'metadata.name: name or generateName is required' });
  return '';
}

/** A copy as JSON has it: without what is undefined. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([field, inner]) => [field, copyOf(inner)]),
  );
}
