// Every version of a LunResync, as a watch shows them: what a user or a GitOps tool could have seen at any instant.

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { createInterface } from 'node:readline';
import { type LunResync, parseLunResync } from '../../src/api/lun-resync.ts';
import type { Scene } from '../support/scene.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** The versions so far, oldest first; the recording ends when it is disposed of. */
export type Versions = Disposable & { readonly all: readonly LunResync[] };

/** Where the object is. */
type Watched = Pick<Scene, 'namespace'> & { readonly cluster: Pick<Scene['cluster'], 'admin'> };

/**
 * Records every version of the object from now on; the object need not exist yet. Rejects when the API server refuses
 * the watch. A watch that the server breaks off makes the next look at `all` throw: a gap must not pass for silence.
 */
export async function recordVersions(scene: Watched, name: string): Promise<Versions> {
  const { admin } = scene.cluster;
  const query = new URLSearchParams({ watch: 'true', fieldSelector: `metadata.name=${name}`, resourceVersion: '0' });
  const path = `/apis/lunresync.io/v1alpha1/namespaces/${scene.namespace}/lunresyncs?${query.toString()}`;
  const outgoing = get(new URL(path, admin.server), {
    ca: admin.caPem,
    cert: admin.certPem,
    key: admin.keyPem,
    agent: false,
  });
  const [incoming] = (await once(outgoing, 'response', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) })) as [
    IncomingMessage,
  ];
  if (incoming.statusCode !== 200) throw new Error(`the watch of ${name} was answered with ${incoming.statusCode}`);
  const versions: LunResync[] = [];
  let failure: Error | undefined;
  let stopped = false;
  const fail = (error: Error): void => {
    if (!stopped) failure ??= error;
  };
  const lines = createInterface({ input: incoming });
  lines.on('line', (line) => {
    const { type, object } = JSON.parse(line) as { readonly type: string; readonly object: unknown };
    const parsed = parseLunResync(object);
    if (type === 'ERROR' || !parsed.ok) return fail(new Error(`the watch of ${name} said ${line}`));
    versions.push(parsed.value);
  });
  lines.on('close', () => fail(new Error(`the watch of ${name} was broken off`)));
  // The lines pass on the errors of what they are read from.
  for (const emitter of [incoming, lines]) emitter.on('error', fail);
  return {
    get all() {
      if (failure !== undefined) throw failure;
      return versions;
    },
    [Symbol.dispose]: () => {
      stopped = true;
      outgoing.destroy();
    },
  };
}
