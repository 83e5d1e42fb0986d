/**
 * Sources with a rule taken out, for the runs that must then find a violation: the project's own code, changed as it is
 * loaded and nowhere else. What is left out is named by a piece of the source, so that no second copy of a rule exists.
 */
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/** One change of one file under `src`. `find` must be there exactly once: a rule that was moved must be found again. */
export type SourcePatch = {
  readonly name: string;
  /** Why the rule is there: what must go wrong without it. */
  readonly why: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
};

/** What the patches make of a file's source. Throws when one of them does not fit the source any more. */
export function patched(file: string, source: string, patches: readonly SourcePatch[]): string {
  return patches
    .filter((patch) => patch.file === file)
    .reduce((text, { name, find, replace }) => {
      const parts = text.split(find);
      if (parts.length !== 2)
        throw new Error(`patch ${name}: ${parts.length - 1} places in src/${file} read like "${find}", not one`);
      return parts.join(replace);
    }, source);
}

/**
 * Changes the sources that are imported from now on in this thread. To be called once, in a process or worker of its own,
 * before anything under `src` is imported: modules that are loaded already stay as they are.
 */
export function installPatches(patches: readonly SourcePatch[]): void {
  const root = new URL('../../src/', import.meta.url).href;
  const files = new Set(patches.map((patch) => patch.file));
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context);
      const file = url.startsWith(root) ? fileURLToPath(url).slice(fileURLToPath(root).length) : '';
      if (!files.has(file)) return loaded;
      return { ...loaded, source: patched(file, textOf(loaded.source), patches) };
    },
  });
}

function textOf(source: unknown): string {
  return typeof source === 'string' ? source : Buffer.from(source as Uint8Array).toString('utf8');
}
