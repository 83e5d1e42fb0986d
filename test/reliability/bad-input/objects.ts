/** Random stored objects through the whole of the operator's rules: parse, resolve, decide, conclude. */
import fc from 'fast-check';
import { type LunResync, parseLunResync } from '../../../src/api/lun-resync.ts';
import { lunResyncStatusSchema } from '../../../src/api/lun-resync-status.ts';
import { FINALIZER } from '../../../src/api/names.ts';
import { MAX_STATUS_BYTES } from '../../../src/api/size.ts';
import { parseStorageArray, type StorageArray } from '../../../src/api/storage-array.ts';
import { NO_VOLUMES } from '../../../src/controller/no-volumes.ts';
import { recordedPairs, resolveArray } from '../../../src/controller/resolve.ts';
import { resolvePairs } from '../../../src/controller/resolve-pair.ts';
import { conclude } from '../../../src/core/conclude.ts';
import { decide, isFinished } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import type { Observation, View } from '../../../src/core/observation.ts';
import { anyAnswer, view } from '../../support/arbitrary-arrays.ts';
import { DIGEST, NOW, OWNER, UID } from '../../support/observations.ts';
import { oneOf } from '../../support/one-of.ts';
import { type Draw, type Schema, schemaOf, valueOf } from './schema-values.ts';

export type Checked = {
  readonly objects: number;
  readonly refused: number;
  readonly decisions: number;
  readonly problems: string[];
};

const RESYNC = schemaOf('lunresyncs');
const ARRAY = schemaOf('storagearrays');
const SETTINGS = { referenceTimeoutMs: 300_000, progressIntervalMs: 10_000, pollIntervalMs: 1_000 };

/** Makes and judges so many objects; the same seed makes the same ones. */
export function checkObjects(count: number, seed: number): Checked {
  const draw = random(seed);
  const views = fc.sample(view, { seed, numRuns: 400 });
  const answers = fc.sample(anyAnswer, { seed, numRuns: 400 });
  const checked = { objects: 0, refused: 0, decisions: 0, problems: [] as string[] };
  for (; checked.objects < count; checked.objects += 1) {
    const stored = storedResync(draw);
    const array = storedArray(draw);
    try {
      const resync = parseLunResync(stored);
      const storageArray = parseStorageArray(array);
      if (!resync.ok || !storageArray.ok) {
        checked.refused += 1;
        continue;
      }
      const o = observationOf(resync.value, storageArray.value, oneOf(views, draw()));
      for (const decision of [decide(o), conclude(o, oneOf(answers, draw()))]) {
        checked.decisions += 1;
        const problem = problemOf(o, decision);
        if (problem !== undefined) checked.problems.push(`${problem}: ${JSON.stringify(stored)}`);
      }
    } catch (error) {
      checked.problems.push(`${error instanceof Error ? error.stack : String(error)}: ${JSON.stringify(stored)}`);
    }
    if (checked.problems.length > 20) break;
  }
  return checked;
}

/** What somebody with rights may have stored: any spec, any status, be it of an older or a newer operator. */
function storedResync(draw: Draw): unknown {
  const { spec, status } = RESYNC.properties ?? {};
  const metadata = {
    name: 'restore',
    namespace: 'shop',
    uid: UID,
    resourceVersion: '7',
    generation: 1 + Math.floor(draw() * 3),
    creationTimestamp: '2026-11-24T09:00:00Z',
    ...(draw() < 0.8 ? { finalizers: draw() < 0.9 ? [FINALIZER] : ['other/finalizer', FINALIZER] } : {}),
    ...(draw() < 0.2 ? { deletionTimestamp: '2026-11-24T09:30:00Z' } : {}),
  };
  const object = { apiVersion: 'lunresync.io/v1alpha1', kind: 'LunResync', metadata, spec: valueOf(spec ?? {}, draw) };
  if (draw() < 0.15) return object;
  const known = valueOf(status ?? {}, draw) as object;
  return { ...object, status: draw() < 0.1 ? { ...known, ofANewerVersion: { nested: [1, null] } } : known };
}

function storedArray(draw: Draw): unknown {
  const { spec, status } = ARRAY.properties ?? ({} as Record<string, Schema>);
  const creationTimestamp = '2026-11-24T09:00:00Z';
  const metadata = { name: 'array-a', uid: 'uid-a', resourceVersion: '3', generation: 1, creationTimestamp };
  const drawn = { ...(valueOf(spec ?? {}, draw) as object), endpoint: 'unix:///run/array.sock' };
  return {
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'StorageArray',
    metadata,
    spec: drawn,
    status: valueOf(status ?? {}, draw),
  };
}

const NOTHING = { undone: new Map<string, LunResync>(), volumes: NO_VOLUMES.view };

function observationOf(resync: LunResync, array: StorageArray, seen: View): Observation {
  const { observed } = resolveArray(resync, [array], NOTHING);
  const names = { ...NOTHING, namespace: 'shop', driver: array.spec.csiDriverName, arrayName: array.metadata.name };
  const attempted = (resync.status.attempt ?? 0) > 0;
  return {
    now: NOW,
    resync,
    owner: OWNER,
    settings: SETTINGS,
    array: observed,
    pairs: attempted ? recordedPairs(resync, names) : resolvePairs(resync, names),
    view: seen,
    pairsDigest: DIGEST,
    idleMs: 0,
    unreachableMs: 0,
    othersRunning: 0,
  };
}

/** What must not be, whatever was stored and whatever the array says. */
function problemOf(o: Observation, decision: Decision): string | undefined {
  if (decision.kind === 'Act') return foreignAct(o, decision.action);
  if (decision.kind === 'Wait') return undefined;
  const { status } = decision;
  const { error } = lunResyncStatusSchema.safeParse(status);
  if (error !== undefined)
    return `a status that the schema refuses (${error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')})`;
  if (JSON.stringify(status).length > MAX_STATUS_BYTES) return 'a status that is too large';
  const succeeded = status.conditions?.find(({ type }) => type === 'Succeeded');
  if (isFinished(o) || succeeded?.reason !== 'Completed') return undefined;
  return hasSucceeded(o) ? undefined : 'a success that is none';
}

function hasSucceeded({ view: seen, pairs, owner }: Observation): boolean {
  if (seen.state !== 'read') return false;
  return pairs.every(
    ({ targetLunID }) =>
      seen.luns.get(targetLunID)?.runs.some((run) => run.owner === owner && run.outcome === 'Succeeded') === true,
  );
}

function foreignAct({ resync }: Observation, action: Extract<Decision, { kind: 'Act' }>['action']): string | undefined {
  const operationID = action.kind === 'Start' ? action.request.operationID : undefined;
  if (operationID !== undefined && operationID !== resync.status.operationID) return 'a start of another operation';
  if (action.kind === 'Start' && action.request.owner !== OWNER) return 'a start for another owner';
  return undefined;
}

function random(seed: number): Draw {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
