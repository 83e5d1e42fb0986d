import { describe, expect, it } from 'vitest';
import type { StoredObject } from '../../src/kubernetes/stored-object.ts';
import { parseThing, Scene, thing } from './reflector-scene.ts';
import { eventually, json, ScriptedServer, status } from './scripted-server.ts';

describe('Reflector', () => {
  it('holds what was listed, then what the watch brings, and has synced after the first list', async () => {
    await using scene = await Scene.start([thing('a', 3)]);
    expect(scene.reflector.hasSynced).toBe(true);
    await scene.reflector.synced;
    scene.send('ADDED', thing('b', 11));
    scene.send('MODIFIED', thing('a', 12, 2));
    scene.send('DELETED', thing('b', 13));
    await eventually(() => scene.changes.length === 4);
    expect(scene.changes).toEqual(['add a 1', 'add b 1', 'update a 1>2', 'delete b 1']);
    expect(scene.reflector.list().map((object) => object.metadata.name)).toEqual(['a']);
    expect(scene.reflector.get({ namespace: 'shop', name: 'a' })?.metadata).not.toHaveProperty('managedFields');
  });

  it('ends at once when it is told so while it takes a list, and opens no watch', async () => {
    await using scene = new Scene(await ScriptedServer.start(() => undefined));
    scene.objects = [thing('a', 3)];
    let hasEnded = false;
    scene.reflector.observe({
      onAdd: () =>
        void scene.stop().then(() => {
          hasEnded = true;
        }),
    });
    scene.run();
    await eventually(() => hasEnded);
    expect(scene.watches).toEqual([]);
  });

  it('asks for bookmarks and for an end within ten minutes, from the version of the list', async () => {
    await using scene = await Scene.start([]);
    const query = Object.fromEntries(scene.watch.request.query);
    expect(query).toEqual({ watch: 'true', allowWatchBookmarks: 'true', resourceVersion: '10', timeoutSeconds: '300' });
  });

  it('lists again at once when a watch is closed because its time is up', async () => {
    await using scene = await Scene.start([]);
    scene.version = 57;
    await scene.pass(300_000);
    scene.watch.response.end();
    await eventually(() => scene.watches.length === 2);
    expect(scene.watch.request.query.get('resourceVersion')).toBe('57');
    expect(scene.lists).toBe(2);
  });

  it('lists again when a watch is closed before its time: the server may come back with another history', async () => {
    await using scene = await Scene.start([thing('a', 3)]);
    await scene.pass(200_000);
    scene.objects = [thing('a', 3), thing('written-under-a-version-that-was-seen', 9)];
    scene.watch.response.end();
    scene.clock.advance(await scene.backOff());
    await eventually(() => scene.lists === 2 && scene.changes.length === 2);
    expect(scene.changes).toEqual(['add a 1', 'add written-under-a-version-that-was-seen 1']);
  });

  it('takes a watch that is silent for longer than the bookmark period for dead, and lists again', async () => {
    await using scene = await Scene.start([]);
    scene.send('ADDED', thing('a', 11));
    await eventually(() => scene.changes.length === 1);
    scene.version = 11;
    scene.objects = [thing('a', 11)];
    scene.clock.advance(89_999);
    expect(scene.watches).toHaveLength(1);
    scene.clock.advance(1);
    await eventually(() => scene.watches.length === 2);
    expect(scene.watch.request.query.get('resourceVersion')).toBe('11');
    expect(scene.lists).toBe(2);
    scene.send('ADDED', thing('b', 12));
    await eventually(() => scene.changes.length === 2);
  });

  it.each(['as an event', 'as an answer'])('lists again at once when its version has expired, told %s', async (how) => {
    await using scene = await Scene.start([thing('a', 3), thing('b', 4)]);
    if (how === 'as an answer') {
      scene.onWatch = (response): boolean => {
        scene.onWatch = (): boolean => false;
        scene.objects = [thing('b', 21, 5), thing('c', 20)];
        scene.version = 30;
        json(response, 410, status(410, 'Expired'));
        return true;
      };
      await scene.pass(300_000);
      scene.watch.response.end();
    } else {
      scene.objects = [thing('b', 21, 5), thing('c', 20)];
      scene.version = 30;
      scene.send('ERROR', status(410, 'Expired'));
    }
    const isRenewed = (): boolean => scene.watch.request.query.get('resourceVersion') === '30';
    await eventually(() => isRenewed() && scene.lists === (how === 'as an event' ? 2 : 3));
    expect(scene.changes.slice(2)).toEqual(['delete a 1', 'update b 1>5', 'add c 1']);
  });

  it('lists again when the history of the API server has gone back, as after an etcd was restored', async () => {
    await using scene = await Scene.start([thing('a', 9, 2), thing('b', 8)]);
    scene.objects = [thing('a', 3, 1)];
    await scene.pass(300_000);
    scene.version = 5;
    scene.watch.response.end();
    await eventually(() => scene.lists === 2 && scene.watches.length === 2);
    expect(scene.watch.request.query.get('resourceVersion')).toBe('5');
    expect(scene.changes).toEqual(['add a 2', 'add b 1', 'delete b 1', 'update a 2>1']);
  });

  it('reports a deletion and an addition when an object was deleted and created again while nobody watched', async () => {
    await using scene = await Scene.start([thing('a', 3)]);
    scene.objects = [thing('a', 25, 7, 'another-uid')];
    scene.send('ERROR', status(410, 'Expired'));
    await eventually(() => scene.changes.length === 3);
    expect(scene.changes).toEqual(['add a 1', 'delete a 1', 'add a 7']);
  });

  it('waits as long as a server that has too many requests asks', async () => {
    await using scene = new Scene(await ScriptedServer.start(() => undefined));
    scene.onList = (response): boolean => {
      json(response, 429, status(429, 'TooManyRequests'), { 'Retry-After': '7' });
      return true;
    };
    scene.run();
    expect(await scene.backOff()).toBe(7_000);
    scene.onList = (): boolean => false;
    scene.clock.advance(6_999);
    expect(scene.lists).toBe(1);
    scene.clock.advance(1);
    await eventually(() => scene.reflector.hasSynced);
  });

  it('backs off longer with each failure, lists again after each, and begins anew once it works', async () => {
    await using scene = await Scene.start([]);
    scene.onWatch = (response): boolean => {
      json(response, 500, status(500, 'InternalError'));
      return true;
    };
    scene.send('ERROR', status(500, 'InternalError'));
    const waits: number[] = [];
    for (let count = 0; count < 6; count += 1) {
      waits.push(await scene.backOff());
      if (count === 5) scene.onWatch = (): boolean => false;
      scene.clock.advance(waits[count] ?? 0);
      await eventually(() => scene.watches.length === count + 2);
    }
    expect(waits).toEqual([800, 1_600, 3_200, 6_400, 12_800, 25_600]);
    expect(scene.lists).toBe(7);
    scene.send('ADDED', thing('a', 11));
    await eventually(() => scene.changes.length === 1);
    scene.send('ERROR', status(500, 'InternalError'));
    expect(await scene.backOff()).toBe(800);
  });

  it('does not hammer a server that closes every watch at once', async () => {
    await using scene = await Scene.start([]);
    scene.watch.response.end();
    expect(await scene.backOff()).toBe(800);
  });

  it('does not hammer a server that lets every list expire', async () => {
    await using scene = await Scene.start([]);
    scene.onWatch = (response): boolean => {
      json(response, 410, status(410, 'Expired'));
      return true;
    };
    scene.send('ERROR', status(410, 'Expired'));
    expect(await scene.backOff()).toBe(1_600);
    expect(scene.lists).toBe(2);
  });

  it('tells the other observers when one throws, and reports it', async () => {
    await using scene = await Scene.start([]);
    const seen: string[] = [];
    scene.reflector.observe({
      onAdd: () => {
        throw new Error('a bug');
      },
    });
    const stopObserving = scene.reflector.observe({ onAdd: (object) => seen.push(object.metadata.name) });
    scene.send('ADDED', thing('a', 11));
    await eventually(() => seen.length === 1);
    expect(scene.reports).toContainEqual({ kind: 'ObserverFailed', resource: 'things', error: new Error('a bug') });
    stopObserving();
    scene.send('ADDED', thing('b', 12));
    await eventually(() => scene.changes.length === 2);
    expect(seen).toEqual(['a']);
  });

  it('keeps the earlier state of an object that cannot be read, over a new list as well', async () => {
    await using scene = await Scene.start([thing('a', 3), thing('never', 4, 'large')]);
    scene.send('MODIFIED', thing('a', 11, 'large'));
    await eventually(() => scene.reports.filter(({ kind }) => kind === 'Unreadable').length === 2);
    scene.objects = [thing('a', 11, 'large')];
    scene.send('ERROR', status(410, 'Expired'));
    await eventually(() => scene.lists === 2 && scene.watches.length === 2);
    expect(scene.reflector.get({ namespace: 'shop', name: 'a' })?.size).toBe(1);
    scene.send('MODIFIED', thing('a', 31, 9));
    await eventually(() => scene.changes.includes('update a 1>9'));
  });

  it('shows what our own write returned before the watch brings it, and does not fall back behind it', async () => {
    await using scene = await Scene.start([thing('a', 3)]);
    scene.reflector.seen(parseThing(thing('a', 12, 12) as StoredObject));
    scene.send('MODIFIED', thing('a', 11, 11));
    scene.send('MODIFIED', thing('a', 12, 12));
    scene.send('MODIFIED', thing('a', 13, 13));
    await eventually(() => scene.changes.includes('update a 12>13'));
    expect(scene.changes).toEqual(['add a 1', 'update a 1>12', 'update a 12>13']);
  });

  it('stops while it waits to try again, without another request', async () => {
    const scene = await Scene.start([]);
    scene.watch.response.end();
    await scene.backOff();
    await scene.stop();
    scene.clock.advance(60_000);
    expect([scene.lists, scene.watches.length]).toEqual([1, 1]);
    await scene[Symbol.asyncDispose]();
  });
});
