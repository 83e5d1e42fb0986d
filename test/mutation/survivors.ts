/** The mutants that no test has killed, held against those of which it is known why none can. */

/** A mutant that may survive: the file in src/core, the line as it stands there, and what the mutant makes of it. */
export type Equivalent = {
  readonly file: string;
  readonly mutator: string;
  readonly code: string;
  readonly replacement: string;
  readonly reason: string;
};

/** What of the report of Stryker is used (the schema of mutation testing elements). */
export type Report = {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly ReportedMutant[] }>>;
};

type ReportedMutant = {
  readonly mutatorName: string;
  readonly status: string;
  readonly replacement?: string;
  readonly location: { readonly start: { readonly line: number } };
};

export type Survivor = Omit<Equivalent, 'reason'> & { readonly line: number; readonly reason: string | undefined };

/** Replacements can be whole functions: so much of one tells it from another of the same line. */
const MAX_REPLACEMENT = 60;

/** Every mutant that survived, with the reason where one is known. */
export function survivorsOf(report: Report, known: readonly Equivalent[]): Survivor[] {
  return Object.entries(report.files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split('\n');
    return mutants
      .filter(({ status }) => !KILLED.has(status))
      .map(({ mutatorName: mutator, replacement = '', location: { start } }) => {
        const code = (lines[start.line - 1] ?? '').trim();
        const short = replacement.replaceAll(/\s+/g, ' ').slice(0, MAX_REPLACEMENT);
        const survivor = { file, mutator, code, replacement: short };
        return { ...survivor, line: start.line, reason: known.find((entry) => isSame(entry, survivor))?.reason };
      });
  });
}

/** How many mutants there are, and how many were killed. */
export function scoreOf(report: Report): { readonly mutants: number; readonly killed: number } {
  const all = Object.values(report.files).flatMap(({ mutants }) => mutants);
  return { mutants: all.length, killed: all.filter(({ status }) => KILLED.has(status)).length };
}

const KILLED = new Set(['Killed', 'Timeout']);

function isSame(a: Omit<Equivalent, 'reason'>, b: Omit<Equivalent, 'reason'>): boolean {
  return a.file === b.file && a.mutator === b.mutator && a.code === b.code && a.replacement === b.replacement;
}
