// What deploy/argocd and deploy/flux give to GitOps tools, read from there.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import type { Expressions } from './evaluators.ts';

const DEPLOY = join(import.meta.dirname, '..', '..', '..', 'deploy');

/** The folder in the form in which Argo CD's own repository takes a contribution. */
export const ARGO_FOLDER = join(DEPLOY, 'argocd', 'resource_customizations', 'lunresync.io', 'LunResync');

/** The actions that Argo CD offers on a LunResync. */
export const ARGO_ACTIONS = ['suspend', 'resume', 'cancel'] as const;

/** A Flux object, with what it says of the health of LunResyncs. */
export type FluxObject = {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly healthCheckExprs?: readonly (Expressions & { readonly kind: string })[] };
};

/** A script of Argo CD, by its path in that folder. */
export function argoScript(path: string): string {
  return readFileSync(join(ARGO_FOLDER, path), 'utf8');
}

/** Every object in deploy/flux. */
export function fluxObjects(): FluxObject[] {
  const files = globSync('flux/*.yaml', { cwd: DEPLOY }).toSorted();
  return files.flatMap((file) => loadAll(readFileSync(join(DEPLOY, file), 'utf8')) as FluxObject[]);
}
