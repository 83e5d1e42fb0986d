// Figures beside their aims, and the table of them.

/** What a figure should be. */
export type Aim = { readonly kind: 'at most' | 'at least' | 'below'; readonly value: number };

/** One figure. `unit` follows the number, with its own space where it needs one. */
export type Row = {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly aim?: Aim;
};

/** What one part found. `note` says why it found nothing, or nothing more. */
export type PartReport = { readonly part: string; readonly rows: readonly Row[]; readonly note?: string };

/** What a part needs. */
export type BenchContext<Sizes> = {
  /** Exists, is empty at first, and is deleted at the end. */
  readonly folder: string;
  readonly sizes: Sizes;
  /** Tells the person who waits what is being done. */
  readonly say: (line: string) => void;
};

/** Something that this machine cannot measure, which is no failure. The message is one sentence for the reader. */
export class NotMeasurable extends Error {
  override readonly name = 'NotMeasurable';
}

/** Whether the aim is met; undefined when there is none. */
export function isMet({ value, aim }: Row): boolean | undefined {
  if (aim === undefined) return undefined;
  if (aim.kind === 'at least') return value >= aim.value;
  return aim.kind === 'below' ? value < aim.value : value <= aim.value;
}

/** The table as text, one line a figure, then the notes. */
export function table(reports: readonly PartReport[]): string {
  const head = ['part', 'what', 'figure', 'aim', 'met'];
  const body = reports.flatMap(({ part, rows }) => rows.map((row) => [part, ...cells(row)]));
  const all = [head, ...body];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const isNumber = (column: number): boolean => column === 2;
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  const notes = reports.flatMap(({ part, note }) => (note === undefined ? [] : [`${part}: ${note}`]));
  return [line(head), rule, ...body.map(line), ...notes].join('\n');
}

function cells(row: Row): string[] {
  const { what, value, unit, aim } = row;
  const met = isMet(row);
  const aimText = aim === undefined ? '' : `${aim.kind} ${formatNumber(aim.value)}${unit}`;
  return [what, `${formatNumber(value)}${unit}`, aimText, met === undefined ? '' : met ? 'met' : 'NOT MET'];
}

/** Three significant digits, without an exponent. */
function formatNumber(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
