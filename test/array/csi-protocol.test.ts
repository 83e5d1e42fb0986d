/** proto/csi/v1/csi.proto names nothing that the CSI specification does not, and gives nothing another number or type. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fromBinary, isFieldSet } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import { expect, it } from 'vitest';
import { findBinaries } from '../../scripts/control-plane/binaries.ts';
import { file_csi_v1_csi } from '../../src/proto/csi/v1/csi_pb.js';

const buildTimeoutMs = 600_000;

it('csi.proto agrees with the specification in every name, number, label and type that it has', {
  timeout: buildTimeoutMs,
}, async () => {
  const specified = facts(await specification());
  const ours = facts(file_csi_v1_csi.proto);
  expect(ours.size).toBeGreaterThan(200);
  const differing = [...ours].filter(([name, fact]) => specified.get(name) !== fact);
  expect(differing.map(([name, fact]) => `${name}: ${fact}, and not ${specified.get(name) ?? 'at all'}`)).toEqual([]);
});

/** As the specification's Go module has it. */
async function specification(): Promise<FileDescriptorProto> {
  const { path } = await findBinaries(['csi-descriptor'], console.log);
  const { stdout } = await promisify(execFile)(path('csi-descriptor'), [], { encoding: 'buffer' });
  return fromBinary(FileDescriptorProtoSchema, stdout);
}

/** One line for everything that can be wrong on the wire, by its full name. */
function facts(file: FileDescriptorProto): ReadonlyMap<string, string> {
  const found = new Map<string, string>([['syntax', file.syntax]]);
  for (const service of file.service) {
    for (const method of service.method) {
      const streams = `${method.clientStreaming ?? false} ${method.serverStreaming ?? false}`;
      found.set(
        `${file.package}.${service.name}/${method.name}`,
        `${method.inputType} ${method.outputType} ${streams}`,
      );
    }
  }
  file.messageType.forEach((message) => addMessage(found, file.package, message));
  file.enumType.forEach((description) => addEnum(found, file.package, description));
  return found;
}

function addMessage(found: Map<string, string>, scope: string, message: DescriptorProto): void {
  const name = `${scope}.${message.name}`;
  for (const field of message.field) {
    const isMember = isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex);
    const oneof = isMember ? message.oneofDecl[field.oneofIndex]?.name : 'no oneof';
    const { number, label, type, typeName } = field;
    found.set(`${name}.${field.name}`, `${number} ${label} ${type} ${typeName} ${oneof}`);
  }
  message.nestedType.forEach((nested) => addMessage(found, name, nested));
  message.enumType.forEach((nested) => addEnum(found, name, nested));
}

function addEnum(found: Map<string, string>, scope: string, description: EnumDescriptorProto): void {
  for (const { name, number } of description.value) {
    found.set(`${scope}.${description.name}.${name}`, String(number));
  }
}
