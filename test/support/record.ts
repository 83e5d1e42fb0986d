/** The figures of a run, written into docs/reliability.md by the run itself. */
import { readFile, writeFile } from 'node:fs/promises';

const PAGE = new URL('../../docs/reliability.md', import.meta.url);

/** What a run says of itself: the command that makes it again, and lines of Markdown. */
export type Figures = { readonly section: string; readonly command: string; readonly lines: readonly string[] };

/**
 * Replaces the section's figures in docs/reliability.md, where LUNRESYNC_RECORD is set: an ordinary run leaves the page
 * as it is. Throws when the page has no such section.
 */
export async function recordFigures({ section, command, lines }: Figures): Promise<void> {
  if (process.env['LUNRESYNC_RECORD'] === undefined) return;
  const page = await readFile(PAGE, 'utf8');
  const [begin, end] = [`<!-- figures: ${section} -->`, `<!-- end of figures: ${section} -->`];
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/reliability.md has no figures: ${section}`);
  const date = new Date().toISOString().slice(0, 10);
  const text = [begin, '', `\`${command}\`, ${date}:`, '', ...lines, '', end].join('\n');
  await writeFile(PAGE, `${before}${text}${after}`);
}
