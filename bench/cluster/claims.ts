// What a LunResync of a claim costs beside what its VolumeSnapshot costs, on one array in one run.
import type { Sizes } from '../options.ts';
import type { BenchContext, Row } from '../report.ts';
import { allAtOnce, namesFor } from './at-once.ts';
import { openClaimsStage } from './claims-stage.ts';
import { type Cost, costOf } from './program-cost.ts';

const WARM_UP = 20;

/** VolumeSnapshots of as many claims, made by the external-snapshotter; then LunResyncs that put them back. */
export async function measureClaims(context: BenchContext<Sizes>): Promise<readonly Row[]> {
  await using stage = await openClaimsStage(context);
  const { say, sizes } = context;
  const [warmUp, names] = [namesFor('warm-up', WARM_UP), namesFor('claim', sizes.claims)];
  say(`making ${names.length} claims`);
  await stage.claims([...warmUp, ...names]);
  await allAtOnce(warmUp, stage.snapshot);
  await stage.damage(warmUp);
  await allAtOnce(warmUp, stage.resync);
  say(`making ${names.length} VolumeSnapshots at once`);
  const snapshots = await costOf(stage.snapshotter, () => allAtOnce(names, stage.snapshot));
  await stage.damage(names);
  say(`applying ${names.length} LunResyncs at once`);
  const resyncs = await costOf(stage.operator, () => allAtOnce(names, stage.resync));
  return [...comparison({ snapshots, resyncs, count: names.length }), ...detail(resyncs, names.length)];
}

type Costs = { readonly snapshots: Cost; readonly resyncs: Cost; readonly count: number };

function comparison({ snapshots, resyncs, count }: Costs): readonly Row[] {
  const measures = [
    { what: 'first POST to last end', of: ({ seconds }: Cost) => seconds, unit: ' s' },
    {
      what: 'API requests per object',
      of: ({ writes, reads }: Cost) => (writes + reads) / count,
      unit: '',
      aim: { kind: 'at most', value: 0.5 } as const,
    },
    { what: 'API writes per object', of: ({ writes }: Cost) => writes / count, unit: '' },
    {
      what: 'CPU per object',
      of: ({ cpuSeconds }: Cost) => (cpuSeconds * 1000) / count,
      unit: ' ms',
      aim: { kind: 'at most', value: 0.5 } as const,
    },
    {
      what: 'peak memory (VmHWM)',
      of: ({ peakMemoryMiB }: Cost) => peakMemoryMiB,
      unit: ' MiB',
      aim: { kind: 'below', value: 1 } as const,
    },
  ];
  return measures.flatMap(({ what, of, unit, aim }): Row[] => [
    { what: `${count} VolumeSnapshots, ${what}`, value: of(snapshots), unit },
    { what: `${count} LunResyncs, ${what}`, value: of(resyncs), unit },
    { what, value: of(resyncs) / of(snapshots), unit: ' x snapshotter', ...(aim === undefined ? {} : { aim }) },
  ]);
}

function detail({ requests }: Cost, count: number): readonly Row[] {
  return requests.map(([key, times]) => ({
    what: `API requests per LunResync: ${key}`,
    value: times / count,
    unit: '',
  }));
}
