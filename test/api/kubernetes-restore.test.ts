import { expect, it } from 'vitest';
import { Reflector } from '../../src/kubernetes/reflector.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { eventually, Fixture } from './kubernetes-fixture.ts';

it('a reflector shows the restored objects within seconds after etcd was put back to a backup', async () => {
  await using plane = await startControlPlane();
  await using fixture = new Fixture(plane.kubeconfigPath);
  const namespace = await fixture.namespace();
  const made = await fixture.createConfigMap(namespace, 'a', { v: 'old' });
  const backup = await plane.backUp();
  const stop = new AbortController();
  const selection = { namespace };
  const reflector = new Reflector({ resource: fixture.configMaps, selection, report: (): void => undefined });
  const running = reflector.run(stop.signal);
  await reflector.synced;
  const changed = await fixture.configMaps.patch(made.metadata, { data: { v: 'lost' } }, made.metadata);
  reflector.seen(changed);
  // The restored etcd must not catch up with these versions by what the API server itself writes when it starts.
  for (let count = 0; count < 200; count += 1) await fixture.createConfigMap(namespace, `lost-${count}`);
  await eventually(() => reflector.list().length === 201);
  await plane.restore(backup);
  await eventually(() => reflector.list().length === 1);
  expect(reflector.get(made.metadata)?.data).toEqual({ v: 'old' });
  await fixture.createConfigMap(namespace, 'later');
  await eventually(() => reflector.get({ namespace, name: 'later' }));
  stop.abort();
  await running;
});
