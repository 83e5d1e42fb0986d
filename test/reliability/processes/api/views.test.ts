// The operator's view of the objects is incomplete, silent, or of the past.
import { describe, expect, inject, it } from 'vitest';
import { resyncPath, resyncsPath, setBandwidth, slowDown } from '../../../api/acceptance.ts';
import { sendOk } from '../../../support/api-client.ts';
import { lunPair, reasonOf } from '../../../support/scene.ts';
import { sharedScene } from '../../../support/shared-scene.ts';
import { until } from '../../../support/until.ts';
import { about } from './support/api-faults.ts';
import {
  applyPair,
  expectOneOperation,
  holdCopy,
  makePair,
  startedOf,
  startProxiedScene,
  toWatches,
  untilCopying,
} from './support/proxied-scene.ts';

const scene = sharedScene(() => startProxiedScene(inject('cluster')));

describe('what the operator is not told', () => {
  it('a suspension that was lifted again changes nothing', async () => {
    const pair = await makePair(scene, 'blink');
    const held = await holdCopy(scene, 'blink');
    await applyPair(scene, 'blink');
    await untilCopying(scene, 'blink');
    const hidden = scene.proxy.mapEvents((event) => (event.object.metadata.name === 'blink' ? [] : [event]));
    await scene.patch('blink', { suspend: true });
    await scene.patch('blink', { suspend: false });
    hidden.stop();
    await held.letGo();
    await expectOneOperation(scene, pair);
  });

  it('a cancellation is met by the next write of the status, which it refuses', async () => {
    const { target } = await makePair(scene, 'unseen');
    await slowDown(scene);
    await applyPair(scene, 'unseen');
    await untilCopying(scene, 'unseen');
    await toWatches(scene, (stream) => stream.silence());
    await scene.patch('unseen', { cancel: true });
    const isCancelled = (): boolean => scene.array.callLog().some(({ method }) => method === 'CancelOperation');
    await until(() => 'the operation to be cancelled', isCancelled);
    await setBandwidth(scene, 0);
    const ended = await scene.finished('unseen');
    expect([reasonOf(ended), ended.status.dataState]).toEqual(['Cancelled', 'RolledBack']);
    expect(await scene.digest('unseen-dst')).toBe(target);
    scene.proxy.cutAll();
  });

  it('an object in the place of another is taken for what it is', async () => {
    const old = await makePair(scene, 'twin');
    const source = await makePair(scene, 'young');
    await holdCopy(scene, 'twin');
    await toWatches(scene, () => undefined);
    const first = await applyPair(scene, 'twin');
    await untilCopying(scene, 'twin');
    // From the deletion on the operator is told of nothing but one change, to an object of another uid.
    const { uid } = first.metadata;
    const hidden = scene.proxy.mapEvents((event) => {
      if (event.object.metadata.name !== 'twin') return [event];
      return event.object.metadata.uid === uid ? [] : [{ ...event, type: 'MODIFIED' }];
    });
    await sendOk(scene.cluster.admin, 'DELETE', resyncPath(scene, 'twin'));
    await sendOk(scene.cluster.admin, 'PATCH', resyncPath(scene, 'twin'), { metadata: { finalizers: null } });
    const second = await scene.apply('twin', { pairs: [lunPair('data', 'young-src', 'twin-dst')] });
    await scene.until('twin', 'it waits for the operation of its predecessor', (resync) => reasonOf(resync) !== '');
    // What nobody declares any more is ended when the array is looked at for that.
    await scene.patchArray({ maxConcurrentOperations: 32 });
    expect(reasonOf(await scene.finished('twin'))).toBe('Completed');
    hidden.stop();
    expect(startedOf(scene, 'twin')).toEqual([`${uid}.1`, `${second.metadata.uid}.1`]);
    expect(await scene.digest('twin-dst')).toBe(source.source);
    expect(await scene.digest('twin-src')).toBe(old.source);
  });
});

describe('an operator that starts with a view of the past', () => {
  it('starts nothing that the present does not want, and does what it wants later', async () => {
    const [stopped, done] = [await makePair(scene, 'stopped'), await makePair(scene, 'done')];
    await makePair(scene, 'gone');
    const held = await holdCopy(scene, 'done');
    await scene.array.admin.publish({ lunId: 'stopped-dst', node: 'worker-1' });
    await Promise.all([applyPair(scene, 'stopped'), applyPair(scene, 'done')]);
    await scene.until('stopped', 'it waits', (resync) => reasonOf(resync) === 'WaitingForTarget');
    await untilCopying(scene, 'done');
    await scene.operator.kill();
    await applyPair(scene, 'gone');
    const list = (await sendOk(scene.cluster.admin, 'GET', resyncsPath(scene))) as {
      metadata: { resourceVersion: string };
    };
    await scene.operator.start();
    await held.letGo();
    await expectOneOperation(scene, done);
    await until(
      () => 'the last of them to be started',
      () => startedOf(scene, 'gone').length === 1,
    );
    await scene.operator.kill();
    await scene.patch('stopped', { suspend: true });
    await scene.array.admin.unpublish({ lunId: 'stopped-dst', node: 'worker-1' });
    const starts = ['stopped', 'done', 'gone'].map((name) => startedOf(scene, name));
    expect(starts).toEqual([[], [expect.any(String)], [expect.any(String)]]);
    const past = scene.proxy.showAt('lunresyncs', list.metadata.resourceVersion);
    const from = scene.proxy.requests.length;
    await scene.operator.start();
    const isTried = (name: string): boolean => scene.proxy.requests.slice(from).some(about(name));
    await until(
      () => 'the operator to act on the past',
      () => ['stopped', 'done', 'gone'].every(isTried),
    );
    past.catchUp();
    await scene.until('stopped', 'it is suspended', (resync) => reasonOf(resync) === 'Suspended');
    expect(['stopped', 'done', 'gone'].map((name) => startedOf(scene, name))).toEqual(starts);
    expect((await scene.read('done'))?.status.completionTime).toBeDefined();
    await scene.patch('stopped', { suspend: false });
    await expectOneOperation(scene, stopped);
  });
});

describe('a watch that falls silent', () => {
  it('is given up, and what it did not say is found', async () => {
    const pair = await makePair(scene, 'silent');
    await scene.operator.kill();
    process.env['NODE_OPTIONS'] = `--import ${new URL('./support/short-stall.ts', import.meta.url).href}`;
    await scene.operator.start();
    delete process.env['NODE_OPTIONS'];
    await toWatches(scene, (stream) => stream.silence());
    const asked = scene.proxy.requests.length;
    await applyPair(scene, 'silent');
    await expectOneOperation(scene, pair);
    const lists = scene.proxy.requests
      .slice(asked)
      .filter(({ path, isWatch }) => path === resyncsPath(scene) && !isWatch);
    expect(lists.length).toBeGreaterThan(0);
  });
});
