/** `npm run test:crash`: every crash point of the operator and of the array, and a share of all pairs of crashes. */
import { runParts } from '../../support/parts.ts';
import { recordFigures } from '../../support/record.ts';
import { coverage, type Exploration, type Found } from './explore.ts';
import { STORIES } from './stories.ts';

const exploration: Exploration = { stories: STORIES.map(({ name }) => name), every: 1, pairsOfEvery: 60 };
const started = performance.now();
const found = await runParts<Exploration, Found>(new URL('./worker.ts', import.meta.url), exploration);
const seconds = Math.round((performance.now() - started) / 1000);

const points = new Set(found.flatMap((part) => [...part.points]));
const violations = found.flatMap((part) => part.violations);
const sum = (count: (part: Found) => number): number => found.reduce((total, part) => total + count(part), 0);
const sides = (['operator', 'array'] as const).map((side) => ({ side, ...coverage(points, side) }));
for (const violation of violations) console.error(violation);
const lines = [
  '| | registered | visited |',
  '| --- | ---: | ---: |',
  ...sides.map(({ side, registered, visited }) => `| crash points of the ${side} | ${registered} | ${visited} |`),
  '',
  `${sum((part) => part.runs)} runs of ${STORIES.length} stories in ${seconds} s, ${sum((part) => part.pairs)} of them with a second crash in the recovery from the first: ${violations.length} violations.`,
];
console.log(lines.join('\n'));
await recordFigures({ section: 'crash', command: 'npm run test:crash', lines });
const isWhole = sides.every(({ registered, visited }) => registered === visited);
if (!isWhole) console.error('Not every registered point was visited.');
process.exitCode = violations.length === 0 && isWhole ? 0 : 1;
