/** What another party says is bounded and compared in full: two texts that differ only behind a limit are not the same. */
import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { arrayClientOf } from '../../src/array-client/array-client.ts';
import { identityFrom, lunFrom, MalformedAnswer, textFrom } from '../../src/array-client/codec.ts';
import type { Operation } from '../../src/core/array.ts';
import * as pb from '../../src/proto/lunarray/v1/lunarray_pb.js';
import { RpcError } from '../../src/rpc/rpc-error.ts';
import type { ServiceClient } from '../../src/rpc/service-types.ts';

const never = new AbortController().signal;

function lunWith(run: object): pb.Lun {
  const runs = [{ kind: pb.OperationKind.RESYNC, outcome: pb.Outcome.SUCCEEDED, ...run }];
  return create(pb.LunSchema, { id: 'vol-1', runs });
}

it.each(['x'.repeat(128), 'ab'.repeat(31), 'AB'.repeat(32), `${'ab'.repeat(31)}a\n`])(
  'a digest that is no SHA-256 in lower-case hexadecimal is refused, not cut or mended: %j',
  (digest) => {
    expect(() => lunFrom(lunWith({ sourceDigest: `${digest}1`, targetDigest: `${digest}2` }))).toThrow(MalformedAnswer);
    expect(() => lunFrom(lunWith({ sourceDigest: digest }))).toThrow(MalformedAnswer);
  },
);

it('names that are compared are refused when they are too long, since cut they could be those of others', () => {
  expect(() => lunFrom(lunWith({ runId: `${'r'.repeat(128)}x` }))).toThrow('Run.run_id');
  expect(() => lunFrom(lunWith({ pairsDigest: `${'d'.repeat(128)}x` }))).toThrow('Run.pairs_digest');
  expect(() => lunFrom(lunWith({ owner: `${'o'.repeat(512)}x` }))).toThrow('Run.owner');
  expect(() => lunFrom(create(pb.LunSchema, { id: 's', safetyOwner: `${'o'.repeat(512)}x` }))).toThrow('safety_owner');
});

it('a name with a control character is not that of the one which has a blank in its place', () => {
  expect(lunFrom(lunWith({ owner: 'a\nb', runId: 'c\td' })).runs[0]).toMatchObject({ owner: 'a\nb', runID: 'c\td' });
});

it('each capability counts once, however often it is said', () => {
  const { RESYNC, VERIFY } = pb.Capability;
  const message = create(pb.GetArrayResponseSchema, { arrayId: 'a', capabilities: [VERIFY, RESYNC, VERIFY, RESYNC] });
  expect(identityFrom(message).capabilities).toEqual(['Verify', 'Resync']);
});

it('a contract version that no status can hold is refused', () => {
  const message = create(pb.GetArrayResponseSchema, { arrayId: 'a', contractVersion: 2 ** 31 });
  expect(() => identityFrom(message)).toThrow('contract_version');
});

it('a text is cut between characters, so that the API server keeps it as it was sent', () => {
  expect(textFrom('x🙂', 2).isWellFormed()).toBe(true);
});

it.each([-1, 17, 99, 2 ** 31])('a code that gRPC does not have, %i, does not say that nothing has happened', (code) => {
  expect(new RpcError(code, 'made up').isDefinite).toBe(false);
});

async function listed(
  next: (page: number) => string,
): Promise<{ readonly operations: Operation[]; readonly pages: number }> {
  let pages = 0;
  const operation = { operationId: 'op.1', owner: 'c/n/r/u', kind: pb.OperationKind.RESYNC };
  const rpc = {
    listOperations: async () => {
      pages += 1;
      if (pages > 20_000) throw new Error('asked without end');
      return create(pb.ListOperationsResponseSchema, { operations: [operation], nextPageToken: next(pages) });
    },
  } as unknown as ServiceClient<typeof pb.LunArray>;
  const operations: Operation[] = [];
  for await (const item of arrayClientOf(rpc).operations('c/', never)) operations.push(item);
  return { operations, pages };
}

it('all pages of the operations are read', async () => {
  expect((await listed((page) => (page < 3 ? `page-${page}` : ''))).operations).toHaveLength(3);
});

it('an array whose list of operations has no end is not listened to for ever', async () => {
  await expect(listed((page) => `page-${page}`)).rejects.toThrow(MalformedAnswer);
});
