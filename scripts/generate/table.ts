// A table in Markdown, for the pages that are generated.

/** The lines of a table; what would end a cell or begin a tag is escaped, but within code. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.map(escaped).join(' | ')} |`);
}

/** In code a `<` is shown as it stands; a bar ends the cell even there. */
function escaped(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '&lt;')))
    .join('')
    .replaceAll('|', '\\|');
}
