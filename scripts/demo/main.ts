// `npm run demo`: the main job on this machine, told as a story, and checked byte by byte at its end.

import { formatBytes } from '../../src/core/format.ts';
import { FaultAction } from '../../src/proto/lunarray/admin/v1/admin_pb.js';
import { kubectl } from '../../test/support/api-client.ts';
import { firstLine, type LunBytes, MIB, makeLuns, PAIRS, readLun } from './luns.ts';
import { type DemoOptions, parseOptions, USAGE } from './options.ts';
import { reasonOf } from './progress-line.ts';
import { apply, follow, restoreManifest, storageArrayManifest, undoManifest } from './resync.ts';
import { openStage, type Stage } from './stage.ts';

/** So slow that there is something to watch, so fast that nobody falls asleep. */
const BYTES_PER_SECOND = 64 * MIB;

/** What `--json` prints. `undoBytesEqual` is null when the run did not succeed, so that there was nothing to undo. */
type Result = {
  readonly succeeded: boolean;
  readonly reason: string;
  readonly dataState: string;
  /** The targets hold what the sources hold, by the demo's own reading. */
  readonly bytesEqual: boolean;
  readonly undoBytesEqual: boolean | null;
  /** The targets hold what they held before the run. */
  readonly bytesAsBefore: boolean;
  readonly seconds: number;
};

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) process.stdout.write(USAGE);
  else process.exitCode = await demo(options);
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

async function demo(options: DemoOptions): Promise<number> {
  const out = options.json ? process.stderr : process.stdout;
  const say = (text: string): void => void out.write(`${text}\n`);
  const stage = await openStage(options.keep, (line) => say(`* ${line}`));
  try {
    const result = await tell(stage, options, out, say);
    const isRight = result.succeeded && result.bytesEqual && result.undoBytesEqual === true;
    say(
      isRight
        ? '\nAll bytes are as they must be.'
        : `\nNOT restored: ${result.reason}, data state ${result.dataState}.`,
    );
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    return isRight ? 0 : 1;
  } finally {
    if (options.keep) showHowToGoOn(stage, say);
    else await stage.close();
  }
}

async function tell(
  stage: Stage,
  options: DemoOptions,
  out: NodeJS.WriteStream,
  say: (text: string) => void,
): Promise<Result> {
  say('* Making LUNs with real bytes, their snapshots, and damaged LUNs in their place');
  await makeLuns(stage);
  if (options.inject === 'corrupt-copy')
    await stage.admin.setFault({ fault: { action: FaultAction.CORRUPT_CHUNK, chunk: 3 } });
  const sources = await readAll(
    stage,
    PAIRS.map((pair) => pair.snapshot),
  );
  const before = await readAll(
    stage,
    PAIRS.map((pair) => pair.target),
  );
  await showLuns(stage, say);
  await stage.admin.setBandwidth({ bytesPerSecond: BigInt(BYTES_PER_SECOND) });

  say('\n* The administrator names the array and grants namespace shop its LUNs');
  await apply(stage, storageArrayManifest(stage.endpoint), say);
  say('\n* The requester applies a LunResync');
  const startedAt = performance.now();
  await apply(stage, restoreManifest(), say);
  const run = await follow(stage, 'restore-shop', out);
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  await show(stage, ['get', 'lunresyncs', '--namespace=shop'], say);
  await show(stage, ['describe', 'lunresync', 'restore-shop', '--namespace=shop'], say);

  say('\n* Reading all LUNs back and comparing');
  const after = await readAll(
    stage,
    PAIRS.map((pair) => pair.target),
  );
  await showLuns(stage, say);
  const succeeded = reasonOf(run) === 'Completed';
  const result: Result = {
    succeeded,
    reason: reasonOf(run),
    dataState: run.status.dataState ?? 'Untouched',
    bytesEqual: compare(after, sources, 'the snapshots', say),
    undoBytesEqual: null,
    bytesAsBefore: isEqual(after, before),
    seconds,
  };
  if (!succeeded) return result;

  say('\n* And back again: an undo, from the safety snapshots that the array took');
  await apply(stage, undoManifest(), say);
  const undo = await follow(stage, 'undo-restore-shop', out);
  const undone = await readAll(
    stage,
    PAIRS.map((pair) => pair.target),
  );
  await showLuns(stage, say);
  const undoBytesEqual = compare(undone, before, 'what was there before', say) && reasonOf(undo) === 'Completed';
  return { ...result, undoBytesEqual };
}

async function readAll(stage: Stage, ids: readonly string[]): Promise<LunBytes[]> {
  const read: LunBytes[] = [];
  for (const id of ids) read.push(await readLun(stage, id));
  return read;
}

function isEqual(left: readonly LunBytes[], right: readonly LunBytes[]): boolean {
  return left.every(
    ({ sizeBytes, sha256 }, index) => sizeBytes === right[index]?.sizeBytes && sha256 === right[index].sha256,
  );
}

function compare(
  left: readonly LunBytes[],
  right: readonly LunBytes[],
  name: string,
  say: (text: string) => void,
): boolean {
  PAIRS.forEach(({ target }, index) => {
    const verdict = isEqual(left.slice(index, index + 1), right.slice(index, index + 1))
      ? 'equal to'
      : 'DIFFERENT from';
    say(
      `    ${target}: ${left[index]?.sizeBytes} bytes, SHA-256 ${left[index]?.sha256.slice(0, 16)}, ${verdict} ${name}`,
    );
  });
  return isEqual(left, right);
}

async function showLuns(stage: Stage, say: (text: string) => void): Promise<void> {
  for (const { snapshot, target } of PAIRS) {
    for (const id of [snapshot, target]) {
      const { lun } = await stage.admin.getLun({ lunId: id });
      say(
        `    ${id.padEnd(15)} ${formatBytes(Number(lun?.sizeBytes ?? 0n)).padStart(9)}  "${await firstLine(stage, id)}"`,
      );
    }
  }
}

async function show(stage: Stage, args: readonly string[], say: (text: string) => void): Promise<void> {
  const { stdout, stderr } = await kubectl(stage.plane, args);
  say(`\n$ kubectl ${args.join(' ')}\n${stdout}${stderr}`.trimEnd());
}

function showHowToGoOn(stage: Stage, say: (text: string) => void): void {
  say(`
Everything keeps running. To use it:
  export KUBECONFIG=${stage.plane.kubeconfigPath}
  ${stage.plane.kubectlPath} get lunresyncs,storagearrays --all-namespaces
  npx lunarray --admin ${stage.adminSocket} list
To end it:
  kill -9 ${stage.pids().join(' ')}; rm -r ${stage.folder}`);
}
