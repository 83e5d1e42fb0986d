/** What a command of the plugin is, and what it is given. */
import type { Cluster } from './cluster.ts';
import type { ExitCode } from './exit-codes.ts';

/** One option, as node:util's parseArgs takes it, with what the help says of it. */
export type Option = {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  /** What stands for the value in the help. */
  readonly value?: string;
  /** The words that it may be, where they are few; for shell completion. */
  readonly words?: readonly string[];
  readonly help: string;
};

export type Options = Readonly<Record<string, Option>>;

/** Where a command reads answers, and writes: data to `out`, questions, remarks and errors to `err`. */
export type Io = {
  readonly in: NodeJS.ReadStream;
  readonly out: NodeJS.WriteStream;
  readonly err: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
};

/** What a command works with. `connect` reads the kubeconfig; a command that needs no cluster does not call it. */
export type Context = {
  readonly io: Io;
  readonly args: Arguments;
  readonly connect: () => Promise<Cluster>;
  /** Aborts when the process is to end; its reason is the name of the signal. */
  readonly signal: AbortSignal;
};

export type Command = {
  readonly name: string;
  /** The arguments after the name, such as `NAME`. */
  readonly usage: string;
  readonly summary: string;
  /** Further paragraphs and examples of the command's own help. */
  readonly details?: string;
  readonly options: Options;
  /** What its argument names: a LunResync that there is, or one of these words; for shell completion. */
  readonly argument?: 'LunResync' | readonly string[];
  readonly run: (context: Context) => Promise<ExitCode>;
};

/** The command line makes no sense; the message says how it would. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A command cannot do what it was told; the message says why. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The parsed arguments of a command. */
export class Arguments {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #positionals: readonly string[];

  constructor(values: Readonly<Record<string, unknown>>, positionals: readonly string[]) {
    this.#values = values;
    this.#positionals = positionals;
  }

  /** The only positional argument. Throws UsageError when it is missing or not alone. */
  only(name: string): string {
    const value = this.optional(name);
    if (value === undefined) throw new UsageError(`${name} is missing`);
    return value;
  }

  /** The only positional argument, or undefined. Throws UsageError when there is more than one. */
  optional(name: string): string | undefined {
    const [value, extra] = this.#positionals;
    if (extra !== undefined) throw new UsageError(`one ${name} is expected, and "${extra}" is too much`);
    return value;
  }

  /** An option's text; undefined when it was not given. Throws UsageError when it is empty. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    if (typeof value !== 'string') return undefined;
    if (value === '') throw new UsageError(`--${name} is empty`);
    return value;
  }

  /** All texts of an option that may be repeated. */
  texts(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  /** An option's text, which must be one of a few words. Throws UsageError when it is another. */
  oneOf<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) throw new UsageError(`--${name} is "${value}": write one of ${words.join(', ')}`);
    return word;
  }
}
