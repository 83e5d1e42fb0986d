/** `npm run test:bad-input [-- --objects 100000] [-- --seed 1]`: random stored objects through all rules. */
import { parseArgs } from 'node:util';
import { recordFigures } from '../../support/record.ts';
import { checkObjects } from './objects.ts';

const { values } = parseArgs({
  options: { objects: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const started = performance.now();
const { objects, refused, decisions, problems } = checkObjects(Number(values.objects), Number(values.seed));
const seconds = (performance.now() - started) / 1000;
for (const problem of problems) console.error(problem);
const lines = [
  `${objects} objects from seed ${values.seed}, ${refused} of them refused by the parser, ${decisions} decisions, ${problems.length} problems, in ${Math.round(seconds)} s.`,
];
console.log(lines.join('\n'));
await recordFigures({ section: 'bad-input', command: 'npm run test:bad-input', lines });
process.exitCode = problems.length === 0 ? 0 : 1;
