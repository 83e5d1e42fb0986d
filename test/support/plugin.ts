// The kubectl plugin as a process of its own: on pipes, as scripts run it, and in a pseudo-terminal, as people do.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import headless from '@xterm/headless';
import { until } from './until.ts';

const MAIN = fileURLToPath(new URL('../../src/plugin/main.ts', import.meta.url));
const ETX = '\u0003';
const END_TIMEOUT_MS = 60_000;

/** How it ended and what it wrote. */
export type PluginResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** A plugin that runs on pipes. */
export type PipedPlugin = AsyncDisposable & {
  readonly stdout: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Waits until it ends by itself. */
  readonly ended: () => Promise<PluginResult>;
};

type Place = { readonly kubeconfigPath: string };

/** The usual environment without what would decide about colours. */
function environment(place: Place, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { NO_COLOR: _no, FORCE_COLOR: _force, CI: _ci, COLORTERM: _term, ...usual } = process.env;
  // Most of a start is the compilation of packages, which is the same each time.
  const quick = { NODE_COMPILE_CACHE: join(tmpdir(), 'lunresync-compile-cache') };
  return { ...usual, ...quick, KUBECONFIG: place.kubeconfigPath, TERM: 'xterm-256color', ...more };
}

/** Starts the plugin on pipes. */
export function startPlugin(place: Place, args: readonly string[], more: NodeJS.ProcessEnv = {}): PipedPlugin {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(place, more),
  });
  const ended = ending(child);
  const [stdout, stderr] = [collected(child, 'stdout'), collected(child, 'stderr')];
  return {
    stdout,
    kill: (signal) => void child.kill(signal),
    ended: async () => ({ code: await ended(), stdout: stdout(), stderr: stderr() }),
    [Symbol.asyncDispose]: () => killed(child),
  };
}

/** Runs the plugin on pipes to its end. */
export async function runPlugin(place: Place, args: readonly string[]): Promise<PluginResult> {
  await using plugin = startPlugin(place, args);
  return await plugin.ended();
}

/** A plugin in a pseudo-terminal. */
export type TerminalPlugin = AsyncDisposable & {
  /** Every byte so far, escape codes included. */
  readonly raw: () => string;
  /** The lines of the terminal as a person sees them, those that have scrolled out included. */
  readonly screen: () => Promise<readonly string[]>;
  /** Waits until the screen satisfies the condition, and gives it. */
  readonly until: (what: string, isSo: (screen: readonly string[]) => boolean) => Promise<readonly string[]>;
  /** Types the text and presses Enter. */
  readonly type: (text: string) => void;
  /** Presses Ctrl-C. */
  readonly interrupt: () => void;
  readonly resize: (columns: number) => Promise<void>;
  readonly ended: () => Promise<number | null>;
};

export type TerminalOptions = {
  readonly columns: number;
  readonly rows?: number;
  readonly env?: NodeJS.ProcessEnv;
};

/** Starts the plugin in a pseudo-terminal of that size. */
export async function startInTerminal(
  place: Place,
  args: readonly string[],
  { columns, rows = 24, env = {} }: TerminalOptions,
): Promise<TerminalPlugin> {
  const terminal = new headless.Terminal({ cols: columns, rows, scrollback: 1_000, allowProposedApi: true });
  const words = [process.execPath, MAIN, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const command = `stty cols ${columns} rows ${rows}; tty; exec ${words}`;
  // script(1) gives its child a terminal of its own, passes on what it is written, and ends as the child ends.
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: environment(place, { SHELL: '/bin/sh', ...env }),
  });
  const ended = ending(child);
  let device: string | undefined;
  let raw = '';
  child.stdout.on('data', (chunk: Buffer) => {
    raw += chunk.toString();
    if (device !== undefined) terminal.write(chunk);
    const end = raw.indexOf('\n');
    if (device !== undefined || end < 0) return;
    device = raw.slice(0, end).trim();
    raw = raw.slice(end + 1);
    terminal.write(raw);
  });
  const screen = async (): Promise<readonly string[]> => {
    await new Promise<void>((resolve) => terminal.write('', resolve));
    return linesOf(terminal);
  };
  return {
    raw: () => raw,
    screen,
    until: async (what, isSo) => {
      let lines: readonly string[] = [];
      const said = (): string => `${what}; the screen is\n${lines.join('\n')}`;
      await until(said, async () => isSo((lines = await screen())), END_TIMEOUT_MS);
      return lines;
    },
    type: (text) => void child.stdin.write(`${text}\r`),
    interrupt: () => void child.stdin.write(ETX),
    resize: async (newColumns) => {
      // The kernel first, as a frame of the old width would be broken by the narrower terminal.
      await promisify(execFile)('stty', ['-F', device ?? '', 'cols', String(newColumns)]);
      terminal.resize(newColumns, rows);
    },
    ended,
    [Symbol.asyncDispose]: async () => {
      terminal.dispose();
      await killed(child);
    },
  };
}

function linesOf(terminal: InstanceType<typeof headless.Terminal>): string[] {
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, at) => active.getLine(at)?.translateToString(true) ?? '');
  return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);
}

function collected(child: ChildProcess, stream: 'stdout' | 'stderr'): () => string {
  let text = '';
  child[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

/** Its exit code, when everything that it wrote has been read. To be called at its start; rejects when it takes too long. */
function ending(child: ChildProcess): () => Promise<number | null> {
  let isClosed = false;
  let code: number | null = null;
  child.once('close', (exitCode) => {
    isClosed = true;
    code = exitCode;
  });
  return async () => {
    await until(
      () => 'the plugin to end',
      () => isClosed,
      END_TIMEOUT_MS,
    );
    return code;
  };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
