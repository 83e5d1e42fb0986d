// A cluster of one K3s in one container, by testcontainers: where the engine can pull the image, and k3d is not installed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { K3sContainer, type StartedK3sContainer } from '@testcontainers/k3s';
import type { Engine } from '../support/engine.ts';
import type { ClusterProvider } from './provider.ts';

const SAVE_TIMEOUT_MS = 240_000;

/** A new cluster; the image is pulled by the engine. */
export function k3sContainerProvider(image: string, engine: Engine): ClusterProvider {
  let started: StartedK3sContainer | undefined;
  const running = (): StartedK3sContainer => {
    if (started === undefined) throw new Error('The cluster is not up.');
    return started;
  };
  return {
    up: async () => {
      // A CSI driver makes loop devices, which appear in the host's /dev alone, and mounts for other containers.
      // The control groups are what K3sContainer mounts itself, and would be replaced.
      const mounts = ['/dev', '/sys/fs/cgroup'].map((path) => ({ source: path, target: path }));
      started = await new K3sContainer(image).withBindMounts(mounts).start();
      await started.exec(['mount', '--make-rshared', '/']);
    },
    kubeconfig: () => Promise.resolve(running().getKubeConfig()),
    loadImage: async (name) => {
      const folder = await mkdtemp(join(tmpdir(), 'lunresync-image-'));
      try {
        const archive = join(folder, 'image.tar');
        await engine.run(['save', '--output', archive, name], { timeoutMs: SAVE_TIMEOUT_MS });
        await running().copyFilesToContainer([{ source: archive, target: '/image.tar' }]);
        const { exitCode, output } = await running().exec(['ctr', 'images', 'import', '/image.tar']);
        if (exitCode !== 0) throw new Error(`${name} could not be loaded: ${output}`);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
      return name;
    },
    logs: async () => text(await running().logs({ tail: 200 })),
    down: async () => {
      await started?.stop();
      started = undefined;
    },
  };
}
