// The last step of `npm run build`: the operator and the kubectl plugin become one file each. @kubernetes/client-node loads
// classes for the whole API of Kubernetes, of which these programs use the kubeconfig alone: without them the operator takes
// 50 MiB less and starts in half the time.
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/** Writes a program and all that it needs but Node into one file, which may be the program's own. */
export async function bundle(program: string, file: string): Promise<void> {
  const bundled = await rolldown({
    input: program,
    platform: 'node',
    treeshake: { moduleSideEffects: (id) => !id.includes('/@kubernetes/client-node/') },
  });
  // The licences of the packages ask for their notices to stay.
  await bundled.write({ file, format: 'esm', codeSplitting: false, comments: { legal: true } });
  await bundled.close();
}

if (import.meta.main) {
  const dist = join(import.meta.dirname, '..', 'dist');
  for (const program of ['operator.js', 'plugin/main.js']) await bundle(join(dist, program), join(dist, program));
}
