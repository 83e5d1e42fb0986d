/** The version of the program, from the package it was started from. */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

/** Such as `0.1.0`. Throws when the package's description is missing, which means a broken installation. */
export function programVersion(): string {
  const file = findPackageJSON(import.meta.url);
  const description: unknown = file === undefined ? undefined : JSON.parse(readFileSync(file, 'utf8'));
  if (typeof description === 'object' && description !== null && 'version' in description)
    return String(description.version);
  throw new Error('package.json has no version');
}
