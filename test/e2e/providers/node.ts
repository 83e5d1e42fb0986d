// A cluster of one node in one container, which needs no registry of images: tools/node-cluster.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../support/until.ts';
import type { Engine } from '../support/engine.ts';
import { makeNodeImage } from './node-image.ts';
import type { ClusterProvider } from './provider.ts';

const START_TIMEOUT_MS = 240_000;

// What --privileged means, one by one: an engine that lacks a capability itself refuses that flag, and none here needs
// CAP_SYS_RESOURCE, the one that virtual machines lack.
const RIGHTS = [
  '--cap-add=ALL',
  '--cap-drop=SYS_RESOURCE',
  '--security-opt=seccomp=unconfined',
  '--security-opt=apparmor=unconfined',
  '--device-cgroup-rule=a *:* rwm',
  '--cgroupns=private',
];

/** A new cluster; `say` hears of what takes minutes. */
export function nodeProvider(engine: Engine, say: (line: string) => void): ClusterProvider {
  const container = `lunresync-node-${randomUUID().slice(0, 8)}`;
  const logs = (): Promise<string> => engine.run(['logs', '--tail', '200', container]);
  return {
    up: async () => {
      const image = await makeNodeImage(engine, say);
      const published = ['--hostname', 'node', '--publish', '127.0.0.1::6443'];
      await engine.run(['run', '--detach', '--name', container, ...RIGHTS, ...published, image]);
      await until(
        () => `the node in container ${container}`,
        async () => {
          if (/^ready$/m.test(await logs())) return true;
          const state = await engine.run(['inspect', '--format', '{{.State.Running}}', container]);
          // Its last words may have come since.
          if (state.trim() !== 'true') throw new Error(`The node ended before it was ready:\n${await logs()}`);
          return false;
        },
        START_TIMEOUT_MS,
      );
    },
    kubeconfig: async () => {
      const address = (await engine.run(['port', container, '6443/tcp'])).trim();
      const inside = await engine.run(['exec', container, 'cat', '/var/lib/node-cluster/admin.kubeconfig']);
      return inside.replace('127.0.0.1:6443', address);
    },
    loadImage: async (image) => {
      const folder = await mkdtemp(join(tmpdir(), 'lunresync-image-'));
      try {
        const archive = join(folder, 'image.tar');
        await engine.run(['save', '--output', archive, image], { timeoutMs: START_TIMEOUT_MS });
        await engine.run(['cp', archive, `${container}:/image.tar`], { timeoutMs: START_TIMEOUT_MS });
        const ctr = ['exec', container, 'ctr', '--namespace', 'k8s.io', 'images', 'import', '/image.tar'];
        await engine.run(ctr, { timeoutMs: START_TIMEOUT_MS });
        await engine.run(['exec', container, 'rm', '/image.tar']);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
      return image;
    },
    logs,
    down: async () => {
      // In good order first: the node puts back what its kubelet set in the host's kernel. There may be none any more.
      await engine.run(['stop', '--time', '20', container]).catch(() => '');
      await engine.run(['rm', '--force', '--volumes', container]);
    },
  };
}
