/** docs/troubleshooting.md and docs/reference/events.md against the words that the code writes. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DATA_STATES } from '../../src/api/lun-resync-status.ts';
import { REASONS, type Reason } from '../../src/core/reasons.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Every Event that the rules announce, as `reason type action`: an announcement is written in one form only. */
const core = globSync('src/core/*.ts', { cwd: ROOT }).map(read).join('\n');
const announced = [...core.matchAll(/type: '(Normal|Warning)', reason: '(\w+)', action: '(\w+)'/g)];
const events = [...new Set(announced.map(([, type, reason, action]) => `${reason} ${type} ${action}`))];

const reasonsOf = (kind: Reason['kind']): string[] =>
  Object.entries<Reason>(REASONS).flatMap(([name, reason]) => (reason.kind === kind ? [name] : []));

/** The words in quotes of one piece of a source: a type, or a function's body. */
function wordsIn(path: string, piece: RegExp): string[] {
  const text = piece.exec(read(path))?.[0] ?? '';
  return [...text.matchAll(/'([A-Z]\w+)'/g)].map(([, word = '']) => word);
}

const undo = wordsIn('src/core/conditions.ts', /export type Undo = [^;]+;/);
const readiness = wordsIn('src/controller/storage-arrays.ts', /^function readiness[^]*?^}/m).filter(
  (word) => !['True', 'False', 'Unauthenticated'].includes(word),
);

/** Which words the section with this heading has entries for. */
const SECTIONS: readonly (readonly [heading: string, words: readonly string[]])[] = [
  ['While the run goes on', reasonsOf('Active')],
  ['Succeeded', reasonsOf('Success')],
  ['Did not succeed', reasonsOf('Failure')],
  ['Whether a run can be undone', undo],
  ['What is on the targets', DATA_STATES],
  ['StorageArray', readiness],
  ['Events', events.map((event) => event.split(' ')[0] ?? '')],
];

const sections = new Map(
  read('docs/troubleshooting.md')
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [heading = ''] = section.split('\n', 1);
      const entries = section.split(/^### /m).slice(1);
      return [heading, entries] as const;
    }),
);

describe('docs/troubleshooting.md', () => {
  it.each(SECTIONS)(
    'has under "%s" an entry for every word that the code writes there, and no other',
    (heading, words) => {
      expect(words.length).toBeGreaterThan(0);
      const named = sections.get(heading)?.map((entry) => entry.split('\n', 1)[0] ?? '') ?? [];
      expect(named.toSorted()).toEqual([...words].toSorted());
    },
  );

  it.each([...sections].flatMap(([heading, entries]) => entries.map((entry) => [heading, entry] as const)))(
    'says under "%s" the symptom, the cause, a command and what to do: %s',
    (_, entry) => {
      const parts = [...entry.matchAll(/^- (\w+): (.+)$/gm)];
      expect(parts.map(([, name]) => name)).toEqual(['Symptom', 'Cause', 'Command', 'Fix']);
      expect(parts[2]?.[2]).toMatch(/^`(kubectl|npx lunarray) [^`]+`$/);
      expect(parts.filter(([, , text = '']) => !/[.`]$/.test(text)).map(([text]) => text)).toEqual([]);
    },
  );
});

describe('docs/reference/events.md', () => {
  it('has every Event once, with its type and action, and no other', () => {
    const rows = [...read('docs/reference/events.md').matchAll(/^\| `(\w+)` \| (\w+) \| (\w+) \| .+ \|$/gm)];
    expect(rows.map(([, ...words]) => words.join(' ')).toSorted()).toEqual(events.toSorted());
  });

  it('misses none that is announced in another form', () => {
    expect(announced).toHaveLength([...core.matchAll(/(?<!readonly )type: '(?:Normal|Warning)'/g)].length);
    expect(events.length).toBeGreaterThan(10);
  });
});
