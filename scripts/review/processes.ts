// A ground of processes on this machine: etcd, kube-apiserver, the controllers that matter to us, an array, operators. It
// needs no container engine.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { newNamespace } from '../../test/support/api-client.ts';
import type { ArrayProcess } from '../../test/support/array.ts';
import { type ControlPlane, startControlPlane } from '../../test/support/control-plane.ts';
import { freePort } from '../../test/support/free-port.ts';
import { startOperator } from '../../test/support/operator.ts';
import { startScene } from '../../test/support/scene.ts';
import { ServerProcess } from '../../test/support/server-process.ts';
import { until } from '../../test/support/until.ts';
import { CONTROL_PLANE, findBinaries } from '../control-plane/binaries.ts';
import { execute, printed } from './commands.ts';
import type { Ground, Terminal } from './ground.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CLI = join(ROOT, 'src', 'simulator', 'cli', 'main.ts');

/** What the API server does not do itself: a namespace that is deleted goes, and the built-in roles get their rules. */
const CONTROLLERS = ['namespace-controller', 'clusterrole-aggregation-controller'];

/** A control plane of this machine. */
export type Plane = Terminal & AsyncDisposable & { readonly controlPlane: ControlPlane };

/** A ground of processes, with what only processes have. */
export type ProcessGround = Ground & Plane & { readonly array: ArrayProcess; readonly metricsURL: string };

/** Starts etcd, kube-apiserver and the controllers. Our CRDs are not installed. */
export async function openPlane(say: (line: string) => void): Promise<Plane> {
  const { path } = await findBinaries([...CONTROL_PLANE, 'kube-controller-manager', 'helm'], say);
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-review-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const controlPlane = started.use(await startControlPlane({ folder: join(folder, 'cluster'), say }));
  const controllers = controllerManager(path('kube-controller-manager'), controlPlane.kubeconfigPath);
  started.defer(() => controllers.stop('SIGKILL'));
  await controllers.start();
  const at = `--kubeconfig=${controlPlane.kubeconfigPath}`;
  const processes = started.move();
  return {
    controlPlane,
    kubectl: (args, input) => execute(path('kubectl'), [at, ...args], { input }),
    helm: (args) => execute(path('helm'), [...args, at], { env: { HOME: folder } }),
    kubectlCommand: [path('kubectl'), at],
    [Symbol.asyncDispose]: () => processes.disposeAsync(),
  };
}

/** Installs the CRDs as a person does who has only kubectl, and waits until kubectl knows them. */
export async function applyCRDs({ kubectl }: Terminal): Promise<void> {
  const files = join(ROOT, 'deploy', 'crds');
  await printed(kubectl(['apply', '-f', files]));
  await printed(kubectl(['wait', '-f', files, '--for=condition=Established', '--timeout=60s']));
  await until(
    () => 'kubectl to know the kinds',
    async () =>
      (await kubectl(['explain', 'storagearray'])).code + (await kubectl(['explain', 'lunresync'])).code === 0,
  );
}

/** Starts an array and an operator for a namespace of its own; the plane has the CRDs. */
export async function openProcesses(plane: Plane): Promise<ProcessGround> {
  const { controlPlane } = plane;
  const address = `127.0.0.1:${await freePort()}`;
  // Not in the namespace of the LunResyncs, which may be deleted.
  const leaseNamespace = await newNamespace(controlPlane.admin, 'operator');
  const always = ['--leader-elect', `--operator-namespace=${leaseNamespace}`, '--progress-interval=500ms'];
  const flagsAt = (healthAddress: string): string[] => [...always, `--health-address=${healthAddress}`];
  await using started = new AsyncDisposableStack();
  const scene = started.use(await startScene(controlPlane, { operatorFlags: flagsAt(address) }));
  const operators = [scene.operator];
  const processes = started.move();
  const addOperator = async (): Promise<void> => {
    const { namespace } = scene;
    const options = { kubeconfigPath: controlPlane.kubeconfigPath, namespace, flags: flagsAt('') };
    operators.unshift(processes.use(await startOperator(options)));
  };
  return {
    ...plane,
    operator: 'processes',
    namespace: scene.namespace,
    arrayName: scene.arrayName,
    leaseNamespace,
    array: scene.array,
    metricsURL: `http://${address}/metrics`,
    lunarray: (args) => printed(execute(process.execPath, [CLI, '--admin', scene.array.adminEndpoint, ...args])),
    killLeader: async () => {
      await addOperator();
      await operators.pop()?.kill();
    },
    handOver: async () => {
      await addOperator();
      const code = await operators.pop()?.stop();
      if (code !== 0) throw new Error(`the operator ended with ${code} after SIGTERM`);
    },
    releaseFlags: [],
    [Symbol.asyncDispose]: () => processes.disposeAsync(),
  };
}

function controllerManager(program: string, kubeconfigPath: string): ServerProcess {
  return new ServerProcess({
    name: 'kube-controller-manager',
    program,
    args: [
      `--kubeconfig=${kubeconfigPath}`,
      '--leader-elect=false',
      // It serves nothing, so that it needs no port.
      '--secure-port=0',
      '--use-service-account-credentials=false',
      `--controllers=${CONTROLLERS.join(',')}`,
      // It makes this folder, by default under /usr.
      `--flex-volume-plugin-dir=${join(dirname(kubeconfigPath), 'flex-volumes')}`,
    ],
    isReady: async () => true,
  });
}
