// LunResyncs of the namespace `runs`, over LUNs that each test makes for itself.
import { afterEach, beforeEach, inject } from 'vitest';
import { type LunResync, parseLunResync } from '../../../src/api/lun-resync.ts';
import { PATIENCE_MS, until } from '../../support/until.ts';
import { type Cluster, clusterAt, say } from './cluster.ts';
import { OPERATOR_NAMESPACE } from './installation.ts';
import { ARRAY_NAMESPACE, GOLDEN, type LunArray, lunarray } from './simulated-array.ts';

/** A LunResync that was applied, and what its target held before. */
export type Run = { readonly name: string; readonly namespace: string; readonly uid: string; readonly before: string };

/** What tests of runs do and see. */
export type Runs = {
  readonly cluster: Cluster;
  readonly array: LunArray;
  /** Applies a LunResync of the golden snapshot over a new LUN of its own name. */
  readonly start: (name: string, options?: RunOptions) => Promise<Run>;
  /** The same, and waits until it is in the middle of a copy that takes minutes. */
  readonly startHeld: (name: string, options?: RunOptions) => Promise<Run>;
  /** The object as it is now. */
  readonly read: (run: Run) => Promise<LunResync>;
  /** Waits until the object is so; gives it. */
  readonly until: (run: Run, what: string, isSo: (resync: LunResync) => boolean) => Promise<LunResync>;
  /** Waits until the run has ended. */
  readonly ended: (run: Run) => Promise<LunResync>;
  /** Changes the spec. */
  readonly patch: (run: Run, spec: object) => Promise<void>;
  /** Orders the deletion and does not wait for it. */
  readonly remove: (run: Run) => Promise<void>;
  /** Waits until the object is gone. */
  readonly gone: (run: Run) => Promise<void>;
};

export type RunOptions = { readonly namespace?: string; readonly spec?: object; readonly annotations?: object };

/** To be called in a `describe`: copies are fast before each test, and a failed one shows what the cluster was at. */
export function useRuns(): () => Runs {
  const runs = (): Runs => runsIn(clusterAt(inject('e2e').access));
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => showState(runs().cluster), PATIENCE_MS);
  });
  afterEach(() => runs().array.letCopiesRun());
  return runs;
}

/** The word that people read. */
export function reasonOf({ status }: LunResync): string {
  return conditionOf('Succeeded', status)?.reason ?? '';
}

/** Whether the status asks for a person. */
export function isStalled({ status }: LunResync): boolean {
  return conditionOf('Stalled', status)?.status === 'True';
}

function conditionOf(
  type: string,
  { conditions = [] }: LunResync['status'],
): { status: string; reason: string } | undefined {
  return conditions.find((condition) => condition.type === type);
}

function runsIn(cluster: Cluster): Runs {
  const { kubectl, apply } = cluster;
  const array = lunarray(cluster);
  const object = ({ name, namespace }: Run): string[] => [`lunresync/${name}`, `--namespace=${namespace}`];
  const read: Runs['read'] = async (run) => parsed(await kubectl('get', ...object(run), '--output=json'));
  const untilSo: Runs['until'] = async (run, what, isSo) => {
    let seen: LunResync | undefined;
    await until(
      () => `${run.name}: ${what}; it is ${seen === undefined ? 'unread' : reasonOf(seen)}`,
      async () => {
        seen = await read(run);
        return isSo(seen);
      },
    );
    return seen ?? read(run);
  };
  const start: Runs['start'] = async (name, { namespace = 'runs', spec = {}, annotations = {} } = {}) => {
    await array.makeTarget(name);
    const before = await array.digest(name);
    const pairs = [{ name: 'data', source: { lunID: GOLDEN }, target: { lunID: name } }];
    const metadata = { name, namespace, annotations };
    await apply({ apiVersion: 'lunresync.io/v1alpha1', kind: 'LunResync', metadata, spec: { pairs, ...spec } });
    const uid = await kubectl('get', 'lunresync', name, '-n', namespace, '--output=jsonpath={.metadata.uid}');
    return { name, namespace, uid, before };
  };
  return {
    cluster,
    array,
    start,
    startHeld: async (name, options) => {
      await array.holdCopies();
      const run = await start(name, options);
      await untilSo(run, 'in the middle of its copy', isCopying);
      return run;
    },
    read,
    until: untilSo,
    ended: (run) => untilSo(run, 'its end', ({ status }) => status.completionTime !== undefined),
    patch: async (run, spec) => {
      await kubectl('patch', ...object(run), '--type=merge', `--patch=${JSON.stringify({ spec })}`);
    },
    remove: async (run) => void (await kubectl('delete', ...object(run), '--wait=false')),
    gone: async (run) => void (await kubectl('wait', ...object(run), '--for=delete', '--timeout=180s')),
  };
}

/** Whether some bytes have been copied and more are to come. */
export function isCopying(resync: LunResync): boolean {
  const { copiedBytes = 0, totalBytes = 0 } = resync.status.progress ?? {};
  return reasonOf(resync) === 'Copying' && copiedBytes > 0 && copiedBytes < totalBytes;
}

function parsed(json: string): LunResync {
  const result = parseLunResync(JSON.parse(json));
  if (!result.ok) throw new Error(result.problem);
  return result.value;
}

async function showState({ kubectl }: Cluster): Promise<void> {
  const asked = [
    ['get', 'lunresyncs,pods', '--all-namespaces', '--output=wide'],
    ['get', 'events', '--all-namespaces', '--sort-by=.lastTimestamp'],
    ['logs', '--tail=60', '--namespace', OPERATOR_NAMESPACE, '--selector=app.kubernetes.io/component=operator'],
    ['logs', '--tail=60', '--namespace', ARRAY_NAMESPACE, 'lunresync-simulator-0', '--container=array'],
  ];
  for (const args of asked) say(`$ kubectl ${args.join(' ')}\n${await kubectl(...args).catch(String)}`);
}
