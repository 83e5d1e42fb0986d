// The LUNs of the demo, and their bytes as a host reads them: the comparison does not ask the array for digests.
import { createHash } from 'node:crypto';
import { LunState } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import type { Stage } from './stage.ts';

export const MIB = 1024 * 1024;

/** What the story is about: each source is a snapshot, one target is larger than its source and one smaller. */
export const PAIRS = [
  { name: 'orders', snapshot: 'orders-nightly', of: 'orders-1', sourceMiB: 192, target: 'orders-2', targetMiB: 256 },
  { name: 'ledger', snapshot: 'ledger-nightly', of: 'ledger-1', sourceMiB: 96, target: 'ledger-2', targetMiB: 64 },
] as const;

/** The SHA-256 of a LUN's bytes and how many they are. */
export type LunBytes = { readonly sizeBytes: number; readonly sha256: string };

/** Makes the volumes, snapshots them, and fills the LUNs that replaced them with something else. */
export async function makeLuns({ admin }: Stage): Promise<void> {
  await admin.createPool({ name: 'pool-a', capacityBytes: BigInt(4096 * MIB) });
  for (const { name, snapshot, of, sourceMiB, target, targetMiB } of PAIRS) {
    await admin.createLun({ id: of, pool: 'pool-a', sizeBytes: BigInt(sourceMiB * MIB) });
    await admin.fillPattern({ lunId: of, offset: 0n, length: 0n, seed: `${name} as it should be` });
    await write(admin, of, `${name}: entry 4711, paid in full\n`);
    await admin.snapshot({ lunId: of, id: snapshot });
    await admin.createLun({ id: target, pool: 'pool-a', sizeBytes: BigInt(targetMiB * MIB) });
    await admin.fillPattern({ lunId: target, offset: 0n, length: 0n, seed: `${name} damaged` });
    await write(admin, target, `${name}: ??? entry lost ???\n`);
  }
}

async function write(admin: Stage['admin'], lunId: string, text: string): Promise<void> {
  const sector = Buffer.alloc(512);
  sector.write(text);
  await admin.writeRange({ lunId, offset: 0n, data: sector });
}

/** Reads every byte of a LUN over the host path. A LUN that the array fences has the hash `unreadable`. */
export async function readLun({ admin }: Stage, lunId: string): Promise<LunBytes> {
  const { lun } = await admin.getLun({ lunId });
  const sizeBytes = Number(lun?.sizeBytes ?? 0n);
  if (lun?.state !== LunState.ONLINE) return { sizeBytes, sha256: 'unreadable' };
  const hash = createHash('sha256');
  for (let offset = 0; offset < sizeBytes; offset += MIB) {
    const length = Math.min(MIB, sizeBytes - offset);
    const { data } = await admin.readRange({ lunId, offset: BigInt(offset), length });
    hash.update(data);
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

/** The first line of a LUN, as text. */
export async function firstLine({ admin }: Stage, lunId: string): Promise<string> {
  const { lun } = await admin.getLun({ lunId });
  if (lun?.state !== LunState.ONLINE) return 'fenced by the array';
  const { data } = await admin.readRange({ lunId, offset: 0n, length: 512 });
  return Buffer.from(data).toString('utf8').split('\n', 1)[0] ?? '';
}
