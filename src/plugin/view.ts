/** Where a watched run is shown: redrawn in place on a terminal, line by line everywhere else. */
import type { LunResync } from '../api/lun-resync.ts';
import { changeLines } from './change-lines.ts';
import type { Io } from './command.ts';
import { frame, type Size } from './frame.ts';
import type { RunState } from './run.ts';
import { render } from './text.ts';

export type View = Disposable & {
  /** Shows the newest state; called again with the same one when only the time has moved on. */
  readonly show: (state: RunState) => void;
  /** Says something about the watching itself; an empty text takes it back. */
  readonly notice: (text: string) => void;
};

/** The view that fits where the output goes. `noColor` is the option; NO_COLOR and TERM are asked as Node does. */
export function openView({ out, err, env }: Io, noColor: boolean): View {
  if (!out.isTTY || env['TERM'] === 'dumb') return new LineView(out, err);
  return new TerminalView(out, usesColour(out, env, noColor));
}

/** Whether escape codes for colours are wanted. Source: no-color.org, and Node's WriteStream.getColorDepth. */
export function usesColour(out: NodeJS.WriteStream, env: NodeJS.ProcessEnv, noColor: boolean): boolean {
  return out.isTTY && !noColor && out.hasColors(env);
}

/** Of a terminal that does not tell its size. */
const USUAL: Size = { columns: 80, rows: 24 };

/** Draws over its own last frame. The last one stays when it is disposed of. */
class TerminalView implements View {
  readonly #out: NodeJS.WriteStream;
  readonly #colour: boolean;
  readonly #redraw = (): void => this.#draw();
  #state: RunState | undefined;
  #notice = '';
  /** The lengths of the lines that stand on the terminal: after a resize they may take more rows than lines. */
  #drawn: readonly number[] = [];

  constructor(out: NodeJS.WriteStream, colour: boolean) {
    this.#out = out;
    this.#colour = colour;
    // Node emits this on SIGWINCH, when `columns` and `rows` are the new ones.
    out.on('resize', this.#redraw);
  }

  show(state: RunState): void {
    this.#state = state;
    this.#draw();
  }

  notice(text: string): void {
    this.#notice = text;
    this.#draw();
  }

  [Symbol.dispose](): void {
    this.#out.off('resize', this.#redraw);
    // What the terminal echoed of Ctrl-C.
    this.#out.write(`\r${ERASE_BELOW}`);
  }

  #draw(): void {
    if (this.#state === undefined) return;
    const { columns, rows } = sizeOf(this.#out);
    const lines = frame(this.#state, { columns, rows }, this.#notice);
    const up = this.#drawn.reduce((sum, length) => sum + Math.max(1, Math.ceil(length / columns)), 0);
    const texts = lines.map((line) => `${ERASE_LINE}${render(line, { width: columns, colour: this.#colour })}\n`);
    this.#out.write(`\r${up === 0 ? '' : `\u001b[${up}A`}${texts.join('')}${ERASE_BELOW}`);
    this.#drawn = lines.map((line) => render(line, { width: columns, colour: false }).length);
  }
}

/** Before a line and not after it: behind a line that is as long as the terminal is wide it would erase the last character. */
const ERASE_LINE = '\u001b[2K';
const ERASE_BELOW = '\u001b[J';

function sizeOf(out: NodeJS.WriteStream): Size {
  return { columns: out.columns || USUAL.columns, rows: out.rows || USUAL.rows };
}

class LineView implements View {
  readonly #out: NodeJS.WriteStream;
  readonly #err: NodeJS.WriteStream;
  #shown: LunResync | undefined;

  constructor(out: NodeJS.WriteStream, err: NodeJS.WriteStream) {
    this.#out = out;
    this.#err = err;
  }

  show(state: RunState): void {
    for (const line of changeLines(this.#shown, state)) this.#out.write(`${line}\n`);
    this.#shown = state.resync;
  }

  notice(text: string): void {
    if (text !== '') this.#err.write(`${text}\n`);
  }

  [Symbol.dispose](): void {}
}
