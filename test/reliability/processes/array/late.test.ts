// Calls that arrive after their caller has given up, or twice, and an array or an operator that stands still meanwhile.
import { beforeAll, describe, expect, it } from 'vitest';
import { setBandwidth, slowDown, startsOf, untilGone } from '../../../api/acceptance.ts';
import { startOperator } from '../../../support/operator.ts';
import { lunPair, MIB, reasonOf } from '../../../support/scene.ts';
import { sharedScene } from '../../../support/shared-scene.ts';
import { mentions, startArrayScene } from './support/array-scene.ts';
import type { Call } from './support/grpc-proxy.ts';

const scene = sharedScene(() => startArrayScene({ operatorFlags: ['--workers', '16'] }));

beforeAll(async () => {
  await scene.lun('src', 2 * MIB, 'source');
  await scene.lun('other-src', 2 * MIB, 'another source');
});

const startOf =
  (target: string) =>
  (call: Call): boolean =>
    call.method === 'StartOperation' && mentions(call, `"${target}"`);

/** Holds the first start of a target back; `deliver` lets it arrive and gives what the array said to it. */
function holdStart(target: string): { readonly deliver: () => Promise<string> } {
  const released = Promise.withResolvers<void>();
  const outcome = Promise.withResolvers<string>();
  scene.proxy.interfere(1, startOf(target), {
    kind: 'Late',
    until: released.promise,
    onDelivered: outcome.resolve,
  });
  return {
    deliver: () => {
      released.resolve();
      return outcome.promise;
    },
  };
}

describe('a start that arrives late', () => {
  it.concurrent('after its object was deleted writes nothing', async () => {
    await scene.lun('gone-dst', 2 * MIB, 'gone');
    const before = await scene.digest('gone-dst');
    const held = holdStart('gone-dst');
    // Every further start is late for ever: only a cancel can end the attempt.
    scene.proxy.interfere(99, startOf('gone-dst'), { kind: 'Code', code: 14, isApplied: false });
    await scene.apply('gone', { pairs: [lunPair('data', 'src', 'gone-dst')] });
    await scene.until('gone', 'its start is on the way', ({ status }) => status.operationID !== undefined);
    await scene.remove('gone');
    await untilGone(scene, 'gone');
    expect(await held.deliver()).toBe('FAILED_PRECONDITION');
    expect(await scene.digest('gone-dst')).toBe(before);
  });

  it.concurrent('after its object was created again with another source does not overwrite what that has done', async () => {
    await scene.lun('again-dst', 2 * MIB, 'again');
    const held = holdStart('again-dst');
    await scene.apply('again', { pairs: [lunPair('data', 'src', 'again-dst')], suspend: true });
    await scene.patch('again', { suspend: false });
    await scene.until('again', 'it ends', ({ status }) => status.completionTime !== undefined);
    await scene.remove('again');
    await untilGone(scene, 'again');
    await scene.apply('again', { pairs: [lunPair('data', 'other-src', 'again-dst')] });
    expect(reasonOf(await scene.finished('again'))).toBe('Completed');
    await held.deliver();
    expect(await scene.digest('again-dst')).toBe(await scene.digest('other-src'));
  });
});

describe('a call that arrives twice', () => {
  it.concurrent.each(['StartOperation', 'ReleaseOperation', 'DeleteSafetySnapshots'])(
    'is done once: %s',
    async (method) => {
      const name = `twice-${method.toLowerCase()}`;
      await scene.lun(`${name}-dst`, 2 * MIB, name);
      scene.proxy.interfere(9, (call) => call.method === method, { kind: 'Twice' });
      await scene.apply(name, { pairs: [lunPair('data', 'src', `${name}-dst`)] });
      expect(reasonOf(await scene.finished(name))).toBe('Completed');
      expect(await scene.digest(`${name}-dst`)).toBe(await scene.digest('src'));
      await scene.remove(name);
      await untilGone(scene, name);
    },
  );
});

describe('a process that stands still', () => {
  it('is the operator, while another takes over: it does no harm when it goes on', async () => {
    await slowDown(scene);
    const names = ['stopped-1', 'stopped-2', 'stopped-3'];
    for (const name of names) {
      await scene.lun(`${name}-dst`, 8 * MIB, name);
      await scene.apply(name, { pairs: [lunPair('data', 'src', `${name}-dst`)], sizePolicy: 'KeepLarger' });
    }
    await scene.until('stopped-1', 'its start is on record', ({ status }) => status.operationID !== undefined);
    process.kill(scene.operator.pid, 'SIGSTOP');
    const { kubeconfigPath } = scene.cluster;
    await using _other = await startOperator({ kubeconfigPath, namespace: scene.namespace });
    await setBandwidth(scene, 0);
    for (const name of names) expect(reasonOf(await scene.finished(name))).toBe('Completed');
    process.kill(scene.operator.pid, 'SIGCONT');
    await scene.lun('after-dst', 2 * MIB, 'after');
    await scene.apply('after', { pairs: [lunPair('data', 'src', 'after-dst')] });
    expect(reasonOf(await scene.finished('after'))).toBe('Completed');
    for (const name of [...names, 'after'])
      expect(new Set(startsOf(scene, name).map(({ operationID }) => operationID)).size).toBe(1);
  });

  it('is the array, longer than anybody waits for an answer: the run goes on when it does', async () => {
    await scene.lun('frozen-dst', 2 * MIB, 'frozen');
    process.kill(scene.array.pid, 'SIGSTOP');
    await scene.apply('frozen', { pairs: [lunPair('data', 'src', 'frozen-dst')] });
    await scene.until('frozen', 'the array is not reached', (resync) => reasonOf(resync) === 'ArrayUnreachable');
    process.kill(scene.array.pid, 'SIGCONT');
    expect(reasonOf(await scene.finished('frozen'))).toBe('Completed');
    expect(new Set(startsOf(scene, 'frozen').map(({ operationID }) => operationID)).size).toBe(1);
  });
});

describe('two operators without a lease', () => {
  it('work on the same objects at once: each object has one operation', async () => {
    const { kubeconfigPath } = scene.cluster;
    await using _other = await startOperator({ kubeconfigPath, namespace: scene.namespace });
    const names = Array.from({ length: 12 }, (_, nth) => `both-${nth}`);
    await Promise.all(names.map((name) => scene.lun(`${name}-dst`, 2 * MIB, name)));
    await Promise.all(names.map((name) => scene.apply(name, { pairs: [lunPair('data', 'src', `${name}-dst`)] })));
    for (const name of names) {
      expect(reasonOf(await scene.finished(name))).toBe('Completed');
      expect(new Set(startsOf(scene, name).map(({ operationID }) => operationID)).size).toBe(1);
    }
  });
});
