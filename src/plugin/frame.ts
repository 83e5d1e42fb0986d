/** A run as some lines of a terminal: a pure function of the run's state and the terminal's size. */
import type { LunResync } from '../api/lun-resync.ts';
import type { PairStatus } from '../api/lun-resync-status.ts';
import { formatBytes, formatDuration, formatNames } from '../core/format.ts';
import {
  dataStyle,
  isFinished,
  messageOf,
  pairPercent,
  pairStyle,
  pairsOf,
  type RunState,
  reasonRow,
  reasonStyle,
  reasonWord,
  remainingMs,
} from './run.ts';
import { column, type Line, plain, type Span, wrap } from './text.ts';

export type Size = { readonly columns: number; readonly rows: number };

/** From so many columns on there is room for where each pair leads from and to. */
const WIDE = 100;
/** A message that needs more lines is cut: `status` has the rest. */
const MAX_MESSAGE_LINES = 4;

/**
 * The lines, each at most `columns` wide where `render` cuts it, and fewer than `rows` of them, since a terminal cannot
 * be redrawn in place above its first line. `notice` is about the watching itself.
 */
export function frame(state: RunState, size: Size, notice = ''): Line[] {
  const { resync } = state;
  const head = [headline(resync), ...progressLine(state, size)];
  const foot = [...planLines(resync, size), ...footLines(resync, size), ...noticeLine(notice)];
  const room = Math.max(1, size.rows - 1 - head.length - foot.length);
  return [...head, ...pairLines(resync, size, room), ...foot].slice(0, Math.max(1, size.rows - 1));
}

function headline(resync: LunResync): Line {
  const { metadata, status } = resync;
  const { attempt = 0, pairsSummary, dataState, arrayName } = status;
  return [
    plain(metadata.name, 'bold'),
    { text: '  ' },
    plain(reasonWord(resync), reasonStyle(resync)),
    ...(metadata.deletionTimestamp === undefined ? [] : [{ text: '  being deleted', style: 'yellow' as const }]),
    ...labelled('pairs', pairsSummary),
    ...(dataState === undefined ? [] : [{ text: '  data ' }, { text: dataState, style: dataStyle(dataState) }]),
    ...labelled('attempt', attempt > 1 ? String(attempt) : undefined),
    ...labelled('array', arrayName),
  ];
}

function labelled(label: string, value: string | undefined): Span[] {
  return value === undefined ? [] : [{ text: `  ${label} ${value}` }];
}

function progressLine(state: RunState, { columns }: Size): Line[] {
  const { percent, copiedBytes = 0, totalBytes, bytesPerSecond } = state.resync.status.progress ?? {};
  if (percent === undefined || totalBytes === undefined) return [];
  const left = remainingMs(state);
  const parts = [
    `${formatBytes(copiedBytes)} of ${formatBytes(totalBytes)}`,
    ...(bytesPerSecond === undefined ? [] : [`${formatBytes(bytesPerSecond)}/s`]),
    ...(left === undefined ? [] : [`${formatDuration(left)} left`]),
  ];
  return [[...bar(percent, columns >= WIDE ? 40 : 24), { text: `  ${parts.join('  ')}` }]];
}

function bar(percent: number, width: number): Span[] {
  const filled = Math.round((percent / 100) * width);
  return [
    { text: `[${'#'.repeat(filled)}` },
    { text: '.'.repeat(width - filled), style: 'dim' },
    { text: `] ${String(percent).padStart(3)}%` },
  ];
}

function pairLines(resync: LunResync, size: Size, room: number): Line[] {
  const pairs = pairsOf(resync);
  if (pairs.length <= room) return pairs.map((pair) => pairLine(pair, pairs, size));
  const shown = pairs.slice(0, room - 1);
  const rest: Line = [{ text: `  … and ${countStates(pairs.slice(room - 1))}`, style: 'dim' }];
  return [...shown.map((pair) => pairLine(pair, pairs, size)), rest];
}

/** `12 more pairs: 10 Copying, 2 Succeeded`. */
function countStates(pairs: readonly PairStatus[]): string {
  const counts = new Map<string, number>();
  for (const { state = 'Pending' } of pairs) counts.set(state, (counts.get(state) ?? 0) + 1);
  const parts = [...counts].map(([state, count]) => `${count} ${state}`);
  return `${pairs.length} more ${pairs.length === 1 ? 'pair' : 'pairs'}: ${parts.join(', ')}`;
}

function pairLine(pair: PairStatus, all: readonly PairStatus[], { columns }: Size): Line {
  const wide = columns >= WIDE;
  const nameWidth = Math.min(Math.max(...all.map(({ name }) => name.length)), wide ? 24 : 16);
  return [
    { text: `  ${column(pair.name, nameWidth)}  ` },
    { text: column(pair.state ?? 'Pending', 'RollingBack'.length), style: pairStyle(pair) },
    ...pairProgress(pair, wide ? 20 : 10),
    ...(wide ? pairWay(pair) : []),
    ...(pair.message === undefined ? [] : [{ text: '  ' }, plain(pair.message, 'red')]),
  ];
}

function pairProgress(pair: PairStatus, width: number): Span[] {
  const percent = pairPercent(pair);
  if (percent === undefined) return [];
  const { copiedBytes = 0, totalBytes = 0 } = pair;
  const bytes = `${formatBytes(copiedBytes)} of ${formatBytes(totalBytes)}`;
  return [{ text: '  ' }, ...bar(percent, width), { text: `  ${bytes.padEnd('1023.9 MiB of 1023.9 MiB'.length)}` }];
}

function pairWay({ source, target }: PairStatus): Span[] {
  if (source?.lunID === undefined || target?.lunID === undefined) return [];
  return [{ text: '  ' }, { text: `${plain(source.lunID).text} → ${plain(target.lunID).text}`, style: 'dim' }];
}

function planLines(resync: LunResync, { columns }: Size): Line[] {
  return (resync.status.plan ?? []).flatMap(({ pair, action, severity }) => {
    const text = `${pair === undefined ? '' : `${pair}: `}${action}`;
    return wrap(plain(text).text, columns - 2).map((line): Line => {
      return [{ text: `  ${line}`, style: severity === 'Blocked' ? 'red' : undefined }];
    });
  });
}

function footLines(resync: LunResync, { columns }: Size): Line[] {
  const { users = [] } = resync.status;
  const held = users.length === 0 ? [] : [`In use by ${formatNames(users.map(({ kind, name }) => `${kind} ${name}`))}`];
  const remedy = isFinished(resync) ? (reasonRow(resync)?.remedy ?? '') : '';
  const texts = [messageOf(resync), ...held, ...(remedy === '' ? [] : [`What to do: ${remedy}`])];
  return texts.flatMap((text) =>
    wrap(plain(text).text, columns)
      .slice(0, MAX_MESSAGE_LINES)
      .map((line): Line => [{ text: line }]),
  );
}

function noticeLine(notice: string): Line[] {
  return notice === '' ? [] : [[plain(notice, 'yellow')]];
}
