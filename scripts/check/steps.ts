// The checks that `npm run check` makes: what each is called, and the command that a person can repeat.
import { join, relative } from 'node:path';

/** One check. `command` runs in the repository's root, with the project's own programs first on the PATH. */
export type Step = {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
  /** Makes a line of the program's output readable; absent where it is. */
  readonly readable?: (line: string) => string;
};

const ROOT = join(import.meta.dirname, '..', '..');

/** In the order in which they run: the one whose findings explain most others comes first. */
export const STEPS: readonly Step[] = [
  { name: 'types', command: ['tsc', '--noEmit', '-p', 'tsconfig.json'] },
  { name: 'lint and file sizes', command: ['oxlint', '--type-aware', '--format', 'unix'] },
  {
    name: 'format and import order (npm run format)',
    command: ['biome', 'ci', '--colors=off', '--max-diagnostics=200', '--reporter=github'],
    readable: fromAnnotation,
  },
  { name: 'dead code and dependencies', command: ['knip', '--no-progress', '--no-config-hints'] },
  { name: 'generated files', command: ['node', 'scripts/generate.ts', '--check'] },
  {
    name: 'import directions and reference pages',
    command: ['vitest', 'run', '--project', 'unit', '--reporter=dot', 'test/tidy'],
  },
];

/** biome has one line a finding in the form of GitHub's annotations only; its own form is a screenful each. */
function fromAnnotation(line: string): string {
  const [, title, file, at, message] = /^::error title=([^,]*),file=([^,]*),line=(\d+),.*?::(.*)$/.exec(line) ?? [];
  return file === undefined ? line : `${relative(ROOT, file)}:${at}: ${message} [${title}]`;
}
