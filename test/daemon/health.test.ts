import { describe, expect, it } from 'vitest';
import { type HealthServer, startHealthServer } from '../../src/daemon/health.ts';

async function withServer(
  checks: { live?: () => string | undefined; ready?: () => string | undefined },
  visit: (get: (path: string, method?: string) => Promise<{ status: number; body: string }>) => Promise<void>,
): Promise<void> {
  const server: HealthServer = await startHealthServer({
    address: { host: '127.0.0.1', port: 0 },
    live: { loop: checks.live ?? ((): undefined => undefined) },
    ready: { synced: checks.ready ?? ((): undefined => undefined), array: (): undefined => undefined },
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }),
  });
  try {
    await visit(async (path, method = 'GET') => {
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
      return { status: response.status, body: await response.text() };
    });
  } finally {
    await server.close();
  }
}

describe('the health server', () => {
  it('is live and ready while every check is satisfied, and serves the metrics', async () => {
    await withServer({}, async (get) => {
      expect(await get('/livez')).toEqual({ status: 200, body: '[+]loop ok\n' });
      expect(await get('/readyz?verbose')).toEqual({ status: 200, body: '[+]synced ok\n[+]array ok\n' });
      expect(await get('/metrics')).toEqual({ status: 200, body: 'up 1\n' });
    });
  });

  it('answers 503 with what is wrong, and 200 again when it is right', async () => {
    let problem: string | undefined = 'LunResyncs are not listed yet';
    await withServer({ ready: () => problem }, async (get) => {
      expect(await get('/readyz')).toEqual({
        status: 503,
        body: '[-]synced: LunResyncs are not listed yet\n[+]array ok\n',
      });
      expect((await get('/livez')).status).toBe(200);
      problem = undefined;
      expect((await get('/readyz')).status).toBe(200);
    });
  });

  it('survives a check that throws', async () => {
    const broken = (): never => {
      throw new Error('a bug');
    };
    await withServer({ live: broken }, async (get) => {
      expect(await get('/livez')).toEqual({ status: 500, body: 'a bug\n' });
      expect((await get('/readyz')).status).toBe(200);
    });
  });

  it('knows no other path and no other method', async () => {
    await withServer({}, async (get) => {
      expect((await get('/')).status).toBe(404);
      expect((await get('/livez', 'POST')).status).toBe(405);
      expect(await get('/livez', 'HEAD')).toEqual({ status: 200, body: '' });
    });
  });

  it('says so when its address is taken', async () => {
    const options = { live: {}, ready: {}, metrics: async () => ({ contentType: 'text/plain', body: '' }) };
    const first = await startHealthServer({ address: { host: '127.0.0.1', port: 0 }, ...options });
    await expect(startHealthServer({ address: { host: '127.0.0.1', port: first.port }, ...options })).rejects.toThrow(
      'EADDRINUSE',
    );
    await first.close();
  });
});
