// The building blocks of the schemas: bounded, described fields that Kubernetes and zod understand alike.
import { z } from 'zod';

/** A CEL rule of a CustomResourceDefinition, as the API server evaluates it. */
export type ValidationRule = {
  readonly rule: string;
  readonly message: string;
  readonly messageExpression?: string;
  readonly fieldPath?: string;
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
};

declare module 'zod' {
  interface GlobalMeta {
    'x-kubernetes-validations'?: readonly ValidationRule[];
    'x-kubernetes-list-type'?: 'map' | 'set' | 'atomic';
    'x-kubernetes-list-map-keys'?: readonly string[];
  }
}

/** The same type with every property and list read-only. */
export type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** The largest 32-bit integer: the API server stores smaller bounds as `int32`. */
export const MAX_INT32 = 2 ** 31 - 1;

/** What a LUN's id looks like; source: proto/lunarray/v1/lunarray.proto, `Lun.id`. */
export const LUN_ID_PATTERN = /^[A-Za-z0-9._:-]{1,128}$/;

/** Name of a namespaced or cluster-scoped Kubernetes object: a DNS subdomain. */
export const objectName = (): z.ZodString =>
  z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);

/** A DNS label: name of a pair, a grant, a namespace. */
export const label = (): z.ZodString =>
  z
    .string()
    .min(1)
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);

/** Id of a LUN on its array. */
export const lunID = (): z.ZodString => z.string().min(1).max(128).regex(LUN_ID_PATTERN);

/** Free text for people, at most `max` characters. */
export const text = (max: number): z.ZodString => z.string().max(max);

/** A word that programs compare: a condition's or a pair's reason, an HRESULT's name. */
export const word = (max: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/);

/** RFC 3339 time. */
export const time = (): z.ZodISODateTime => z.iso.datetime({ offset: true }).max(64);

/** A number of bytes, or another 64-bit count that JavaScript holds exactly (below 2^53). */
export const count64 = (): z.ZodInt => z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** A whole number between two bounds within 32 bits. */
export const count32 = (min: number, max: number = MAX_INT32): z.ZodInt => z.int().min(min).max(max);

/** Marks a list as a map keyed by one field: keys are unique, and appliers own single entries. */
export const keyedBy = (key: string): { 'x-kubernetes-list-type': 'map'; 'x-kubernetes-list-map-keys': string[] } => ({
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': [key],
});

/** Marks a list as one value, replaced as a whole. */
export const ATOMIC = { 'x-kubernetes-list-type': 'atomic' } as const;

/** Marks a list as a set of scalars. */
export const SET = { 'x-kubernetes-list-type': 'set' } as const;
