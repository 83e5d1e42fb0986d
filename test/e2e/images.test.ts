// The two images, built from the Dockerfile and run by a container engine. No part of `npm test`: it needs an engine, and
// base images that the engine can pull or has. BUILD_IMAGE and RUNTIME_IMAGE name others than the Dockerfile does.
import { join } from 'node:path';
import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers';
import { beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const BUILD_TIMEOUT_MS = 900_000;

beforeAll(async () => {
  try {
    await getContainerRuntimeClient();
  } catch (error) {
    throw new Error('test:e2e needs a container engine: start Docker, or set DOCKER_HOST', { cause: error });
  }
});

function image(target: 'operator' | 'simulator'): Promise<GenericContainer> {
  const names = ['BUILD_IMAGE', 'RUNTIME_IMAGE'] as const;
  const buildArgs = Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
  return GenericContainer.fromDockerfile(ROOT).withTarget(target).withBuildArgs(buildArgs).build();
}

describe('the images', () => {
  it('run the simulated array as a numeric user, and its command line reaches it', {
    timeout: BUILD_TIMEOUT_MS,
  }, async () => {
    const container = await (await image('simulator')).withWaitStrategy(Wait.forLogMessage(/"event":"ready"/)).start();
    try {
      const cli = ['node', 'dist/simulator/cli/main.js', '--data', '/data'];
      const made = await container.exec([...cli, 'create-pool', 'pool-a', '1GiB']);
      expect(made.output).toContain('pool-a');
      expect((await container.exec(['node', '-p', 'process.getuid()'])).output.trim()).toBe('65532');
    } finally {
      await container.stop();
    }
  });

  it('run the operator, which says what it lacks without a cluster', { timeout: BUILD_TIMEOUT_MS }, async () => {
    const wait = Wait.forLogMessage(/no kubeconfig found/);
    const container = await (await image('operator')).withWaitStrategy(wait).start();
    await container.stop();
  });
});
