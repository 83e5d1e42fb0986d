// The array's copies on ext4: beside cp, sparse, of what has changed; and whether the array answers meanwhile.
import { fileSystemOf } from '../machine.ts';
import type { Sizes } from '../options.ts';
import { type Aim, type BenchContext, NotMeasurable, type Row } from '../report.ts';
import { median, percentile } from '../statistics.ts';
import { answerTimes } from './answers.ts';
import { type ChangedRound, changedRound } from './changed.ts';
import { FullCopies, type FullRound } from './full.ts';
import { openLab } from './lab.ts';
import { SparseCopies, type SparseRound } from './sparse.ts';

type Round = { readonly full: FullRound; readonly sparse: SparseRound; readonly changed: ChangedRound };

/** All copies, round by round, so that a figure and what it is compared with come from the same minute. */
export async function measureCopy(context: BenchContext<Sizes>): Promise<readonly Row[]> {
  const { folder, sizes, say } = context;
  await requireExt4(folder);
  await using lab = await openLab(context);
  say('making LUNs');
  const full = await FullCopies.prepare(lab);
  const sparse = await SparseCopies.prepare(lab);
  const rounds: Round[] = [];
  for (let round = 1; round <= sizes.rounds; round += 1) {
    say(`round ${round} of ${sizes.rounds}`);
    rounds.push({
      full: await full.round(),
      sparse: await sparse.round(),
      changed: await changedRound(lab, { known: 'a', unknown: 'b' }, round),
    });
  }
  const answers: Row[] = [];
  for (const verify of [false, true]) {
    say(`asking while a copy runs, verification ${name(verify)}`);
    answers.push(...answerRows(name(verify), await answerTimes(lab, full, { verify, count: sizes.rounds })));
  }
  return [...fullRows(rounds), ...sparseRows(rounds), ...changedRows(rounds), ...answers];
}

/** Throws NotMeasurable unless the folder is on ext4. */
export async function requireExt4(folder: string): Promise<void> {
  const found = await fileSystemOf(folder);
  if (found !== 'ext4')
    throw new NotMeasurable(
      `The copies are measured on ext4, and ${folder} is on ${found}: name another folder by --dir.`,
    );
}

function fullRows(rounds: readonly Round[]): Row[] {
  const of = (value: (round: FullRound) => number): number => median(rounds.map(({ full }) => value(full)));
  const unit = ' x cp';
  const atMost = (value: number): Aim => ({ kind: 'at most', value });
  const again = 'full, DIGEST, source verified before';
  return [
    { what: 'full, cp with fdatasync', value: of(({ noneCp }) => noneCp), unit: ' s' },
    { what: 'full, NONE', value: of(({ none }) => none), unit: ' s' },
    { what: 'full, NONE', value: of(({ none, noneCp }) => none / noneCp), unit, aim: atMost(1) },
    { what: 'full, DIGEST', value: of(({ digest, digestCp }) => digest / digestCp), unit, aim: atMost(2) },
    { what: again, value: of(({ digestAgain, digestAgainCp }) => digestAgain / digestAgainCp), unit, aim: atMost(2) },
  ];
}

function sparseRows(rounds: readonly Round[]): Row[] {
  const of = (value: (round: Round) => number): number => median(rounds.map(value));
  return [
    { what: '90 % sparse, NONE', value: of(({ sparse }) => sparse.none), unit: ' s' },
    timesFaster('90 % sparse, NONE', rounds, ({ sparse }) => sparse.none),
    {
      what: '90 % sparse, NONE',
      value: of(({ sparse }) => sparse.none / sparse.cpAlways),
      unit: ' x cp --sparse=always',
    },
    {
      what: '90 % sparse, NONE',
      value: of(({ sparse }) => sparse.none / sparse.cpNever),
      unit: ' x cp --sparse=never',
    },
  ];
}

function changedRows(rounds: readonly Round[]): Row[] {
  const { aim: _none, ...compared } = timesFaster('1 % changed, compared', rounds, ({ changed }) => changed.compared);
  return [
    timesFaster('1 % changed, known, one place', rounds, ({ changed }) => changed.inOnePlace),
    timesFaster('1 % changed, known, 64 KiB pieces', rounds, ({ changed }) => changed.scattered),
    compared,
  ];
}

function timesFaster(what: string, rounds: readonly Round[], seconds: (round: Round) => number): Row {
  const value = median(rounds.map((round) => round.full.none / seconds(round)));
  return { what, value, unit: ' x faster than full', aim: { kind: 'at least', value: 10 } };
}

function answerRows(verification: string, samples: readonly number[]): Row[] {
  const what = `GetOperation while copying, ${verification}`;
  return [
    { what: `${what}, p50 of ${samples.length}`, value: percentile(samples, 50), unit: ' ms' },
    { what: `${what}, p99`, value: percentile(samples, 99), unit: ' ms', aim: { kind: 'below', value: 50 } },
  ];
}

function name(verify: boolean): string {
  return verify ? 'DIGEST' : 'NONE';
}
