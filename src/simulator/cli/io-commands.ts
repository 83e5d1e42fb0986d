/**
 * Commands that move bytes on the host path.
 */
import { createReadStream } from 'node:fs';
import type { Arguments, ArrayClients, Command, Output } from './command.ts';
import { done, UsageError } from './command.ts';
import { formatBytes, parseBytes } from './sizes.ts';

const pieceBytes = 1024 * 1024;

/** The commands. */
export const ioCommands: readonly Command[] = [
  {
    name: 'write',
    usage: 'LUN [--offset N] (--text TEXT | --file FILE)',
    summary: 'write bytes as a host; --file - is the standard input',
    options: { offset: { type: 'string' }, text: { type: 'string' }, file: { type: 'string' } },
    run: write,
  },
  {
    name: 'read',
    usage: 'LUN [--offset N] --length N',
    summary: 'read bytes as a host to the standard output',
    options: { offset: { type: 'string' }, length: { type: 'string' } },
    run: read,
  },
  {
    name: 'fill',
    usage: 'LUN [--offset N] [--length N] [--seed TEXT]',
    summary: 'fill a range with bytes that depend on seed and position only',
    options: { offset: { type: 'string' }, length: { type: 'string' }, seed: { type: 'string' } },
    run: fill,
  },
  {
    name: 'digest',
    usage: 'LUN [--length N]',
    summary: "the digest of a LUN's bytes, read now",
    options: { length: { type: 'string' } },
    run: async ({ admin }, args) => {
      const length = parseBytes('--length', args.text('length'));
      const answer = await admin.digest({ lunId: args.at(0, 'LUN'), length }, { timeoutMs: 3_600_000 });
      return done(answer.digest, answer);
    },
  },
];

async function write({ admin }: ArrayClients, args: Arguments): Promise<Output> {
  const lunId = args.at(0, 'LUN');
  let offset = parseBytes('--offset', args.text('offset'));
  let written = 0;
  for await (const data of pieces(args)) {
    await admin.writeRange({ lunId, offset, data });
    offset += BigInt(data.length);
    written += data.length;
  }
  return done(`${written} bytes written to ${lunId}.`, { writtenBytes: written });
}

async function* pieces(args: Arguments): AsyncGenerator<Uint8Array, void, undefined> {
  const [text, file] = [args.text('text'), args.text('file')];
  if ((text === '') === (file === '')) {
    throw new UsageError('Give either --text or --file.');
  }
  if (text !== '') {
    yield Buffer.from(text);
    return;
  }
  const stream = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: pieceBytes });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (let start = 0; start < chunk.length; start += pieceBytes) {
      yield chunk.subarray(start, start + pieceBytes);
    }
  }
}

async function read({ admin }: ArrayClients, args: Arguments): Promise<Output> {
  const lunId = args.at(0, 'LUN');
  const start = parseBytes('--offset', args.text('offset'));
  const end = start + parseBytes('--length', args.required('length'));
  async function* ranges(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let offset = start; offset < end; offset += BigInt(pieceBytes)) {
      const length = Math.min(pieceBytes, Number(end - offset));
      yield (await admin.readRange({ lunId, offset, length })).data;
    }
  }
  return { kind: 'bytes', bytes: ranges() };
}

async function fill({ admin }: ArrayClients, args: Arguments): Promise<Output> {
  const lunId = args.at(0, 'LUN');
  const answer = await admin.fillPattern(
    {
      lunId,
      offset: parseBytes('--offset', args.text('offset')),
      length: parseBytes('--length', args.text('length')),
      seed: args.text('seed'),
    },
    { timeoutMs: 3_600_000 },
  );
  return done(`${formatBytes(answer.writtenBytes)} written to ${lunId}.`, answer);
}
