// What an API server, or something on the way to it, can say instead of the truth, at each moment of a run.
import { describe, expect, inject, it } from 'vitest';
import { sendOk } from '../../../support/api-client.ts';
import { sharedScene } from '../../../support/shared-scene.ts';
import { about, answered, gatewayTimeout, halfOpen, statusWrite } from './support/api-faults.ts';
import type { Fault, SeenRequest } from './support/api-proxy.ts';
import {
  applyPair,
  expectOneOperation,
  holdCopy,
  makePair,
  startProxiedScene,
  untilCopying,
} from './support/proxied-scene.ts';

const scene = sharedScene(() => startProxiedScene(inject('cluster')));

type Moment = (name: string) => (request: SeenRequest) => boolean;

const MOMENTS: Readonly<Record<string, Moment>> = {
  finalizer: (name) => (request) => about(name)(request) && request.body.includes('finalizers'),
  intent: (name) => statusWrite(name, 'operationID'),
  'fresh-read': (name) => (request) => about(name)(request) && request.method === 'GET',
  progress: (name) => statusWrite(name, 'startTime'),
  end: (name) => statusWrite(name, 'completionTime'),
};

/** One run for each moment, at which the fault is met, `times` times where it asks as often. */
async function expectRuns(key: string, fault: Fault, times: number): Promise<void> {
  await Promise.all(
    Object.entries(MOMENTS).map(async ([moment, when]) => {
      const name = `${key}-${moment}`;
      const pair = await makePair(scene, name);
      const held = await holdCopy(scene, name);
      // Only a write that was refused makes an operator read the object again.
      if (moment === 'fresh-read') scene.proxy.spoil(statusWrite(name, 'operationID'), answered(409));
      const spoiling = scene.proxy.spoil(when(name), fault, { times });
      await applyPair(scene, name);
      await untilCopying(scene, name);
      await held.letGo();
      await expectOneOperation(scene, pair);
      expect(spoiling.requests.length, name).toBeGreaterThan(0);
    }),
  );
}

describe('a run is done once, whatever is said at each of its moments', () => {
  it.concurrent('nothing, on a connection that stays open', () => expectRuns('half-open', halfOpen, 1));

  it.concurrent.each([
    [409, 6],
    [410, 2],
    [429, 2],
    [500, 2],
    [503, 2],
    [504, 2],
  ])('%d, %d times', (code, times) => expectRuns(`code-${code}`, answered(code, { 'retry-after': '1' }), times));

  it.concurrent('504, when it has been done', () => expectRuns('late', gatewayTimeout, 1));

  it.concurrent('the answer, but only after the object was changed', async () => {
    const touch: Fault = async (exchange) => {
      await sendOk(scene.cluster.admin, 'PATCH', exchange.request.path.replace(/\/status$/, ''), {
        metadata: { annotations: { touched: exchange.request.method } },
      });
      await exchange.pass();
    };
    await expectRuns('late-write', touch, 1);
  });
});
