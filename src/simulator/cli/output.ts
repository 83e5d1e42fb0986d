/**
 * Prints what commands give: tables for people, JSON for programs, bytes as they are.
 */
import { once } from 'node:events';
import type { Output } from './command.ts';

/** Prints an output to the standard output. */
export async function print(output: Output, asJSON: boolean): Promise<void> {
  if (output.kind === 'bytes') {
    for await (const bytes of output.bytes) {
      if (!process.stdout.write(bytes)) {
        await once(process.stdout, 'drain');
      }
    }
    return;
  }
  if (asJSON) {
    process.stdout.write(`${JSON.stringify(output.json, jsonValue, 2)}\n`);
    return;
  }
  process.stdout.write(`${output.kind === 'text' ? output.text : table(output.headings, output.rows)}\n`);
}

/** Columns as wide as their widest cell. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows];
  const widths = headings.map((_heading, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Exact numbers survive as numbers where they can, bytes as base64; protobuf's own type names are left out. */
function jsonValue(key: string, value: unknown): unknown {
  if (key === '$typeName') {
    return undefined;
  }
  if (typeof value === 'bigint') {
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
  }
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}
