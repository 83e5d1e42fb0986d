/** Lines of text with styles, fitted to a width. All text is printable ASCII but for what this folder itself adds. */
import { styleText } from 'node:util';
import { statusText } from '../api/size.ts';

export type Style = 'green' | 'red' | 'yellow' | 'cyan' | 'bold' | 'dim';

/** A piece of a line. */
export type Span = { readonly text: string; readonly style?: Style | undefined };

export type Line = readonly Span[];

const ELLIPSIS = '…';

/** A span of text from outside, whose control characters would do things to the terminal. */
export function plain(text: string, style?: Style): Span {
  return { text: statusText(text, Number.MAX_SAFE_INTEGER), style };
}

/** Cut to `width` characters, with an ellipsis where something is missing. */
export function clip(text: string, width: number): string {
  if (text.length <= width) return text;
  return width < 1 ? '' : `${text.slice(0, width - 1)}${ELLIPSIS}`;
}

/** Exactly `width` characters: cut, or filled up with blanks. */
export function column(text: string, width: number): string {
  return clip(text, width).padEnd(width);
}

/** Text as lines of at most `width` characters, broken between words; a word that is too long is broken anywhere. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').filter((part) => part !== '')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    let rest = line === '' ? word : `${line} ${word}`;
    for (; rest.length > width; rest = rest.slice(width)) lines.push(rest.slice(0, width));
    line = rest;
  }
  return line === '' ? lines : [...lines, line];
}

export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + text.length, 0);
}

/** The line as it is written: at most `width` characters, and escape codes only where `colour` allows them. */
export function render(line: Line, { width, colour }: { readonly width: number; readonly colour: boolean }): string {
  let room = width;
  let rendered = '';
  const isTooLong = widthOf(line) > width;
  for (const { text, style } of line) {
    if (room <= 0) break;
    // The ellipsis takes the last place of a line that goes on.
    const shown = isTooLong && text.length >= room ? clip(`${text}${ELLIPSIS}`, room) : text;
    room -= shown.length;
    rendered += colour && style !== undefined ? styleText(style, shown, { validateStream: false }) : shown;
  }
  return rendered.trimEnd();
}
