// How much longer a resync takes with a safety snapshot of its target, where a snapshot is a copy.
import type { Sizes } from '../options.ts';
import type { BenchContext, Row } from '../report.ts';
import { median } from '../statistics.ts';
import { requireExt4 } from './copy.ts';
import { FullCopies } from './full.ts';
import { openLab } from './lab.ts';

/** Full copies without verification on ext4, with and without a safety snapshot, by turns. */
export async function measureSafety(context: BenchContext<Sizes>): Promise<readonly Row[]> {
  await requireExt4(context.folder);
  await using lab = await openLab(context);
  context.say('making LUNs');
  const copies = await FullCopies.prepare(lab);
  const rounds: { readonly never: number; readonly always: number }[] = [];
  for (let round = 1; round <= context.sizes.rounds; round += 1) {
    context.say(`round ${round} of ${context.sizes.rounds}`);
    rounds.push({ never: await copies.time(), always: await copies.time({ safety: true }) });
  }
  const what = 'full, NONE, safety snapshot on ext4';
  return [
    { what, value: median(rounds.map(({ always, never }) => always - never)), unit: ' s longer' },
    { what, value: median(rounds.map(({ always, never }) => always / never)), unit: ' x without' },
  ];
}
