/** What a source file imports, read from its text. */

const FORMS: readonly RegExp[] = [
  // import … from 'x', export … from 'x', over any number of lines
  /^\s*(?:import|export)\s(?:[^'";]*?\s)?from\s*['"]([^'"]+)['"]/gm,
  // import 'x'
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  // import('x'), also as a type
  /\bimport\(\s*['"]([^'"]+)['"]/g,
];

/** The specifiers, type-only imports included, since they are knowledge of the other module as well. */
export function importsOf(text: string): string[] {
  return FORMS.flatMap((form) => [...text.matchAll(form)].flatMap(([, specifier]) => specifier ?? []));
}
