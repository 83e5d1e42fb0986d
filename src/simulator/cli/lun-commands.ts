/**
 * Commands that make and change pools, LUNs and volumes.
 */
import type { Arguments, ArrayClients, Command } from './command.ts';
import { done, type Output, UsageError } from './command.ts';
import { formatBytes, parseBytes } from './sizes.ts';

/** The commands. */
export const lunCommands: readonly Command[] = [
  {
    name: 'create-pool',
    usage: 'NAME CAPACITY',
    summary: 'make a thin pool',
    run: async ({ admin }, args) => {
      const capacityBytes = parseBytes('CAPACITY', args.at(1, 'CAPACITY'));
      const { pool } = await admin.createPool({ name: args.at(0, 'NAME'), capacityBytes });
      return done(`Pool ${pool?.name} with ${formatBytes(capacityBytes)}.`, pool);
    },
  },
  {
    name: 'create-lun',
    usage:
      '--pool POOL --size SIZE [--id ID] [--from LUN] [--volume NAME]... [--signature S] [--identifier TYPE:HEX]...',
    summary: 'make a LUN that reads as zeros, or as another LUN',
    options: {
      pool: { type: 'string' },
      size: { type: 'string' },
      id: { type: 'string' },
      from: { type: 'string' },
      volume: { type: 'string', multiple: true },
      signature: { type: 'string' },
      identifier: { type: 'string', multiple: true },
      'no-identifiers': { type: 'boolean' },
    },
    run: createLun,
  },
  {
    name: 'delete-lun',
    usage: 'LUN',
    summary: 'delete a LUN or a snapshot',
    run: async ({ admin }, args) => {
      await admin.deleteLun({ lunId: args.at(0, 'LUN') });
      return done(`LUN ${args.at(0, 'LUN')} is gone.`);
    },
  },
  {
    name: 'snapshot',
    usage: 'LUN [--id ID]',
    summary: 'take a snapshot',
    options: { id: { type: 'string' } },
    run: async ({ admin }, args) => {
      const { lun } = await admin.snapshot({ lunId: args.at(0, 'LUN'), id: args.text('id') });
      return done(`Snapshot ${lun?.id} of ${lun?.parentLunId}.`, lun);
    },
  },
  {
    name: 'add-volume',
    usage: 'LUN VOLUME',
    summary: 'note that a volume lives on a LUN',
    run: async ({ admin }, args) => {
      await admin.addVolume({ lunId: args.at(0, 'LUN'), volume: args.at(1, 'VOLUME') });
      return done(`Volume ${args.at(1, 'VOLUME')} lives on ${args.at(0, 'LUN')}.`);
    },
  },
  {
    name: 'remove-volume',
    usage: 'LUN VOLUME',
    summary: 'note that a volume no longer lives on a LUN',
    run: async ({ admin }, args) => {
      await admin.removeVolume({ lunId: args.at(0, 'LUN'), volume: args.at(1, 'VOLUME') });
      return done(`Volume ${args.at(1, 'VOLUME')} no longer lives on ${args.at(0, 'LUN')}.`);
    },
  },
  {
    name: 'publish',
    usage: 'LUN NODE',
    summary: 'publish a LUN to a node; prints the path of its file',
    run: async ({ admin }, args) => {
      const answer = await admin.publish({ lunId: args.at(0, 'LUN'), node: args.at(1, 'NODE') });
      return done(answer.path, answer);
    },
  },
  {
    name: 'unpublish',
    usage: 'LUN NODE',
    summary: 'take a LUN away from a node',
    run: async ({ admin }, args) => {
      await admin.unpublish({ lunId: args.at(0, 'LUN'), node: args.at(1, 'NODE') });
      return done(`LUN ${args.at(0, 'LUN')} is not published to ${args.at(1, 'NODE')}.`);
    },
  },
  {
    name: 'force-online',
    usage: 'LUN',
    summary: 'put an INCONSISTENT LUN online with whatever bytes it has',
    run: forceOnline,
  },
];

async function createLun({ admin }: ArrayClients, args: Arguments): Promise<Output> {
  const { lun } = await admin.createLun({
    pool: args.required('pool'),
    sizeBytes: parseBytes('--size', args.required('size')),
    id: args.text('id'),
    sourceLunId: args.text('from'),
    volumes: args.texts('volume'),
    diskSignature: args.text('signature'),
    identifiers: args.texts('identifier').map(identifier),
    noIdentifiers: args.flag('no-identifiers'),
  });
  return done(`LUN ${lun?.id} with ${formatBytes(lun?.sizeBytes ?? 0n)}.`, lun);
}

function identifier(text: string): { codeSet: number; type: number; value: Uint8Array } {
  const [, type, hex] = /^(\d{1,2}):((?:[0-9a-fA-F]{2})+)$/.exec(text) ?? [];
  if (type === undefined || hex === undefined) {
    throw new UsageError(`--identifier ${text}: write TYPE:HEX, for example 3:600508b400105e210000900000490000.`);
  }
  return { codeSet: 1, type: Number(type), value: Buffer.from(hex, 'hex') };
}

async function forceOnline({ array }: ArrayClients, args: Arguments): Promise<Output> {
  const lunId = args.at(0, 'LUN');
  const { arrayId } = await array.getArray({});
  const { luns } = await array.getLuns({ ids: [lunId] });
  const generation = luns[0]?.generation;
  if (generation === undefined) {
    throw new UsageError(`There is no LUN ${lunId}.`);
  }
  const { lun } = await array.forceOnline({ arrayId, lunId, ifGeneration: generation });
  return done(`LUN ${lunId} is ONLINE with generation ${lun?.generation}.`, lun);
}
