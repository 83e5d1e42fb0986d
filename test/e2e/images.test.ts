// The two images, built from the Dockerfile and run by a container engine.
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startControlPlane } from '../support/control-plane.ts';
import { freePort } from '../support/free-port.ts';
import { type Engine, findEngine, isExpected } from './support/engine.ts';
import { buildImage, NODE_SERVICE_PROGRAMS, type Target } from './support/images.ts';

const ROOT = join(import.meta.dirname, '..', '..');
type ImageConfig = { readonly User: string; readonly Env: readonly string[]; readonly Entrypoint: readonly string[] };

const BUILD_TIMEOUT_MS = 1_200_000;

describe.skipIf(!isExpected('engine'))('the images', () => {
  let engine: Engine;
  const images: Partial<Record<Target, string>> = {};
  const image = (target: Target): string => images[target] ?? '';

  beforeAll(async () => {
    engine = await findEngine();
    for (const target of ['operator', 'simulator'] as const) images[target] = await buildImage(engine, target);
  }, BUILD_TIMEOUT_MS);

  /** Every file and folder of an image, without the slash in front. */
  async function filesOf(target: Target): Promise<string[]> {
    const container = (await engine.run(['create', image(target)])).trim();
    const folder = await mkdtemp(join(tmpdir(), 'lunresync-image-'));
    try {
      await engine.run(['export', '--output', join(folder, 'image.tar'), container]);
      const maxBuffer = 64 * 1024 * 1024;
      const listed = await promisify(execFile)('tar', ['-tf', join(folder, 'image.tar')], { maxBuffer });
      return listed.stdout.split('\n').map((path) => path.replace(/^\.?\/|\/$/g, ''));
    } finally {
      await engine.run(['rm', container]);
      await rm(folder, { recursive: true, force: true });
    }
  }

  async function configOf(target: Target): Promise<ImageConfig> {
    return JSON.parse(await engine.run(['inspect', '--format', '{{json .Config}}', image(target)])) as ImageConfig;
  }

  describe('the operator', () => {
    let files: readonly string[];
    beforeAll(async () => {
      files = await filesOf('operator');
    });

    it('is run by Node as a numeric user who is not root', async () => {
      const config = await configOf('operator');
      expect(config.User).toBe('65532:65532');
      expect(config.Entrypoint[0]).toBe('node');
    });

    it('has no shell, no package manager, and nothing of the registry that it was built from', async () => {
      const names = /(^|\/)(sh|bash|dash|ash|busybox|npm|npx|apt|apt-get|dpkg|apk)$|npmrc|run\/secrets|npm-ca/;
      expect(files.filter((path) => names.test(path))).toEqual([]);
      const history = await engine.run(['history', '--no-trunc', image('operator')]);
      expect(history + (await configOf('operator')).Env.join()).not.toMatch(/npmrc|_authToken|npm_config_registry/);
    });

    it('has one file of code, with the packages of production in it, and no simulator, plug-in, sources or tests', () => {
      const own = files.filter((path) => path === 'app' || path.startsWith('app/'));
      expect(own.toSorted()).toEqual(['app', 'app/dist', 'app/dist/operator.js', 'app/package.json']);
    });

    it('works with a root that cannot be written, and ends with 0 within seconds of SIGTERM', async () => {
      await using plane = await startControlPlane();
      const crds = join(ROOT, 'deploy', 'crds');
      await promisify(execFile)(plane.kubectlPath, ['--kubeconfig', plane.kubeconfigPath, 'apply', '-f', crds]);
      const folder = await mkdtemp(join(tmpdir(), 'lunresync-kubeconfig-'));
      try {
        const kubeconfig = join(folder, 'kubeconfig');
        await copyFile(plane.kubeconfigPath, kubeconfig);
        // For the container's user, whom nobody else on this machine is.
        await chmod(kubeconfig, 0o644);
        await chmod(folder, 0o755);
        const port = await freePort();
        const container = await new ReadOnlyContainer(image('operator'))
          .withNetworkMode('host')
          .withBindMounts([{ source: kubeconfig, target: '/kubeconfig', mode: 'ro' }])
          .withCommand(['--kubeconfig', '/kubeconfig', '--health-address', `127.0.0.1:${port}`])
          .withWaitStrategy(Wait.forLogMessage(/operator started/))
          .start();
        for (const path of ['readyz', 'livez']) {
          await expect.poll(() => answers(port, path), { timeout: 30_000 }).toBe(true);
        }
        expect(await endOf(container)).toEqual({ exitCode: 0, isWithinSeconds: true });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }, 180_000);

    it('says what it lacks where there is no cluster', async () => {
      const missing = Wait.forLogMessage(/no kubeconfig found/);
      const container = await new GenericContainer(image('operator')).withWaitStrategy(missing).start();
      await container.stop();
    }, 60_000);

    /** Stops the container as `docker stop` does; SIGKILL would follow after 20 s and leave 137. */
    async function endOf(container: StartedTestContainer): Promise<{ exitCode: number; isWithinSeconds: boolean }> {
      const started = performance.now();
      await engine.run(['stop', '--time', '20', container.getId()]);
      const isWithinSeconds = performance.now() - started < 10_000;
      const exitCode = Number(await engine.run(['inspect', '--format', '{{.State.ExitCode}}', container.getId()]));
      await engine.run(['rm', container.getId()]);
      return { exitCode, isWithinSeconds };
    }
  });

  describe('the simulator', () => {
    let container: StartedTestContainer;
    beforeAll(async () => {
      const ready = Wait.forLogMessage(/"event":"ready"/);
      container = await new GenericContainer(image('simulator')).withWaitStrategy(ready).start();
    }, 60_000);
    afterAll(() => container.stop());

    it('is an array that its command line reaches, and runs as a numeric user who is not root', async () => {
      const cli = ['node', 'dist/simulator/cli/main.js', '--data', '/data'];
      expect((await container.exec([...cli, 'create-pool', 'pool-a', '1GiB'])).output).toContain('pool-a');
      expect((await container.exec(['node', '-p', 'process.getuid()'])).output.trim()).toBe('65532');
    });

    it('copies with the native calls of its C library', async () => {
      const koffi = "import('koffi').then(({ default: k }) => console.log(typeof k.load(null).func('int getpid()')))";
      expect((await container.exec(['node', '-e', koffi])).output.trim()).toBe('function');
    });

    it.each(NODE_SERVICE_PROGRAMS)('has the %s of the CSI node service', async (program) => {
      expect((await container.exec([program, '-V'])).output).toMatch(/\d+\.\d+/);
    });

    it('has no code of the operator', async () => {
      const files = await filesOf('simulator');
      expect(files).toContain('app/dist/simulator/main.js');
      expect(files.filter((path) => /^app\/dist\/(operator|core|controller|kubernetes|plugin)/.test(path))).toEqual([]);
    });
  });
});

class ReadOnlyContainer extends GenericContainer {
  constructor(image: string) {
    super(image);
    this.hostConfig.ReadonlyRootfs = true;
  }
}

async function answers(port: number, path: string): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/${path}`).then(
    ({ ok }) => ok,
    () => false,
  );
}
