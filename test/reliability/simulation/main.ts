/**
 * `npm run simulate -- [--minutes 10] [--seed N] [--bugs] [--replay SEED]`: seeds for so long, on two threads; with --bugs,
 * how long each known bug takes to be found.
 */
import { parseArgs } from 'node:util';
import { runParts } from '../../support/parts.ts';
import { recordFigures } from '../../support/record.ts';
import { BUGS } from './bugs.ts';
import { huntAll } from './find-bugs.ts';
import { play } from './play.ts';
import { keep, replayCorpus } from './replay.ts';
import { scenarioOf } from './scenario.ts';
import type { Result } from './search.ts';
import { shrink } from './shrink.ts';
import type { Task } from './worker.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    bugs: { type: 'boolean', default: false },
    replay: { type: 'string' },
  },
});

/** A bug that is not found in this time is not found. */
const BUG_LIMIT_MS = 120_000;

if (values.replay !== undefined) await showSeed(Number(values.replay));
else if (values.bugs) await findBugs();
else await searchSeeds(Number(values.seed), Number(values.minutes));

async function showSeed(seed: number): Promise<void> {
  const { trace, violation } = await play(scenarioOf(seed), true);
  console.log(trace.join('\n'));
  console.log(violation === undefined ? 'All is well.' : violation.what);
}

async function searchSeeds(seed: number, minutes: number): Promise<void> {
  const kept = await replayCorpus();
  const task: Task = { firstSeed: seed, milliseconds: minutes * 60_000, limit: 1e9, stopAtFirst: false };
  const results = await runParts<Task, Result>(new URL('./worker.ts', import.meta.url), task);
  const failures = [...kept.failures, ...results.flatMap((result) => result.failures)];
  const sum = (count: (result: Result) => number): number =>
    results.reduce((total, result) => total + count(result), 0);
  const differing = results.flatMap((result) => result.differing);
  for (const { scenario, outcome } of failures.slice(0, 3)) {
    console.error(`seed ${scenario.seed}: ${outcome.violation?.what}`);
    console.error(JSON.stringify(await shrink(scenario, outcome)));
  }
  const scenarios = sum((result) => result.scenarios);
  const lines = [
    `Seeds ${seed} to ${seed + scenarios - 1}: ${scenarios} scenarios, ${Math.round(scenarios / minutes)} a minute, ${sum((result) => result.effects)} events, ${failures.length} violations.`,
    `${kept.replayed} kept failures replayed first. ${sum((result) => result.twice)} seeds played twice, ${differing.length} of them not the same.`,
  ];
  console.log(lines.join('\n'));
  await recordFigures({
    section: 'simulation',
    command: `npm run simulate -- --minutes ${minutes} --seed ${seed}`,
    lines,
  });
  process.exitCode = failures.length + differing.length === 0 ? 0 : 1;
}

async function findBugs(): Promise<void> {
  const hunts = await huntAll(BUGS, BUG_LIMIT_MS, ({ bug, rule, seconds, what }) =>
    console.error(`${seconds.toFixed(1)} s ${bug.name}: ${rule === undefined ? 'not found' : what}`),
  );
  const lost = hunts.filter(({ rule }) => rule === undefined);
  const lines = [
    '| bug in the sources | what goes wrong without the rule | found as | scenarios | seconds |',
    '| --- | --- | --- | ---: | ---: |',
    ...hunts.map(
      ({ bug, rule, scenarios, seconds }) =>
        `| ${bug.name} | ${bug.why} | ${rule ?? '**not found**'} | ${scenarios} | ${seconds.toFixed(1)} |`,
    ),
    '',
    `${hunts.length - lost.length} of ${hunts.length} found.`,
  ];
  console.log(lines.join('\n'));
  if (process.env['LUNRESYNC_RECORD'] !== undefined) await keep(hunts);
  await recordFigures({ section: 'bugs', command: 'npm run simulate -- --bugs', lines });
  process.exitCode = lost.length === 0 ? 0 : 1;
}
