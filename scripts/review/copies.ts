// A LunResync on a ground: two LUNs with different bytes, a copy that is slow enough to be disturbed, and what the array
// says of it afterwards.
import { dump } from 'js-yaml';
import { until } from '../../test/support/until.ts';
import { printed } from './commands.ts';
import type { Ground } from './ground.ts';

/** A second: a copy takes twelve seconds, and as long to be rolled back. */
const SLOW = '4MiB';
const SIZE = '48MiB';

/** The size of a LUN whose copy is disturbed. */
export const LUN_BYTES = 48 * 1024 * 1024;

/** What a point reads in a LunResync. */
export type Resync = {
  readonly metadata: { readonly uid: string; readonly finalizers?: readonly string[] };
  readonly status: {
    readonly attempt?: number;
    readonly completionTime?: string;
    readonly dataState?: string;
    readonly progress?: { readonly copiedBytes?: number };
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
    }[];
  };
};

/** How a disturbed copy ended, by the object and by the array. */
export type Outcome = {
  readonly reason: string;
  readonly attempt: number;
  /** Accepted StartOperation calls, by the array's journal. */
  readonly starts: number;
  /** Bytes that the array wrote for it. */
  readonly copiedBytes: number;
  readonly isEqual: boolean;
};

/** LUNs `<name>-src` and `<name>-dst` with different bytes. */
export async function makeLuns({ lunarray }: Ground, name: string, size = SIZE): Promise<void> {
  for (const id of [`${name}-src`, `${name}-dst`]) {
    await lunarray(['create-lun', '--pool', 'pool', '--size', size, '--id', id]);
    await lunarray(['fill', id, '--seed', id]);
  }
}

/** The manifest of a LunResync over those LUNs; `spec` and `metadata` are laid over it. */
export function manifestOf(ground: Ground, name: string, spec: object = {}, metadata: object = {}): string {
  return dump({
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'LunResync',
    metadata: { name, namespace: ground.namespace, ...metadata },
    spec: {
      arrayName: ground.arrayName,
      pairs: [{ name: 'data', source: { lunID: `${name}-src` }, target: { lunID: `${name}-dst` } }],
      ...spec,
    },
  });
}

/** Makes small LUNs and applies the LunResync. */
export async function start(ground: Ground, name: string, spec: object = {}, metadata: object = {}): Promise<void> {
  await makeLuns(ground, name, '4MiB');
  await printed(ground.kubectl(['apply', '-f', '-'], manifestOf(ground, name, spec, metadata)));
}

/** The same, and waits for the end, good or bad. */
export async function runToEnd(
  ground: Ground,
  name: string,
  spec: object = {},
  metadata: object = {},
): Promise<Resync> {
  await start(ground, name, spec, metadata);
  return untilEnded(ground, name);
}

/**
 * Makes the LUNs, applies the LunResync and waits until a part of the target is written; the copy goes on slowly. Gives
 * the digest that the target had before.
 */
export async function beginCopy(ground: Ground, name: string, bytesPerSecond = SLOW): Promise<string> {
  await makeLuns(ground, name);
  const before = await digestOf(ground, `${name}-dst`);
  await ground.lunarray(['bandwidth', bytesPerSecond]);
  await printed(ground.kubectl(['apply', '-f', '-'], manifestOf(ground, name)));
  await until(
    () => `LunResync ${name} to be in the middle of its copy`,
    async () => ((await read(ground, name))?.status.progress?.copiedBytes ?? 0) > 0,
  );
  return before;
}

/** Lets the copy go on at full speed, and gives how it ended. */
export async function endCopy(ground: Ground, name: string, copiedBytesBefore: number): Promise<Outcome> {
  await ground.lunarray(['bandwidth', '0']);
  const ended = await untilEnded(ground, name);
  const starts = await startsOf(ground, name);
  const [source, target] = [await digestOf(ground, `${name}-src`), await digestOf(ground, `${name}-dst`)];
  return {
    reason: reasonOf(ended),
    attempt: ended.status.attempt ?? 0,
    starts,
    copiedBytes: (await copiedBytes(ground)) - copiedBytesBefore,
    isEqual: source === target,
  };
}

/** Bytes that the array has written in copies so far. */
export async function copiedBytes({ lunarray }: Ground): Promise<number> {
  const { arrayCopyBytes } = JSON.parse(await lunarray(['counters', '--json'])) as { readonly arrayCopyBytes: number };
  return Number(arrayCopyBytes);
}

/** Accepted StartOperation calls for the object, by the array's journal. */
export async function startsOf({ lunarray, namespace }: Ground, name: string): Promise<number> {
  const entries = JSON.parse(await lunarray(['journal', '--limit', '10000', '--json'])) as readonly {
    readonly event: string;
    readonly owner: string;
    readonly code: string;
  }[];
  const own = entries.filter(
    ({ event, owner }) => event === 'StartOperation' && owner.includes(`/${namespace}/${name}/`),
  );
  return own.filter(({ code }) => code === 'OK').length;
}

/** The digest of a LUN's bytes, read now. */
export async function digestOf({ lunarray }: Ground, lunID: string): Promise<string> {
  return (await lunarray(['digest', lunID])).trim();
}

/** The object, or undefined when it is gone. */
export async function read({ kubectl, namespace }: Ground, name: string): Promise<Resync | undefined> {
  const ended = await kubectl([
    'get',
    'lunresync',
    name,
    `--namespace=${namespace}`,
    '--output=json',
    '--ignore-not-found',
  ]);
  const text = await printed(Promise.resolve(ended));
  return text === '' ? undefined : (JSON.parse(text) as Resync);
}

/** Waits for the end of the run, and gives the object. */
export async function untilEnded(ground: Ground, name: string): Promise<Resync> {
  const where = [`lunresync/${name}`, `--namespace=${ground.namespace}`];
  await printed(ground.kubectl(['wait', ...where, '--for=jsonpath={.status.completionTime}', '--timeout=300s']));
  const ended = await read(ground, name);
  if (ended === undefined) throw new Error(`LunResync ${name} is gone`);
  return ended;
}

/** The condition of that type. */
export function conditionOf({ status }: Resync, type: string): { readonly status: string; readonly reason: string } {
  return status.conditions?.find((condition) => condition.type === type) ?? { status: '', reason: '' };
}

/** The reason of the condition Succeeded: the word that people read. */
export function reasonOf(resync: Resync): string {
  return conditionOf(resync, 'Succeeded').reason;
}

/** The Events of an object. */
export async function eventsOf(
  { kubectl, namespace }: Ground,
  name: string,
): Promise<readonly { readonly type: string; readonly reason: string; readonly note?: string }[]> {
  const where = [`--namespace=${namespace}`, `--field-selector=regarding.name=${name}`, '--output=json'];
  const { items } = JSON.parse(await printed(kubectl(['get', 'events.v1.events.k8s.io', ...where]))) as {
    readonly items: readonly { readonly type: string; readonly reason: string; readonly note?: string }[];
  };
  return items;
}
