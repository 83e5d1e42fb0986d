// Applies LunResyncs as a user would, and watches them.
import { setTimeout as delay } from 'node:timers/promises';
import { dump } from 'js-yaml';
import { type LunResync, parseLunResync } from '../../src/api/lun-resync.ts';
import { kubectl, sendOk } from '../../test/support/api-client.ts';
import { PAIRS } from './luns.ts';
import { ProgressLine } from './progress-line.ts';
import type { Stage } from './stage.ts';

const TIMEOUT_MS = 120_000;

/** The StorageArray with the grants that namespace `shop` needs. */
export function storageArrayManifest(endpoint: string): object {
  const grant = (access: 'Source' | 'Target', lunIDs: readonly string[]): object => {
    return { name: `shop-${access.toLowerCase()}`, namespace: 'shop', access, lunIDs };
  };
  const sources = PAIRS.map((pair) => pair.snapshot);
  const targets = PAIRS.map((pair) => pair.target);
  return {
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'StorageArray',
    metadata: { name: 'array-a' },
    spec: { endpoint, lunGrants: [grant('Source', sources), grant('Target', targets)] },
  };
}

/** The run that restores both LUNs. */
export function restoreManifest(): object {
  const pairs = PAIRS.map(({ name, snapshot, target }) => ({
    name,
    source: { lunID: snapshot },
    target: { lunID: target },
  }));
  return manifest('restore-shop', { arrayName: 'array-a', pairs });
}

/** The run that puts back what was on the targets before. */
export function undoManifest(): object {
  return manifest('undo-restore-shop', {
    arrayName: 'array-a',
    pairs: PAIRS.map(({ name }) => ({ name, source: { undoOf: 'restore-shop' } })),
  });
}

function manifest(name: string, spec: object): object {
  return { apiVersion: 'lunresync.io/v1alpha1', kind: 'LunResync', metadata: { name, namespace: 'shop' }, spec };
}

/** `kubectl apply`, with the manifest shown. Throws with what kubectl said when it is refused. */
export async function apply({ plane }: Stage, object: object, say: (text: string) => void): Promise<void> {
  const yaml = dump(object, { lineWidth: 100, flowLevel: 4 });
  say(yaml.replaceAll(/^(?=.)/gm, '    ').trimEnd());
  const result = await kubectl(plane, ['apply', '-f', '-'], yaml);
  if (result.code !== 0) throw new Error(`kubectl apply: ${result.stderr}`);
  say(`    ${result.stdout.trim()}`);
}

/** Shows the progress until the run has ended, and gives the object. */
export async function follow({ plane }: Stage, name: string, out: NodeJS.WriteStream): Promise<LunResync> {
  const line = new ProgressLine(out);
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const path = `/apis/lunresync.io/v1alpha1/namespaces/shop/lunresyncs/${name}`;
    const parsed = parseLunResync(await sendOk(plane.admin, 'GET', path));
    if (!parsed.ok) throw new Error(parsed.problem);
    line.draw(parsed.value);
    if (parsed.value.status.completionTime !== undefined) {
      line.end();
      return parsed.value;
    }
    if (Date.now() > deadline) throw new Error(`LunResync ${name} has not ended after ${TIMEOUT_MS / 1000} s`);
    await delay(100);
  }
}
