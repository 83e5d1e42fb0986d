// Vitest's global setup of the project `cluster`: one cluster with the simulated array and the operator, from their charts,
// for all files of test/e2e/cluster.
import type { TestProject } from 'vitest/node';
import { findSnapshotCRDs } from '../../../scripts/control-plane/snapshot-crds.ts';
import { type ClusterAccess, clusterAt, type StartedCluster, startCluster } from './cluster.ts';
import { findEngine, isExpected } from './engine.ts';
import { buildImage } from './images.ts';
import { installOperator, namespace, REVISIONS } from './installation.ts';
import { sidecarValues } from './sidecars.ts';
import { ARRAY_NAMESPACE, applyArray, makeGolden } from './simulated-array.ts';

/** What a test file gets from `inject('e2e')`. */
export type Prepared = {
  readonly access: ClusterAccess;
  /** The operator's image without its tag, which is one of REVISIONS. */
  readonly operatorImage: string;
  /** For Pods of tests: it has a shell and Node. */
  readonly podImage: string;
};

declare module 'vitest' {
  interface ProvidedContext {
    e2e: Prepared;
  }
}

let started: StartedCluster | undefined;

/** Makes the cluster and installs everything, unless this machine is not expected to have a cluster. */
export async function setup(project: TestProject): Promise<void> {
  if (!isExpected('cluster')) return;
  const engine = await findEngine();
  const simulator = await buildImage(engine, 'simulator');
  const operators: string[] = [];
  for (const revision of REVISIONS) operators.push(await buildImage(engine, 'operator', revision));
  started = await startCluster(engine);
  const { provider, access } = started;
  const cluster = clusterAt(access);
  await cluster.kubectl('apply', '-f', await findSnapshotCRDs());
  await cluster.apply(
    namespace('lunresync-system', 'restricted'),
    namespace(ARRAY_NAMESPACE, 'privileged'),
    namespace('runs', 'restricted'),
  );
  const loaded: string[] = [];
  for (const image of operators) loaded.push(await provider.loadImage(image));
  const operatorImage = loaded[0]?.replace(/:[^:/]+$/, '') ?? '';
  const podImage = await provider.loadImage(simulator);
  await installOperator(cluster, operatorImage);
  const { snapshotController = {}, ...sidecars } = await sidecarValues(engine, provider);
  await cluster.install('lunresync-simulator', ARRAY_NAMESPACE, {
    image: { name: podImage },
    ...sidecars,
    snapshotController: { enabled: true, ...snapshotController },
  });
  await applyArray(cluster);
  await makeGolden(cluster);
  project.provide('e2e', { access, operatorImage, podImage });
}

/** Takes the cluster away. */
export async function teardown(): Promise<void> {
  await started?.[Symbol.asyncDispose]();
}
