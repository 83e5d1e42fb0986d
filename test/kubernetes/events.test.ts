import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventName, type NewEvent, truncateBytes } from '../../src/kubernetes/event-object.ts';
import { EventRecorder } from '../../src/kubernetes/events.ts';
import { ManualClock } from './manual-clock.ts';
import { eventually, json, type Received, ScriptedServer, status } from './scripted-server.ts';

const MINUTE = 60_000;
let api: ScriptedServer;
let clock: ManualClock;
let losses: string[];
let recorder: EventRecorder;
let version = 0;

function store(request: Received, response: ServerResponse): void {
  const { metadata } = JSON.parse(request.body) as { metadata: object };
  version += 1;
  json(response, 200, { metadata: { name: 'stored', uid: 'uid', ...metadata, resourceVersion: String(version) } });
}

beforeEach(async () => {
  api = await ScriptedServer.start(store);
  clock = new ManualClock();
  losses = [];
  recorder = new EventRecorder({
    server: api.server,
    reportingController: 'lunresync.io/lunresync-controller',
    reportingInstance: 'pod-1',
    onLoss: (loss, error) => losses.push(error === undefined ? loss : `${loss} with error`),
    clock,
    random: () => 0,
  });
});
afterEach(() => api[Symbol.asyncDispose]());

function event(overrides: Partial<NewEvent> = {}, name = 'a'): NewEvent {
  const regarding = {
    apiVersion: 'lunresync.io/v1alpha1',
    kind: 'LunResync',
    namespace: 'shop',
    name,
    uid: `uid-of-${name}`,
  };
  return { regarding, type: 'Normal', reason: 'ResyncStarted', action: 'Resync', note: 'It started.', ...overrides };
}

/** What was sent, as method and count. */
function sent(): string[] {
  return api.received.map(({ method, body }) => {
    const { series } = JSON.parse(body) as { series?: { count: number } };
    return `${method} ${series?.count ?? 1}`;
  });
}

async function settle(): Promise<void> {
  await recorder.flush(5_000);
}

describe('EventRecorder', () => {
  it('counts repeats, and writes the count only at growing intervals and at the end', async () => {
    for (let count = 1; count <= 11; count += 1) {
      recorder.record(event());
      const expected = [1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4][count - 1];
      await eventually(() => sent().length === expected);
      clock.advance(1_000);
    }
    await settle();
    expect(sent()).toEqual(['POST 1', 'PATCH 2', 'PATCH 4', 'PATCH 8', 'PATCH 11']);
  });

  it('tells another reason, another object and a repeat after ten quiet minutes as new Events', async () => {
    recorder.record(event());
    recorder.record(event({ reason: 'ResyncCompleted' }));
    recorder.record(event({}, 'b'));
    clock.advance(10 * MINUTE);
    recorder.record(event());
    await settle();
    expect(sent()).toEqual(['POST 1', 'POST 1', 'POST 1', 'POST 1']);
  });

  it('writes at most 25 Events at once for one object, then one each five minutes, and counts the others', async () => {
    for (let count = 0; count < 30; count += 1) recorder.record(event({ reason: `Reason${count}` }));
    recorder.record(event({}, 'b'));
    clock.advance(5 * MINUTE);
    recorder.record(event({ reason: 'Later' }));
    recorder.record(event({ reason: 'TooMany' }));
    await settle();
    expect(sent()).toHaveLength(27);
    expect(losses).toEqual(Array.from({ length: 6 }, () => 'Throttled'));
  });

  it('queues a thousand Events at most while the API server does not answer', async () => {
    api.handler = (): void => undefined;
    for (let count = 0; count < 1_010; count += 1) recorder.record(event({}, `object-${count}`));
    expect(losses).toEqual(Array.from({ length: 9 }, () => 'QueueFull'));
    const flushed = recorder.flush(1_000);
    clock.advance(1_000);
    await flushed;
    expect(losses.filter((loss) => loss.startsWith('Unavailable'))).toHaveLength(1_001);
  });

  it('tries again after a failure that may pass', async () => {
    api.handler = (_, response): void => {
      api.handler = store;
      json(response, 503, status(503, 'ServiceUnavailable'));
    };
    recorder.record(event());
    await eventually(() => clock.pendingMs.length === 1);
    clock.advance(500);
    await eventually(() => sent().length === 2);
    expect(losses).toEqual([]);
  });

  it('drops an Event in silence when its namespace is being deleted, and with its error when it is not allowed', async () => {
    const causes = [{ reason: 'NamespaceTerminating' }];
    api.handler = (_, response): void => json(response, 403, { ...status(403, 'Forbidden'), details: { causes } });
    recorder.record(event());
    await eventually(() => losses.length === 1);
    api.handler = (_, response): void => json(response, 403, status(403, 'Forbidden'));
    recorder.record(event());
    await eventually(() => losses.length === 2);
    expect(losses).toEqual(['Terminating', 'Refused with error']);
  });

  it('begins a new Event when the one to repeat is gone', async () => {
    recorder.record(event());
    await eventually(() => sent().length === 1);
    api.handler = (_, response): void => json(response, 404, status(404, 'NotFound'));
    recorder.record(event());
    await eventually(() => losses.length === 1);
    api.handler = store;
    recorder.record(event());
    await settle();
    expect(sent()).toEqual(['POST 1', 'PATCH 2', 'POST 1']);
  });

  it('takes nothing more after the flush', async () => {
    await settle();
    recorder.record(event());
    expect(sent()).toEqual([]);
  });
});

describe('Event fields', () => {
  it('cuts a note between two characters, to at most 1024 bytes', () => {
    const cut = truncateBytes('🗄'.repeat(400), 1024);
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(1024);
    expect(cut).toBe(`${'🗄'.repeat(255)}…`);
    expect(truncateBytes('short', 1024)).toBe('short');
    expect(truncateBytes('x'.repeat(1024), 1024)).toHaveLength(1024);
  });

  it('makes a legal name even for an object whose own name is as long as can be', () => {
    const name = eventName(`${'a'.repeat(228)}.${'b'.repeat(24)}`, new Date(0), () => 0.999);
    expect(name.length).toBeLessThanOrEqual(253);
    expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
  });
});
