// Completes `npm run build`: tsc emits nothing for the generated JavaScript of src/proto, so it is copied to dist/proto.
import { cp, stat } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

await cp(join(root, 'src', 'proto'), join(root, 'dist', 'proto'), {
  recursive: true,
  filter: async (path) => path.endsWith('.js') || (await stat(path)).isDirectory(),
});
