import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiErrorKind, ApiFailure } from '../../src/kubernetes/api-error.ts';
import { Resource } from '../../src/kubernetes/resource.ts';
import type { StoredObject } from '../../src/kubernetes/stored-object.ts';
import { Fixture } from './kubernetes-fixture.ts';

const fixture = new Fixture();
let namespace = '';

beforeAll(async () => {
  namespace = await fixture.namespace();
});
afterAll(() => fixture[Symbol.asyncDispose]());

async function kindOf(call: Promise<unknown>): Promise<ApiErrorKind | 'Succeeded'> {
  try {
    await call;
    return 'Succeeded';
  } catch (error) {
    if (error instanceof ApiFailure) return error.error.kind;
    throw error;
  }
}

describe('Resource', () => {
  it('gives an object as stored, without managedFields, and undefined when it does not exist', async () => {
    const created = await fixture.createConfigMap(namespace, 'get', { a: '1' });
    const got = await fixture.configMaps.get({ namespace, name: 'get' });
    expect(got).toEqual(created);
    expect(got?.data).toEqual({ a: '1' });
    expect(got?.metadata).not.toHaveProperty('managedFields');
    expect(await fixture.configMaps.get({ namespace, name: 'absent' })).toBeUndefined();
  });

  it('lists more objects than one page holds, all of them as of one moment', async () => {
    const crowded = await fixture.namespace();
    const names = Array.from({ length: 503 }, (_, index) => `item-${index}`);
    for (let start = 0; start < names.length; start += 50) {
      await Promise.all(names.slice(start, start + 50).map((name) => fixture.createConfigMap(crowded, name)));
    }
    const pages: string[] = [];
    for await (const page of fixture.configMaps.listPages({ namespace: crowded })) pages.push(page.resourceVersion);
    expect(pages.length).toBe(2);
    expect(new Set(pages).size).toBe(1);
    const listed = await fixture.configMaps.list({ namespace: crowded });
    expect(listed.map((object) => object.metadata.name).sort()).toEqual(names.sort());
  });

  it('selects by label and by field', async () => {
    const made = await fixture.createConfigMap(namespace, 'labelled');
    await fixture.configMaps.patchMetadata(
      { namespace, name: 'labelled' },
      { labels: { team: 'blue' } },
      made.metadata,
    );
    const byLabel = await fixture.configMaps.list({ namespace, labelSelector: 'team=blue' });
    const byField = await fixture.configMaps.list({ namespace, fieldSelector: 'metadata.name=labelled' });
    expect([byLabel, byField].map((list) => list.map((object) => object.metadata.name))).toEqual([
      ['labelled'],
      ['labelled'],
    ]);
  });

  it('writes a status only over the version that was read', async () => {
    const made = await fixture.createLunResync(namespace, 'status');
    const name = { namespace, name: 'status' };
    const written = await fixture.lunResyncs.patchStatus(name, { attempt: 1 }, made.metadata);
    expect(written.status?.attempt).toBe(1);
    expect(await kindOf(fixture.lunResyncs.patchStatus(name, { attempt: 2 }, made.metadata))).toBe('Conflict');
    expect((await fixture.lunResyncs.get(name))?.status?.attempt).toBe(1);
  });

  it('refuses a status write that means an object of another uid, even with the right version', async () => {
    const made = await fixture.createLunResync(namespace, 'other-uid');
    const name = { namespace, name: 'other-uid' };
    const guard = { ...made.metadata, uid: '00000000-0000-0000-0000-000000000000' };
    expect(await kindOf(fixture.lunResyncs.patchStatus(name, { attempt: 2 }, guard))).toBe('Invalid');
    expect((await fixture.lunResyncs.get(name))?.status?.attempt).toBeUndefined();
  });

  it('replaces whole status fields, removes those that are null, and leaves the others as they are', async () => {
    const made = await fixture.createLunResync(namespace, 'fields');
    const name = { namespace, name: 'fields' };
    const full = { attempt: 1, arrayName: 'array-a', progress: { percent: 10, copiedBytes: 1 } };
    const first = await fixture.lunResyncs.patchStatus(name, full, made.metadata);
    const change = { attempt: undefined, arrayName: null, progress: { percent: 20 } };
    await fixture.lunResyncs.patchStatus(name, change, first.metadata);
    const status = (await fixture.lunResyncs.get(name))?.status;
    expect(status).toEqual({ observedGeneration: -1, attempt: 1, progress: { percent: 20 } });
  });

  it('changes finalizers only over the version and the uid that were read', async () => {
    const made = await fixture.createLunResync(namespace, 'finalizers');
    const name = { namespace, name: 'finalizers' };
    const finalizers = ['lunresync.io/lunresync'];
    const other = { ...made.metadata, uid: '00000000-0000-0000-0000-000000000000' };
    expect(await kindOf(fixture.lunResyncs.patchMetadata(name, { finalizers }, other))).toBe('Invalid');
    const kept = await fixture.lunResyncs.patchMetadata(name, { finalizers }, made.metadata);
    expect(kept.metadata).toMatchObject({ finalizers });
    expect(await kindOf(fixture.lunResyncs.patchMetadata(name, { finalizers: [] }, made.metadata))).toBe('Conflict');
    const freed = await fixture.lunResyncs.patchMetadata(name, { finalizers: [] }, kept.metadata);
    expect(freed.metadata).not.toHaveProperty('finalizers');
  });

  it('deletes only the state and the object that were read', async () => {
    const made = await fixture.createConfigMap(namespace, 'delete');
    const name = { namespace, name: 'delete' };
    const changed = await fixture.configMaps.patch(name, { data: { a: '2' } }, made.metadata);
    expect(await kindOf(fixture.configMaps.delete(name, made.metadata))).toBe('Conflict');
    const other = { ...changed.metadata, uid: '00000000-0000-0000-0000-000000000000' };
    expect(await kindOf(fixture.configMaps.delete(name, other))).toBe('Conflict');
    await fixture.configMaps.delete(name, changed.metadata);
    expect(await fixture.configMaps.get(name)).toBeUndefined();
    expect(await kindOf(fixture.configMaps.delete(name, changed.metadata))).toBe('NotFound');
  });

  it('tells the kinds of failure apart', async () => {
    await fixture.createConfigMap(namespace, 'twice');
    expect(await kindOf(fixture.createConfigMap(namespace, 'twice'))).toBe('AlreadyExists');
    expect(await kindOf(fixture.createConfigMap(namespace, 'bad', { 'a b': '' }))).toBe('Invalid');
    expect(await kindOf(fixture.createConfigMap('no-such-namespace', 'a'))).toBe('NotFound');
    const parse = (object: StoredObject): StoredObject => object;
    const unserved = new Resource(fixture.server, {
      group: 'lunresync.io',
      version: 'v9',
      plural: 'lunresyncs',
      parse,
    });
    expect(await kindOf(unserved.get({ namespace, name: 'a' }))).toBe('Unavailable');
    expect(await kindOf(unserved.list({ namespace }))).toBe('Unavailable');
  });

  it('never lets a name reach another path', async () => {
    await expect(fixture.configMaps.get({ namespace, name: '../secrets/a' })).rejects.toThrow(
      'is not a Kubernetes name',
    );
    await expect(fixture.configMaps.get({ namespace: '..', name: 'a' })).rejects.toThrow('is not a Kubernetes name');
  });

  it("reports the caller's own abort as itself", async () => {
    const reason = new Error('stopped by the test');
    await expect(fixture.configMaps.list({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('counts each request with its verb, resource, subresource and status', async () => {
    await fixture.configMaps.get({ namespace, name: 'absent' });
    expect(fixture.requests.at(-1)).toEqual({
      method: 'GET',
      verb: 'get',
      resource: 'configmaps',
      subresource: '',
      code: 404,
    });
    const made = await fixture.createLunResync(namespace, 'counted');
    await fixture.lunResyncs.patchStatus({ namespace, name: 'counted' }, { attempt: 1 }, made.metadata);
    expect(fixture.requests.at(-1)).toMatchObject({ method: 'PATCH', verb: 'patch', subresource: 'status', code: 200 });
  });
});
