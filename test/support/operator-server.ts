// The operator as a cluster runs it: with leader election, and serving its health and its metrics.
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { ServerProcess } from './server-process.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** How an operator is started: Node's arguments, and what its environment has besides ours. */
type OperatorProgram = { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> };

/** As it stands in the sources. */
const FROM_SOURCES: OperatorProgram = { args: [join(ROOT, 'src', 'operator.ts')], env: {} };

/** As the image starts it (Dockerfile); `npm run build` has made it. */
export const AS_BUILT: OperatorProgram = {
  args: ['--max-semi-space-size=2', join(ROOT, 'dist', 'operator.js')],
  env: { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536' },
};

/** The namespace of the operator's lease, which must be there. */
export const OPERATOR_NAMESPACE = 'lunresync-system';

/** A running operator. */
export type OperatorServer = AsyncDisposable & { readonly pid: number; readonly metricsURL: string };

/** Starts one for all namespaces, whose options are the defaults but for `flags`, and waits until it is ready. */
export async function startOperatorServer(
  kubeconfigPath: string,
  flags: readonly string[] = [],
  program: OperatorProgram = FROM_SOURCES,
): Promise<OperatorServer> {
  const [port] = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  const operator = new ServerProcess({
    name: 'the operator',
    program: process.execPath,
    env: program.env,
    args: [
      ...program.args,
      `--kubeconfig=${kubeconfigPath}`,
      `--operator-namespace=${OPERATOR_NAMESPACE}`,
      `--health-address=${address}`,
      ...flags,
    ],
    isReady: async () => (await fetch(`http://${address}/readyz`)).ok,
  });
  await operator.start();
  return {
    pid: operator.pid ?? 0,
    metricsURL: `http://${address}/metrics`,
    [Symbol.asyncDispose]: () => operator.stop(),
  };
}
