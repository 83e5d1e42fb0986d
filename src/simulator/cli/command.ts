/**
 * What a command of the command line is.
 */
import type { ParseArgsOptionsConfig } from 'node:util';
import type { ArrayAdmin } from '../../proto/lunarray/admin/v1/admin_pb.js';
import type { LunArray } from '../../proto/lunarray/v1/lunarray_pb.js';
import type { ServiceClient } from '../../rpc/service-types.ts';

/** Both services of an array. */
export type ArrayClients = {
  readonly array: ServiceClient<typeof LunArray>;
  readonly admin: ServiceClient<typeof ArrayAdmin>;
};

/** What a command prints: a value for programs, and how it looks for people. */
export type Output =
  | {
      readonly kind: 'table';
      readonly headings: readonly string[];
      readonly rows: readonly (readonly string[])[];
      readonly json: unknown;
    }
  | { readonly kind: 'text'; readonly text: string; readonly json: unknown }
  | { readonly kind: 'bytes'; readonly bytes: AsyncIterable<Uint8Array> };

/** The parsed arguments of a command. */
export class Arguments {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #positionals: readonly string[];

  constructor(values: Readonly<Record<string, unknown>>, positionals: readonly string[]) {
    this.#values = values;
    this.#positionals = positionals;
  }

  /** A positional argument. Throws UsageError when it is missing. */
  at(index: number, name: string): string {
    const value = this.#positionals[index];
    if (value === undefined) {
      throw new UsageError(`${name} is missing.`);
    }
    return value;
  }

  /** A positional argument, or ''. */
  optionalAt(index: number): string {
    return this.#positionals[index] ?? '';
  }

  /** An option's text, or ''. */
  text(name: string): string {
    const value = this.#values[name];
    return typeof value === 'string' ? value : '';
  }

  /** An option's text. Throws UsageError when it is missing. */
  required(name: string): string {
    const value = this.text(name);
    if (value === '') {
      throw new UsageError(`--${name} is missing.`);
    }
    return value;
  }

  /** All texts of an option that may be repeated. */
  texts(name: string): string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }
}

/** A command. */
export type Command = {
  readonly name: string;
  /** The arguments after the name. */
  readonly usage: string;
  readonly summary: string;
  readonly options?: ParseArgsOptionsConfig;
  readonly run: (clients: ArrayClients, args: Arguments) => Promise<Output>;
};

/** The command line makes no sense; the reader is shown how it would. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A command that has nothing to show but that it is done. */
export function done(text: string, json: unknown = {}): Output {
  return { kind: 'text', text, json };
}
