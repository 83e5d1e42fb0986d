// The bytes of LUNs: written as a host writes them, and read without asking the array for them or for digests.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { LunState } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import type { ArrayProcess } from '../../test/support/array.ts';

export const MIB = 1024 * 1024;

/** The SHA-256 of a LUN's bytes and how many they are. */
export type LunBytes = { readonly sizeBytes: number; readonly sha256: string };

/** Fills a whole LUN with bytes that depend on the seed, and writes a line of text at its beginning. */
export async function writeLun({ admin }: ArrayProcess, lunId: string, seed: string, line: string): Promise<void> {
  await admin.fillPattern({ lunId, offset: 0n, length: 0n, seed });
  const sector = Buffer.alloc(512);
  sector.write(`${line}\n`);
  await admin.writeRange({ lunId, offset: 0n, data: sector });
}

/**
 * Reads every byte of a LUN, from the file that holds them: nothing of the array's is between. A LUN that the array fences
 * has the hash `unreadable`.
 */
export async function readLun({ admin, dataDirectory }: ArrayProcess, lunId: string): Promise<LunBytes> {
  const { lun } = await admin.getLun({ lunId });
  if (lun?.state !== LunState.ONLINE) return { sizeBytes: Number(lun?.sizeBytes ?? 0n), sha256: 'unreadable' };
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(join(dataDirectory, 'luns', `${lunId}.lun`), { highWaterMark: MIB })) {
    hash.update(chunk as Buffer);
    sizeBytes += (chunk as Buffer).length;
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

/** The first line of a LUN, as text. */
export async function firstLine({ admin }: ArrayProcess, lunId: string): Promise<string> {
  const { lun } = await admin.getLun({ lunId });
  if (lun?.state !== LunState.ONLINE) return 'fenced by the array';
  const { data } = await admin.readRange({ lunId, offset: 0n, length: 512 });
  return Buffer.from(data).toString('utf8').split('\n', 1)[0] ?? '';
}
