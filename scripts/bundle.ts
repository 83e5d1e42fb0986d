// The last step of `npm run build`: the operator and the kubectl plugin become one file each. @kubernetes/client-node loads
// classes for the whole API of Kubernetes, of which these programs use the kubeconfig alone: without them the operator takes
// 50 MiB less and starts in half the time.
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const dist = join(import.meta.dirname, '..', 'dist');

for (const program of ['operator.js', 'plugin/main.js']) {
  const file = join(dist, program);
  const bundle = await rolldown({
    input: file,
    platform: 'node',
    treeshake: { moduleSideEffects: (id) => !id.includes('/@kubernetes/client-node/') },
  });
  // The licences of the packages ask for their notices to stay.
  await bundle.write({ file, format: 'esm', codeSplitting: false, comments: { legal: true } });
  await bundle.close();
}
