/** Which part of the sources may know which: the arrows of ARCHITECTURE.md, as a table and a function. */

import { isBuiltin } from 'node:module';
import { dirname, join, posix } from 'node:path';

/** What a part may import: paths under src (a folder ends in `/`), `npm`, `node` (all built-ins) or one `node:x`. */
type Rule = readonly string[];

const ADAPTER: Rule = ['api/', 'core/', 'controller/ports.ts', 'controller/queue.ts', 'npm', 'node'];

/** By folder (ends in `/`) or file. Each part may import itself. */
export const RULES: Readonly<Record<string, Rule>> = {
  'api/': ['zod'],
  'core/': ['api/'],
  // The two built-ins compute and do nothing else: whatever the loop does to the world goes through its ports.
  'controller/': ['api/', 'core/', 'node:crypto', 'node:util'],
  'kubernetes/': ADAPTER,
  'array-client/': [...ADAPTER, 'proto/', 'rpc/'],
  'daemon/': ADAPTER,
  'rpc/': ['proto/', 'npm', 'node'],
  'simulator/': ['proto/', 'rpc/', 'npm', 'node'],
  'plugin/': ['api/', 'core/', 'kubernetes/', 'daemon/version.ts', 'daemon/duration.ts', 'npm', 'node'],
  'proto/': ['npm'],
  'control-loop.ts': ['api/', 'core/', 'controller/', 'kubernetes/'],
  'operator.ts': [
    'control-loop.ts',
    'api/',
    'core/',
    'controller/',
    'kubernetes/',
    'array-client/',
    'daemon/',
    'rpc/',
    'proto/',
    'npm',
    'node',
  ],
};

/** The part that a file (path under src) belongs to; undefined when no rule is for it. */
export function partOf(file: string): string | undefined {
  return Object.keys(RULES).find((part) => covers(part, file));
}

/** Whether `file` (path under src) may import `specifier`. */
export function mayImport(file: string, specifier: string): boolean {
  const part = partOf(file);
  const allowed = part === undefined ? [] : [part, ...(RULES[part] ?? [])];
  if (isBuiltin(specifier)) return allowed.includes('node') || allowed.includes(specifier);
  if (!specifier.startsWith('.')) return allowed.includes('npm') || allowed.includes(specifier);
  const target = posix.normalize(join(dirname(file), specifier));
  return allowed.some((place) => covers(place, target));
}

function covers(place: string, file: string): boolean {
  return place.endsWith('/') ? file.startsWith(place) : file === place;
}
