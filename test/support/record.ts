/** The figures of a run, written into a page of docs by the run itself. */
import { readFile, writeFile } from 'node:fs/promises';

const DOCS = new URL('../../docs/', import.meta.url);

/** What a run says of itself: the command that makes it again, and lines of Markdown. */
export type Figures = {
  /** A file of docs; reliability.md unless said. */
  readonly page?: string;
  readonly section: string;
  readonly command: string;
  readonly lines: readonly string[];
};

/**
 * Replaces the section's figures in the page, where LUNRESYNC_RECORD is set: an ordinary run leaves the page as it is.
 * Throws when the page has no such section.
 */
export async function recordFigures({
  page: name = 'reliability.md',
  section,
  command,
  lines,
}: Figures): Promise<void> {
  if (process.env['LUNRESYNC_RECORD'] === undefined) return;
  const file = new URL(name, DOCS);
  const page = await readFile(file, 'utf8');
  const [begin, end] = [`<!-- figures: ${section} -->`, `<!-- end of figures: ${section} -->`];
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/${name} has no figures: ${section}`);
  const date = new Date().toISOString().slice(0, 10);
  const text = [begin, '', `\`${command}\`, ${date}:`, '', ...lines, '', end].join('\n');
  await writeFile(file, `${before}${text}${after}`);
}
