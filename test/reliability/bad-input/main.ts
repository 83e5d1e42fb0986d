/**
 * `npm run test:bad-input [-- --objects 100000] [-- --seed 1] [-- --each 3] [-- --only 'GetLuns .*digest']`: random stored objects
 * through all rules, and every field of every answer of the array spoiled in every way, or in so many a field.
 */
import { parseArgs } from 'node:util';
import { recordFigures } from '../../support/record.ts';
import { CALLED, checkAnswers } from './answers.ts';
import { checkObjects } from './objects.ts';

const { values } = parseArgs({
  options: {
    objects: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    each: { type: 'string' },
    only: { type: 'string' },
  },
});

const stored = await timed(async () => checkObjects(Number(values.objects), Number(values.seed)));
const answered = await timed(() =>
  checkAnswers({
    ...(values.each === undefined ? {} : { each: Number(values.each) }),
    only: values.only === undefined ? undefined : new RegExp(values.only),
    onProgress: (done) => console.log(done),
  }),
);
const problems = [...stored.result.problems, ...answered.result.problems];
for (const problem of problems) console.error(problem);
const { objects, refused, decisions } = stored.result;
const { fields, cases, writes, successes } = answered.result;
const lines = [
  `${objects} objects from seed ${values.seed}, ${refused} of them refused by the parser, ${decisions} decisions, ${stored.result.problems.length} problems, in ${stored.seconds} s.`,
  '',
  `${fields} fields of the answers of ${CALLED.length} methods, ${cases} spoiled answers, ${writes} statuses written, ${successes} runs that succeeded all the same, ${answered.result.problems.length} problems, in ${answered.seconds} s.`,
];
console.log(lines.join('\n'));
await recordFigures({ section: 'bad-input', command: 'npm run test:bad-input', lines });
process.exitCode = problems.length === 0 ? 0 : 1;

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly seconds: number }> {
  const started = performance.now();
  const result = await work();
  return { result, seconds: Math.round((performance.now() - started) / 1000) };
}
