// The same copies on an XFS that shares blocks, in a file of this file system mounted as a device.
import { execFile } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MIB, type Sizes } from '../options.ts';
import { type BenchContext, NotMeasurable, type Row } from '../report.ts';
import { median } from '../statistics.ts';
import { timeCp } from './cp.ts';
import { FullCopies } from './full.ts';
import { openLab } from './lab.ts';

const run = promisify(execFile);

/** Of the file: room for a lab, and more than the 300 MiB that mkfs.xfs asks for. */
const IMAGE_IN_LUNS = 12;
const LEAST_IMAGE_BYTES = 512 * MIB;

/** Full copies with shared blocks beside cp without, on the same XFS. */
export async function measureXfs(context: BenchContext<Sizes>): Promise<readonly Row[]> {
  await using mounted = await mountXfs(context);
  await using lab = await openLab({ ...context, folder: mounted.folder });
  if (lab.array.ready['isReflinkAvailable'] !== true)
    throw new NotMeasurable('The array found no reflinks on this XFS.');
  context.say('making LUNs');
  const copies = await FullCopies.prepare(lab);
  const rounds: { readonly cp: number; readonly none: number; readonly safety: number; readonly digest: number }[] = [];
  for (let round = 1; round <= context.sizes.rounds; round += 1) {
    context.say(`round ${round} of ${context.sizes.rounds}`);
    const cp = await timeCp(lab, copies.path);
    const [none, safety] = [await copies.time(), await copies.time({ safety: true })];
    rounds.push({ cp, none, safety, digest: await copies.time({ verify: true }) });
  }
  const of = (value: (round: (typeof rounds)[number]) => number): number => median(rounds.map(value));
  return [
    { what: 'full, NONE, blocks shared', value: of(({ none }) => none), unit: ' s' },
    { what: 'full, NONE, blocks shared', value: of(({ none, cp }) => none / cp), unit: ' x cp --reflink=never' },
    {
      what: 'full, DIGEST, source verified before',
      value: of(({ digest, cp }) => digest / cp),
      unit: ' x cp --reflink=never',
    },
    { what: 'full, NONE, safety snapshot', value: of(({ safety, none }) => safety - none), unit: ' s longer' },
  ];
}

/** Throws NotMeasurable where XFS cannot be made or mounted. */
async function mountXfs({
  folder,
  sizes,
}: BenchContext<Sizes>): Promise<AsyncDisposable & { readonly folder: string }> {
  const image = join(folder, 'xfs.img');
  const mountPoint = join(folder, 'mounted');
  await mkdir(mountPoint);
  await using file = await open(image, 'w');
  await file.truncate(Math.max(LEAST_IMAGE_BYTES, IMAGE_IN_LUNS * sizes.lunBytes));
  await step('mkfs.xfs', ['-q', '-m', 'reflink=1', image]);
  await step('mount', ['-o', 'loop', image, mountPoint]);
  return {
    folder: mountPoint,
    [Symbol.asyncDispose]: async () => void (await run('umount', [mountPoint])),
  };
}

async function step(program: string, args: readonly string[]): Promise<void> {
  try {
    await run(program, args);
  } catch (error) {
    const why = error instanceof Error ? error.message.trim().replaceAll(/\s+/g, ' ') : String(error);
    throw new NotMeasurable(`An XFS cannot be made here (it needs xfsprogs and root): ${why}`, { cause: error });
  }
}
