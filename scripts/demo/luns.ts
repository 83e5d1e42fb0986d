// The story with LUNs that are named by their ids: snapshots put back over LUNs that have taken the place of the old ones.
import { MIB, writeLun } from './lun-bytes.ts';
import { NAMESPACE, openStage, type Stage, type StageOptions } from './stage.ts';
import type { Restored, Story } from './story.ts';

/** Each source is a snapshot; one target is larger than its source and one smaller. */
const PAIRS = [
  { name: 'orders', snapshot: 'orders-nightly', of: 'orders-1', sourceMiB: 192, target: 'orders-2', targetMiB: 256 },
  { name: 'ledger', snapshot: 'ledger-nightly', of: 'ledger-1', sourceMiB: 96, target: 'ledger-2', targetMiB: 64 },
] as const;

/** Opens the stage of the story. */
export async function lunStory(options: StageOptions): Promise<Story> {
  const stage = await openStage(options);
  return {
    stage,
    prepare: (voice) => {
      voice.say('* Making LUNs with real bytes, their snapshots, and damaged LUNs in their place');
      return makeLuns(stage);
    },
    administrator: 'names the array and grants namespace shop its LUNs',
    arraySpec: {
      lunGrants: [
        grant(
          'Source',
          PAIRS.map(({ snapshot }) => snapshot),
        ),
        grant(
          'Target',
          PAIRS.map(({ target }) => target),
        ),
      ],
    },
    pairs: PAIRS.map(({ name, snapshot, target }) => ({
      name,
      source: { lunID: snapshot },
      target: { lunID: target },
    })),
    kinds: 'lunresyncs,storagearrays',
  };
}

/** Makes the volumes, snapshots them, and fills the LUNs that replaced them with something else. */
async function makeLuns({ array }: Stage): Promise<readonly Restored[]> {
  for (const { name, snapshot, of, sourceMiB, target, targetMiB } of PAIRS) {
    await array.admin.createLun({ id: of, pool: 'pool-a', sizeBytes: BigInt(sourceMiB * MIB) });
    await writeLun(array, of, `${name} as it should be`, `${name}: entry 4711, paid in full`);
    await array.admin.snapshot({ lunId: of, id: snapshot });
    await array.admin.createLun({ id: target, pool: 'pool-a', sizeBytes: BigInt(targetMiB * MIB) });
    await writeLun(array, target, `${name} damaged`, `${name}: ??? entry lost ???`);
  }
  return PAIRS;
}

function grant(access: 'Source' | 'Target', lunIDs: readonly string[]): object {
  return { name: `shop-${access.toLowerCase()}`, namespace: NAMESPACE, access, lunIDs };
}
