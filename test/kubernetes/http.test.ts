import { describe, expect, it } from 'vitest';
import { type ApiError, ApiFailure } from '../../src/kubernetes/api-error.ts';
import type { ApiRequest } from '../../src/kubernetes/http.ts';
import { type Handler, json, ScriptedServer, status } from './scripted-server.ts';

const GET: ApiRequest = { verb: 'get', resource: 'things', path: '/api/v1/things/a', object: 'a' };
const WATCH: ApiRequest = { verb: 'watch', resource: 'things', path: '/api/v1/things' };

async function failureOf(handler: Handler, request: ApiRequest = GET): Promise<ApiFailure> {
  await using api = await ScriptedServer.start(handler);
  try {
    await api.server.send(request);
  } catch (error) {
    if (error instanceof ApiFailure) return error;
    throw error;
  }
  throw new Error('the request succeeded');
}

async function errorOf(handler: Handler): Promise<ApiError> {
  return (await failureOf(handler)).error;
}

describe('ApiServer', () => {
  it('sends credentials, its own name and a patch with the content type it has', async () => {
    const headers: Record<string, unknown>[] = [];
    await using api = await ScriptedServer.start((_request, response, received) => {
      headers.push(received);
      json(response, 200, {});
    });
    const patch: ApiRequest = { ...GET, verb: 'patch', body: { a: 1 } };
    await api.server.send(patch);
    await api.server.send({ ...patch, patchType: 'json', body: [] });
    expect(headers.map((one) => one['content-type'])).toEqual([
      'application/merge-patch+json',
      'application/json-patch+json',
    ]);
    expect(headers[0]).toMatchObject({ authorization: 'Bearer secret-token', 'user-agent': 'lunresync/1.2.3' });
    expect(api.received.map((one) => one.body)).toEqual(['{"a":1}', '[]']);
  });

  it('sends hundreds of requests over a few connections', async () => {
    await using api = await ScriptedServer.start((_request, response) => json(response, 200, {}));
    for (let count = 0; count < 100; count += 1) await api.server.send(GET);
    expect(api.connections).toBeLessThanOrEqual(2);
    await Promise.all(Array.from({ length: 200 }, () => api.server.send(GET)));
    expect(api.connections).toBeLessThanOrEqual(32);
  });

  it('takes only a Status for proof that an object does not exist', async () => {
    expect((await errorOf((_, response) => json(response, 404, status(404, 'NotFound')))).kind).toBe('NotFound');
    const plain = await errorOf((_, response) => void response.writeHead(404).end('404 page not found'));
    expect(plain).toEqual({ kind: 'Unavailable', code: 404, message: 'the server answered 404' });
  });

  it('tells a conflict from an object that exists already', async () => {
    expect((await errorOf((_, response) => json(response, 409, status(409, 'Conflict')))).kind).toBe('Conflict');
    expect((await errorOf((_, response) => json(response, 409, status(409, 'AlreadyExists')))).kind).toBe(
      'AlreadyExists',
    );
  });

  it('says how long the server asked to wait', async () => {
    const answer: Handler = (_, response) =>
      json(response, 429, status(429, 'TooManyRequests'), { 'Retry-After': '7' });
    expect(await errorOf(answer)).toMatchObject({ kind: 'TooManyRequests', code: 429, retryAfterMs: 7_000 });
  });

  it('gives the machine-readable cause, and a message of at most 512 characters', async () => {
    const body = {
      ...status(403, 'Forbidden', 'x'.repeat(2_000)),
      details: { causes: [{ reason: 'NamespaceTerminating' }] },
    };
    const error = await errorOf((_, response) => json(response, 403, body));
    expect(error).toMatchObject({ kind: 'Forbidden', causeReason: 'NamespaceTerminating' });
    expect(error.message).toHaveLength(512);
  });

  it('never quotes a body that it cannot read', async () => {
    const failure = await failureOf((_, response) => void response.end('{"data": "s3cret" oops'));
    expect(failure.error).toEqual({ kind: 'Unavailable', code: 0, message: 'the answer is not JSON' });
    const html = await failureOf((_, response) => void response.writeHead(502).end('<html>s3cret</html>'));
    expect(html.error).toMatchObject({ kind: 'Unavailable', code: 502 });
    for (const { message } of [failure, html]) expect(message).not.toContain('s3cret');
  });

  it('reports as unavailable when the connection breaks, or no answer comes in time', async () => {
    expect(await errorOf((_, response) => void response.destroy())).toMatchObject({ kind: 'Unavailable', code: 0 });
    const silent = await failureOf(() => undefined, { ...GET, deadlineMs: 50 });
    expect(silent.message).toBe('get things a: Unavailable: no answer within 50 ms');
    const halfway = await failureOf((_, response) => void response.write('{'), { ...GET, deadlineMs: 50 });
    expect(halfway.error.message).toBe('no answer within 50 ms');
  });

  it('counts a request that got no answer with code 0', async () => {
    await using api = await ScriptedServer.start((_, response) => void response.destroy());
    await expect(api.server.send(GET)).rejects.toThrow(ApiFailure);
    expect(api.counted).toEqual([{ method: 'GET', verb: 'get', resource: 'things', subresource: '', code: 0 }]);
  });

  it('reads the lines of a watch however the network cuts them, and drops one that the end cut off', async () => {
    const lines = [{ text: 'Grüße 🗄' }, { text: 'b' }, { text: 'c' }]
      .map((line) => `${JSON.stringify(line)}\n`)
      .join('\n');
    const bytes = Buffer.from(`${lines}{"text": "d`);
    for (const size of [1, 7, bytes.length]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      await using api = await ScriptedServer.start((_, response) => {
        const send = (): void => {
          const chunk = chunks.shift();
          if (chunk === undefined) response.end();
          else response.write(chunk, () => setImmediate(send));
        };
        send();
      });
      const seen: unknown[] = [];
      for await (const value of api.server.stream(WATCH)) seen.push(value);
      expect(seen).toEqual([{ text: 'Grüße 🗄' }, { text: 'b' }, { text: 'c' }]);
    }
  });

  it('ends a watch with the caller’s reason, and not at the deadline of its headers', async () => {
    await using api = await ScriptedServer.start((_, response) => void response.write('{"a":1}\n'));
    const stop = new AbortController();
    const reason = new Error('enough');
    const read = async (): Promise<void> => {
      for await (const _value of api.server.stream({ ...WATCH, signal: stop.signal, deadlineMs: 50 })) {
        setTimeout(() => stop.abort(reason), 150);
      }
    };
    await expect(read()).rejects.toBe(reason);
  });
});
