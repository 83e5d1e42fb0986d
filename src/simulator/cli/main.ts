#!/usr/bin/env node
/**
 * The administrator's command line of the simulated array.
 */
import { join, resolve } from 'node:path';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { Client, credentials, status } from '@grpc/grpc-js';
import { ArrayAdmin } from '../../proto/lunarray/admin/v1/admin_pb.js';
import { LunArray } from '../../proto/lunarray/v1/lunarray_pb.js';
import { createClient } from '../../rpc/client.ts';
import { RpcError } from '../../rpc/rpc-error.ts';
import { Arguments, type Command, UsageError } from './command.ts';
import { faultCommands } from './fault-commands.ts';
import { ioCommands } from './io-commands.ts';
import { lunCommands } from './lun-commands.ts';
import { print } from './output.ts';
import { reportCommands } from './report-commands.ts';

const commands: readonly Command[] = [...reportCommands, ...lunCommands, ...ioCommands, ...faultCommands];

const commonOptions: ParseArgsOptionsConfig = {
  data: { type: 'string' },
  admin: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
};

function usage(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return `Usage: lunarray [--data DIR | --admin unix:///PATH] [--json] COMMAND [arguments]

Where the array is: --admin, --data, or the variables LUNARRAY_ADMIN, LUNARRAY_DATA.

${commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}

"lunarray COMMAND --help" shows the arguments of one command.`;
}

function adminAddress(args: Arguments): string {
  const admin = args.text('admin') || process.env['LUNARRAY_ADMIN'] || '';
  const data = args.text('data') || process.env['LUNARRAY_DATA'] || '';
  if (admin === '' && data === '') {
    throw new UsageError('Say where the array is: --data DIR or --admin unix:///PATH.');
  }
  return admin === '' ? `unix://${join(resolve(data), 'admin.sock')}` : admin;
}

async function runCommand(command: Command, args: Arguments): Promise<void> {
  const address = adminAddress(args);
  const channel = new Client(address, credentials.createInsecure());
  const clients = {
    array: createClient(LunArray, channel, { timeoutMs: 30_000 }),
    admin: createClient(ArrayAdmin, channel, { timeoutMs: 30_000 }),
  };
  try {
    await print(await command.run(clients, args), args.flag('json'));
  } finally {
    channel.close();
  }
}

async function main(argv: readonly string[]): Promise<void> {
  // The command's name is the first word that is no option; which options it has depends on it.
  const loose = parseArgs({ args: [...argv], options: commonOptions, strict: false, allowPositionals: true });
  const name = loose.positionals[0];
  const command = commands.find((candidate) => candidate.name === name);
  if (name === undefined || command === undefined) {
    if (name === undefined && loose.values['help'] === true) {
      process.stdout.write(`${usage()}\n`);
      return;
    }
    throw new UsageError(
      name === undefined ? 'Name a command. See --help.' : `There is no command ${name}. See --help.`,
    );
  }
  const options = { ...commonOptions, ...command.options };
  const { values, positionals } = parseStrictly(argv, options);
  if (values['help'] === true) {
    process.stdout.write(`Usage: lunarray ${command.name} ${command.usage}\n\n${command.summary}\n`);
    return;
  }
  await runCommand(command, new Arguments(values, positionals.slice(1)));
}

function parseStrictly(
  argv: readonly string[],
  options: ParseArgsOptionsConfig,
): { values: Readonly<Record<string, unknown>>; positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function explained(error: unknown): string {
  if (error instanceof RpcError) {
    const reason = error.reason === '' ? '' : ` (${error.reason})`;
    const remedy =
      error.code === status.UNAVAILABLE ? 'Is the array running, and is this its admin socket?' : error.remedy;
    return [`${error.message}${reason}`, remedy].filter((line) => line !== '').join('\n');
  }
  return error instanceof Error ? error.message : String(error);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${explained(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
