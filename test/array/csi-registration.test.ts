// How a kubelet gets to know the driver; in a cluster test/e2e has a real one.

import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { Registration } from '../../src/proto/pluginregistration/v1/registration_pb.js';
import { createClient } from '../../src/rpc/client.ts';
import { startDriver } from '../support/csi.ts';

it('a kubelet that finds the socket in plugins_registry learns the name of the driver and where it serves', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'lunresync-registry-'));
  const socket = `unix://${join(folder.path, 'sim.lunresync.io-reg.sock')}`;
  await using driver = await startDriver({ flags: ['--csi-registration', socket] });
  const channel = new Client(socket, credentials.createInsecure(), { 'grpc.default_authority': 'localhost' });
  const kubelet = createClient(Registration, channel, { timeoutMs: 10_000 });
  const info = await kubelet.getInfo({});
  expect(info).toMatchObject({ type: 'CSIPlugin', name: 'sim.lunresync.io', supportedVersions: ['1.0.0'] });
  expect(info.endpoint).toBe(driver.endpoint.replace('unix://', ''));
  await kubelet.notifyRegistrationStatus({ pluginRegistered: true });
  channel.close();
});
