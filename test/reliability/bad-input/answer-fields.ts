/** Every field of every answer of the array contract, found by reflection, so that a new field is covered by itself. */
import { create, type DescField, type DescMessage, type DescMethod } from '@bufbuild/protobuf';
import { LunArray } from '../../../src/proto/lunarray/v1/lunarray_pb.js';

/** A message of any type, as protobuf-es keeps it: fields under their local names. */
export type AnyMessage = Record<string, unknown>;

/** One field of a method's answer: the fields that lead to it from the answer's top. */
export type AnswerField = { readonly method: DescMethod; readonly path: readonly [...DescField[], DescField] };

/** The fields of one method's answer, nested ones after the one that holds them. Throws on what no contract of ours has. */
export function fieldsOf(method: DescMethod): AnswerField[] {
  return pathsOf(method.output, []).map((path) => ({ method, path }));
}

/** All methods of the contract. */
export const METHODS: readonly DescMethod[] = LunArray.methods;

/** How a field is named in a report: `GetLuns luns.runs.outcome`. */
export function nameOf({ method, path }: AnswerField): string {
  return `${method.name} ${path.map(({ name }) => name).join('.')}`;
}

function pathsOf(message: DescMessage, above: readonly DescField[]): [...DescField[], DescField][] {
  if (above.some((field) => messageOf(field) === message && field !== above.at(-1)))
    throw new Error(`${message.typeName} contains itself: bound the walk`);
  return message.fields.flatMap((field) => {
    if (field.oneof !== undefined || field.fieldKind === 'map') throw new Error(`teach the walk ${String(field)}`);
    const path: [...DescField[], DescField] = [...above, field];
    const below = messageOf(field);
    return below === undefined ? [path] : [path, ...pathsOf(below, path)];
  });
}

/** The type of message that the field holds, one or a list of them; undefined when it holds none. */
export function messageOf(field: DescField): DescMessage | undefined {
  return field.fieldKind === 'message' || field.fieldKind === 'list' ? field.message : undefined;
}

/** The messages that hold the path's last field. Where the answer has none, what is missing on the way is made. */
export function holdersOf(answer: AnyMessage, path: readonly DescField[]): AnyMessage[] {
  const way = path.slice(0, -1);
  const there = way.reduce<AnyMessage[]>(
    (holders, field) => holders.flatMap((holder) => itemsIn(holder, field)),
    [answer],
  );
  return there.length > 0
    ? there
    : [way.reduce((holder, field) => itemsIn(holder, field).at(-1) ?? made(holder, field), answer)];
}

function itemsIn(holder: AnyMessage, { localName }: DescField): AnyMessage[] {
  const value = holder[localName] as AnyMessage | AnyMessage[] | undefined;
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function made(holder: AnyMessage, field: DescField): AnyMessage {
  const type = messageOf(field);
  if (type === undefined) throw new Error(`${String(field)} holds no message`);
  const message = create(type) as unknown as AnyMessage;
  holder[field.localName] = field.fieldKind === 'list' ? [message] : message;
  return message;
}
