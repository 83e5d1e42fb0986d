// The last step of `npm run build`: the operator and the kubectl plugin become one file each. @kubernetes/client-node loads
// classes for the whole API of Kubernetes, of which these programs use the kubeconfig alone: without them the operator takes
// 50 MiB less and starts in half the time.
import { writeFile } from 'node:fs/promises';
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
  const { output } = await bundled.generate({ format: 'esm', codeSplitting: false, comments: { legal: true } });
  await bundled.close();
  await writeFile(file, inLatin1(output[0].code));
}

/**
 * One character beyond Latin-1, and V8 holds the whole source in two bytes a character for as long as the program runs:
 * 3.5 MiB more for the operator. In strings, templates and regular expressions the escape means the same.
 */
function inLatin1(code: string): string {
  return code.replace(/[^\0-\u00ff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

if (import.meta.main) {
  const dist = join(import.meta.dirname, '..', 'dist');
  for (const program of ['operator.js', 'plugin/main.js']) await bundle(join(dist, program), join(dist, program));
}
