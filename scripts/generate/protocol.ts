// The protocol's code from proto/, by buf.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Files, filesIn, ROOT } from './files.ts';

export async function protocolFiles(): Promise<Files> {
  const folder = await mkdtemp(join(tmpdir(), 'lunresync-generate-'));
  try {
    // buf finds its plugin protoc-gen-es on the PATH, which `npm run` extends but plain `node` does not.
    const bin = join(ROOT, 'node_modules', '.bin');
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    await promisify(execFile)(join(bin, 'buf'), ['generate', '--output', folder], { cwd: ROOT, env });
    return await filesIn(folder, 'src/proto');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
