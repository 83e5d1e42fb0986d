// `npm run review`: goes through the points of a review on real clusters and says of each what was seen. Exits with 1 when
// something is not as expected; what cannot be run here is said, and is no failure.
import { parseArgs } from 'node:util';
import { Findings } from './findings.ts';
import { POINTS } from './points.ts';
import { type Looked, pageOf, tableOf } from './report.ts';
import { World } from './world.ts';

/** What a shell reports of a program that Ctrl-C has ended. */
const INTERRUPTED = 130;

const USAGE = `Usage: npm run review [-- --only NUMBERS]

Goes through ${POINTS.length} points in their order, on etcd and kube-apiserver as processes of this machine, and where Pods are
needed on the cluster of the end-to-end tests (LUNRESYNC_E2E_CLUSTER, see CONTRIBUTING.md), and says of each: run, run in
part, or cannot run here, and why.

  --only NUMBERS   these points alone, such as 1,4,12
  --help           this text
`;

try {
  const { values } = parseArgs({ options: { only: { type: 'string' }, help: { type: 'boolean', default: false } } });
  if (values.help) process.stdout.write(USAGE);
  else process.exitCode = await review(numbersIn(values.only));
} catch (error) {
  process.stderr.write(`review: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

async function review(numbers: readonly number[]): Promise<number> {
  await using world = new World((line) => process.stderr.write(`${line}\n`));
  endWith(world);
  const all: Looked[] = [];
  for (const [place, point] of POINTS.entries()) {
    if (!numbers.includes(place + 1)) continue;
    const findings = new Findings();
    const started = performance.now();
    await point.look(world, findings).catch((error: unknown) => findings.caught(error));
    const looked = { number: place + 1, point, findings, seconds: (performance.now() - started) / 1000 };
    process.stdout.write(`${pageOf(looked)}\n\n`);
    all.push(looked);
  }
  process.stdout.write(`${tableOf(all)}\n`);
  return all.some(({ findings }) => findings.unmet.length > 0) ? 1 : 0;
}

/** Ctrl-C takes clusters away as well; processes that belong to one point are killed with this one. */
function endWith(world: World): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void world[Symbol.asyncDispose]().finally(() => process.exit(INTERRUPTED)));
}

function numbersIn(text: string | undefined): number[] {
  if (text === undefined) return POINTS.map((_, place) => place + 1);
  return text.split(',').map((word) => {
    const number = Number(word);
    if (POINTS[number - 1] === undefined)
      throw new Error(`--only ${text}: write numbers from 1 to ${POINTS.length}, such as 1,4`);
    return number;
  });
}
