/** `npm run test:model [-- --scenario a] [-- --ablation NAME] [-- --trace]`: every scenario completely, every rule taken out. */
import { parseArgs } from 'node:util';
import { twoAtATime } from '../../support/parts.ts';
import { recordFigures } from '../../support/record.ts';
import { ABLATIONS } from './ablations.ts';
import { type Caught, runAblation, runScenario } from './run.ts';
import { scenarios } from './scenarios.ts';

const { values } = parseArgs({
  options: { scenario: { type: 'string' }, ablation: { type: 'string' }, trace: { type: 'boolean', default: false } },
});
const isAll = values.scenario === undefined && values.ablation === undefined;
const started = performance.now();
const chosen = scenarios().filter(({ name }) => isAll || name === values.scenario);
const ablations = ABLATIONS.filter(({ name }) => isAll || name === values.ablation);
let isGood = true;

const jobs = [
  ...chosen.map((scenario) => async () => ({ scenario, result: await runScenario(scenario.name) })),
  ...ablations.map((ablation) => async () => ({ caught: await runAblation(ablation) })),
];
const done = await twoAtATime(jobs, async (job) => {
  const outcome = await job();
  console.error(
    'scenario' in outcome
      ? `scenario ${outcome.scenario.name}: ${outcome.result.states} states`
      : `${outcome.caught.ablation.name}: ${outcome.caught.by?.what ?? 'not caught'}`,
  );
  return outcome;
});

const lines = [
  '| scenario | states | transitions | violations | stuck states | seconds |',
  '| --- | ---: | ---: | ---: | ---: | ---: |',
  ...done.flatMap((outcome) => ('scenario' in outcome ? [scenarioLine(outcome)] : [])),
  '',
  '| taken out | rule or trap | goes wrong in | as | steps | states |',
  '| --- | --- | --- | --- | ---: | ---: |',
  ...done.flatMap((outcome) => ('caught' in outcome ? [ablationLine(outcome.caught)] : [])),
  '',
  `All of it in ${Math.round((performance.now() - started) / 1000)} s on two cores.`,
];
console.log(lines.join('\n'));
if (isAll) await recordFigures({ section: 'model', command: 'npm run test:model', lines });
process.exitCode = isGood ? 0 : 1;

function scenarioLine({ scenario, result }: Extract<(typeof done)[number], { scenario: unknown }>): string {
  const { states, transitions, violation, stuck, seconds, isCut } = result;
  if (violation !== undefined || stuck > 0 || isCut || states < scenario.states) isGood = false;
  if (states < scenario.states)
    console.error(`scenario ${scenario.name} had ${scenario.states} states and has ${states}`);
  const trace = violation?.trace ?? result.stuckTrace;
  if (trace !== undefined)
    console.error(`scenario ${scenario.name}: ${violation?.what ?? 'stuck'}\n  ${trace.join('\n  ')}`);
  return `| ${scenario.name}: ${scenario.what} | ${states} | ${transitions} | ${violation === undefined ? 0 : 1} | ${stuck} | ${seconds.toFixed(0)} |`;
}

function ablationLine({ ablation, by, states }: Caught): string {
  if (by === undefined) isGood = false;
  if (values.trace && by !== undefined) console.error(`${ablation.name}: ${by.what}\n  ${by.trace.join('\n  ')}`);
  const { scenario = '', what = '**not caught**', steps = 0 } = by ?? {};
  return `| ${ablation.name} | ${ablation.rule} | ${scenario} | ${what} | ${steps} | ${states} |`;
}
