/** The cases: every field of every answer with every hostile value, answers that are no protobuf, and hostile errors. */
import { create, type DescMethod, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { Metadata, status } from '@grpc/grpc-js';
import { ErrorInfoSchema, StatusSchema } from '../../../src/proto/google/rpc/status_pb.js';
import { LunSchema } from '../../../src/proto/lunarray/v1/lunarray_pb.js';
import { type AnswerField, type AnyMessage, fieldsOf, holdersOf, messageOf, nameOf } from './answer-fields.ts';
import { type HostileValue, valuesFor } from './answer-values.ts';
import type { Spoiling } from './hostile-array.ts';

/** One thing that is wrong with the answers of one method. */
export type Case = { readonly name: string; readonly spoiling: Spoiling };

/** Cases of one kind: those of one field of the answer, or all that are of none. */
export type Group = { readonly field: string | undefined; readonly cases: readonly Case[] };

/** Everything that is done to the answers of a method. */
export function groupsOf(method: DescMethod): Group[] {
  const fields = fieldsOf(method).map((field) => ({ field: nameOf(field), cases: fieldCases(field) }));
  return [...fields, { field: undefined, cases: byteCases(method) }, { field: undefined, cases: statusCases(method) }];
}

/** Each value in every place where the answer has the field; of the LUNs, of which it has several, in the last alone, too. */
function fieldCases(field: AnswerField): Case[] {
  const isOfLun = field.path.slice(0, -1).some((above) => messageOf(above) === LunSchema);
  return valuesFor(field.path.at(-1) ?? field.path[0]).flatMap((value) => {
    const everywhere = fieldCase(field, value, 'all');
    return isOfLun ? [everywhere, fieldCase(field, value, 'last')] : [everywhere];
  });
}

function fieldCase(field: AnswerField, { name, make }: HostileValue, which: 'all' | 'last'): Case {
  const { method, path } = field;
  const leaf = (path.at(-1) ?? path[0]).localName;
  const bytes = (honest: AnyMessage): Uint8Array => {
    const holders = holdersOf(honest, path);
    for (const holder of which === 'all' ? holders : holders.slice(-1)) {
      const value = make(holder[leaf]);
      if (value === undefined) delete holder[leaf];
      else holder[leaf] = value;
    }
    return toBinary(method.output, honest as never);
  };
  return { name: `${nameOf(field)} (${which}): ${name}`, spoiling: { kind: 'Bytes', method, bytes } };
}

/** Bytes that are no answer, or the answer and something more. */
function byteCases(method: DescMethod): Case[] {
  const alter = (name: string, change: (honest: Uint8Array) => Uint8Array): Case => ({
    name: `${method.name}: ${name}`,
    spoiling: { kind: 'Bytes', method, bytes: (honest) => change(toBinary(method.output, honest as never)) },
  });
  return [
    alter('no bytes', () => new Uint8Array()),
    alter('half of it', (honest) => honest.subarray(0, honest.length / 2)),
    alter('text', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')),
    alter('ones', () => new Uint8Array(1000).fill(0xff)),
    alter('a length of 2 GiB', () => Uint8Array.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x07])),
    alter('fields that nobody knows', (honest) =>
      joined(honest, new BinaryWriter().tag(500, WireType.Varint).uint32(1)),
    ),
    ...method.output.fields.flatMap(({ name, number }) => [
      alter(`${name} as a number`, (honest) =>
        joined(honest, new BinaryWriter().tag(number, WireType.Varint).uint32(7)),
      ),
      alter(`${name} as bytes that are no UTF-8`, (honest) =>
        joined(honest, new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(Uint8Array.from([0xff, 0xfe]))),
      ),
    ]),
  ];
}

function joined(honest: Uint8Array, more: BinaryWriter): Uint8Array {
  return Buffer.concat([honest, more.finish()]);
}

/** Errors in place of an answer: any code, with details that are none, too large, or somebody else's. */
function statusCases(method: DescMethod): Case[] {
  return CODES.flatMap((code) =>
    DETAILS.map(([name, details]) => {
      const metadata = new Metadata();
      if (details !== undefined) metadata.set('grpc-status-details-bin', details);
      const spoiled = { code, details: 'a\u0000\u001b[31m\r\n %zz Ünïcödé 🙂'.repeat(20), metadata };
      return { name: `${method.name}: code ${code}, ${name}`, spoiling: { kind: 'Status', method, status: spoiled } };
    }),
  );
}

const CODES: readonly number[] = [
  status.UNKNOWN,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.FAILED_PRECONDITION,
  status.UNAUTHENTICATED,
  -1,
  17,
  2 ** 31,
];

function details(info: { reason?: string; domain?: string; metadata?: Record<string, string> }): Buffer {
  const any = anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { domain: 'lunarray', ...info }));
  return Buffer.from(toBinary(StatusSchema, create(StatusSchema, { code: 9, message: 'x', details: [any] })));
}

const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`field-${index}`, 'x'.repeat(20)]));

const DETAILS: readonly (readonly [string, Buffer | undefined])[] = [
  ['no details', undefined],
  ['details that are no protobuf', Buffer.from('not protobuf at all')],
  ['no bytes of details', Buffer.alloc(0)],
  ['an ErrorInfo that is cut', details({ reason: 'VSS_E_BAD_STATE' }).subarray(0, 40)],
  ['another domain', details({ domain: 'googleapis.com', reason: 'VSS_E_BAD_STATE', metadata: { refusal: 'STALE' } })],
  ['a refusal of no known name', details({ reason: 'VSS_E_BAD_STATE', metadata: { refusal: '__proto__' } })],
  ['STALE', details({ reason: 'VSS_E_BAD_STATE', metadata: { refusal: 'STALE' } })],
  ['BUSY', details({ reason: 'toString', metadata: { refusal: 'BUSY', lun: '\u0000\u001b' } })],
  ['a success as its reason', details({ reason: 'VSS_S_ASYNC_FINISHED', metadata: { refusal: 'ARRAY' } })],
  [
    'a long reason',
    details({ reason: 'R'.repeat(6000), metadata: { remedy: 'r'.repeat(6000), lun: 'l'.repeat(3000) } }),
  ],
  ['many fields', details({ reason: 'VSS_E_PROVIDER_VETO', metadata: many })],
  [
    'control characters',
    details({ reason: 'VSS\u0000\u001b', metadata: { remedy: '\u001b[31m\r\n', __proto__x: 'x' } }),
  ],
  ['bytes beyond all limits', details({ reason: 'VSS_E_BAD_STATE', metadata: { remedy: 'r'.repeat(20_000) } })],
];
