// Point 18: the operator's image.
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '../../test/e2e/support/engine.ts';
import { buildImage } from '../../test/e2e/support/images.ts';
import { until } from '../../test/support/until.ts';
import type { Findings } from './findings.ts';
import type { World } from './world.ts';

const LIMIT_S = 5;

/** Runs it, stops it, and looks inside. */
export async function image(world: World, findings: Findings): Promise<void> {
  const engine = await world.engine();
  const name = await buildImage(engine, 'operator');
  const user = (await engine.run(['inspect', '--format', '{{.Config.User}}', name])).trim();
  findings.expect(/^65532(:65532)?$/.test(user), `user ${user}`);
  const shell = await engine.run(['run', '--rm', '--entrypoint', 'sh', name, '-c', 'true']).then(
    () => 'a shell runs in it',
    (error: unknown) => /"sh": executable file not found/.exec(String(error))?.[0] ?? String(error),
  );
  findings.expect(shell.includes('not found'), `docker run --entrypoint sh: ${shell}`);
  const { code, seconds } = await stopped(engine, name, await world.plane());
  findings.expect(code === 0 && seconds < LIMIT_S, `docker stop: exit code ${code} after ${seconds.toFixed(1)} s`);
  const platform = (await engine.run(['inspect', '--format', '{{.Os}}/{{.Architecture}}', name])).trim();
  findings.note(`platform ${platform}`);
  findings.leaveOut('the second architecture, SBOM and provenance are put together in a registry, by a release');
}

/** Starts the operator against the control plane of this machine, and stops it once it works. */
async function stopped(
  engine: Engine,
  name: string,
  { controlPlane }: Awaited<ReturnType<World['plane']>>,
): Promise<{ readonly code: number; readonly seconds: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-kubeconfig-'));
  try {
    await copyFile(controlPlane.kubeconfigPath, join(folder, 'kubeconfig'));
    // For the container's user, whom nobody else on this machine is.
    await chmod(join(folder, 'kubeconfig'), 0o644);
    await chmod(folder, 0o755);
    const args = [
      '--network=host',
      `--volume=${folder}:/cluster:ro`,
      '--read-only',
      name,
      '--kubeconfig=/cluster/kubeconfig',
    ];
    const flags = ['--no-leader-elect', '--health-address=', '--namespace=nobody'];
    const container = (await engine.run(['run', '--detach', ...args, ...flags])).trim();
    try {
      await until(
        () => 'the operator in the container to start',
        async () => (await engine.run(['logs', container])).includes('operator started'),
        60_000,
      );
      const started = performance.now();
      await engine.run(['stop', '--time', '20', container]);
      const seconds = (performance.now() - started) / 1000;
      return { code: Number(await engine.run(['inspect', '--format', '{{.State.ExitCode}}', container])), seconds };
    } finally {
      await engine.run(['rm', '--force', container]);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
