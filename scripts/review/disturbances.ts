// Points 8, 12 and 13: what may happen to an operator, an object and a namespace while the array copies.
import { until } from '../../test/support/until.ts';
import { firstLine, printed } from './commands.ts';
import {
  beginCopy,
  conditionOf,
  copiedBytes,
  digestOf,
  endCopy,
  eventsOf,
  LUN_BYTES,
  type Outcome,
  read,
} from './copies.ts';
import type { Findings } from './findings.ts';
import type { Ground } from './ground.ts';
import { installed } from './installed.ts';
import { leaderOf, untilLeader } from './leader.ts';
import type { ProcessGround } from './processes.ts';
import type { World } from './world.ts';

/** A second: whatever is done to a copy happens in its middle. */
const HELD = '256KiB';

/** Kills the leader in the middle of a copy, among processes and among Pods. */
export async function leaderKilled(world: World, findings: Findings): Promise<void> {
  {
    await using processes = await world.newProcesses();
    await killLeaderOf(processes, findings);
  }
  await killLeaderOf(await installed(world), findings);
}

async function killLeaderOf(ground: Ground, findings: Findings): Promise<void> {
  const before = await untilLeader(ground, ground.leaseNamespace);
  const outcome = await disturbed(ground, 'leader-killed', async () => {
    await ground.killLeader();
    await untilLeader(ground, ground.leaseNamespace, before);
  });
  const after = await leaderOf(ground, ground.leaseNamespace);
  findings.expect(after !== before, `${ground.operator}: ${before} was killed, then ${after} led`);
  expectOneCopy(outcome, ground, findings);
}

/** A copy in the middle of which something is done. Throws when it has ended before that was done. */
export async function disturbed(ground: Ground, name: string, disturb: () => Promise<void>): Promise<Outcome> {
  const copiedBefore = await copiedBytes(ground);
  await beginCopy(ground, name, HELD);
  await disturb();
  const { completionTime } = (await read(ground, name))?.status ?? {};
  if (completionTime !== undefined)
    throw new Error(`${ground.operator}: the copy had ended at ${completionTime} already`);
  return endCopy(ground, name, copiedBefore);
}

/** One operation, one copy of the LUN's size, and the right bytes. */
export function expectOneCopy(outcome: Outcome, { operator }: Ground, findings: Findings): void {
  const { reason, attempt, starts, copiedBytes: copied, isEqual } = outcome;
  const isOne = reason === 'Completed' && attempt === 1 && starts === 1 && copied === LUN_BYTES && isEqual;
  const bytes = isEqual ? 'the bytes of the source' : 'other bytes than the source';
  const size = `${copied} of ${LUN_BYTES} bytes copied`;
  findings.expect(
    isOne,
    `${operator}: ${reason} in attempt ${attempt}; the array accepted ${starts} StartOperation, ${size}; the target has ${bytes}`,
  );
}

/** Deletes objects that copy: with the array there, with the array away, and with one that will not come back. */
export async function deletedWhileCopying(world: World, findings: Findings): Promise<void> {
  await using ground = await world.newProcesses();
  const { kubectl, namespace, array } = ground;
  const inNamespace = `--namespace=${namespace}`;
  const before = await beginCopy(ground, 'deleted');
  const started = performance.now();
  const deleted = await kubectl(['delete', 'lunresync', 'deleted', inNamespace, '--timeout=60s']);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const isBack = (await digestOf(ground, 'deleted-dst')) === before;
  findings.expect(
    deleted.code === 0 && isBack,
    `array up: gone after ${seconds} s, the target ${isBack ? 'has what it had' : 'is NOT as it was'}`,
  );

  const beforeOutage = await beginCopy(ground, 'held-back');
  await array.kill();
  await printed(kubectl(['delete', 'lunresync', 'held-back', inNamespace, '--wait=false']));
  await untilHeldBack(ground, 'held-back');
  findings.note('array down: the object stays, Stalled=True/ArrayUnreachable');
  await array.restart();
  await untilGone(ground, 'held-back');
  const isBackLater = (await digestOf(ground, 'held-back-dst')) === beforeOutage;
  const warnings = (await eventsOf(ground, 'held-back')).filter(({ reason }) => reason === 'DeletionHeldBack');
  findings.expect(isBackLater, `array back: gone, the target ${isBackLater ? 'has what it had' : 'is NOT as it was'}`);
  findings.expect(warnings.length === 1, `told by ${warnings.length} Warning DeletionHeldBack`);

  await beginCopy(ground, 'lost');
  await array.kill();
  await printed(kubectl(['delete', 'lunresync', 'lost', inNamespace, '--wait=false']));
  await untilHeldBack(ground, 'lost');
  const abandon = ['patch', 'storagearray', ground.arrayName, '--type=merge', '--patch={"spec":{"abandoned":true}}'];
  await printed(kubectl(abandon));
  await untilGone(ground, 'lost');
  const told = (await eventsOf(ground, 'lost')).filter(({ reason }) => reason === 'Abandoned');
  findings.expect(told.length === 1, `array abandoned: gone, ${told[0]?.note ?? 'without an Event'}`);
}

async function untilHeldBack(ground: Ground, name: string): Promise<void> {
  await until(
    () => `${name} to be held back`,
    async () => {
      const resync = await read(ground, name);
      const { status = '', reason = '' } = resync === undefined ? {} : conditionOf(resync, 'Stalled');
      return status === 'True' && reason === 'ArrayUnreachable';
    },
  );
}

function untilGone(ground: Ground, name: string): Promise<void> {
  return until(
    () => `${name} to be gone`,
    async () => (await read(ground, name)) === undefined,
  );
}

/** Deletes the namespace of an object that copies. */
export async function namespaceDeleted(world: World, findings: Findings): Promise<void> {
  await using ground: ProcessGround = await world.newProcesses();
  const before = await beginCopy(ground, 'in-it');
  const deleted = await ground.kubectl(['delete', 'namespace', ground.namespace, '--timeout=120s']);
  const messages = '--output=jsonpath={.status.conditions[?(@.status=="True")].message}';
  const waitsFor = await ground.kubectl(['get', 'namespace', ground.namespace, '--ignore-not-found', messages]);
  findings.expect(deleted.code === 0, `${firstLine(deleted)} ${waitsFor.stdout}`.trim());
  const running = (await ground.lunarray(['operations'])).split('\n').filter((line) => line.includes('RUNNING'));
  const isBack = (await digestOf(ground, 'in-it-dst')) === before;
  findings.expect(
    isBack && running.length === 0,
    `${running.length} operations run; the target ${isBack ? 'has what it had' : 'is NOT as it was'}`,
  );
}
