import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WorkQueue } from '../../src/controller/queue.ts';
import { ManualClock } from '../kubernetes/manual-clock.ts';

const KEYS = ['a', 'b', 'c'] as const;
type Key = (typeof KEYS)[number];

type Step =
  | { readonly do: 'add' | 'fail' | 'forget'; readonly key: Key }
  | { readonly do: 'later'; readonly key: Key; readonly ms: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'take' | 'finish' };

const key = fc.constantFrom(...KEYS);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('add' as const, 'fail' as const, 'forget' as const), key }),
  fc.record({ do: fc.constant('later' as const), key, ms: fc.nat(5_000) }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.nat(5_000) }),
  fc.record({ do: fc.constantFrom('take' as const, 'finish' as const) }),
);

/** A queue with two workers, and what must be true of it. */
class Model {
  readonly clock = new ManualClock();
  readonly queue = new WorkQueue<Key>({ clock: this.clock, baseDelayMs: 100, maxDelayMs: 1_000 });
  readonly working: Key[] = [];
  /** Keys that a worker must be given, and those that must wait until a moment. */
  readonly due = new Set<Key>();
  readonly #later = new Map<Key, number>();
  readonly #failures = new Map<Key, number>();
  #idleWorkers = 0;

  async take(): Promise<void> {
    if (this.working.length + this.#idleWorkers === 2) return;
    this.#idleWorkers += 1;
    void this.queue.get().then((taken) => {
      this.#idleWorkers -= 1;
      if (taken === undefined) return;
      expect(this.working).not.toContain(taken);
      this.ripen();
      expect(this.due.delete(taken)).toBe(true);
      this.working.push(taken);
    });
    await Promise.resolve();
  }

  async run(one: Step): Promise<void> {
    if (one.do === 'add') this.#owe(one.key, 0, () => this.queue.add(one.key));
    else if (one.do === 'later') this.#owe(one.key, one.ms, () => this.queue.addAfter(one.key, one.ms));
    else if (one.do === 'fail') this.#fail(one.key);
    else if (one.do === 'forget') this.#forget(one.key);
    else if (one.do === 'pass') await this.pass(one.ms);
    else if (one.do === 'take') await this.take();
    else this.finish();
    await Promise.resolve();
  }

  finish(): void {
    const first = this.working.shift();
    if (first !== undefined) this.queue.done(first);
  }

  /** Step by step, so that a worker's promise is kept at the moment when its key comes. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    while (this.clock.now() < end) {
      this.clock.advance(Math.min(this.clock.pendingMs[0] ?? ms, end - this.clock.now()) || 1);
      await Promise.resolve();
    }
  }

  #owe(of: Key, ms: number, add: () => void): void {
    this.ripen();
    const at = this.clock.now() + ms;
    if (ms === 0) this.due.add(of);
    else this.#later.set(of, Math.min(this.#later.get(of) ?? at, at));
    add();
  }

  ripen(): void {
    for (const [of, at] of this.#later) {
      if (at <= this.clock.now() && this.#later.delete(of)) this.due.add(of);
    }
  }

  #fail(of: Key): void {
    const failures = this.#failures.get(of) ?? 0;
    this.#failures.set(of, failures + 1);
    this.#owe(of, Math.min(100 * 2 ** failures, 1_000), () => this.queue.addRateLimited(of));
  }

  #forget(of: Key): void {
    this.#failures.delete(of);
    this.queue.forget(of);
  }
}

describe('WorkQueue', () => {
  it('gives each added key to one worker at a time, never too early, and loses none', async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const model = new Model();
      for (const one of steps) await model.run(one);
      await model.pass(10_000);
      for (let round = 0; round < 10; round += 1) {
        while (model.working.length > 0) model.finish();
        await model.take();
        await model.take();
        await Promise.resolve();
      }
      model.ripen();
      expect([...model.due]).toEqual([]);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it('gives out a key once however often it was added', async () => {
    const queue = new WorkQueue<string>({ clock: new ManualClock() });
    for (const added of ['a', 'b', 'a', 'a']) queue.add(added);
    expect(queue.depth).toBe(2);
    expect([await queue.get(), await queue.get(), queue.depth]).toEqual(['a', 'b', 0]);
  });

  it('gives out a key again that was added while it was worked on, once its worker has finished', async () => {
    const queue = new WorkQueue<string>({ clock: new ManualClock() });
    queue.add('a');
    await queue.get();
    queue.add('a');
    expect(queue.depth).toBe(0);
    queue.done('a');
    expect(await queue.get()).toBe('a');
  });

  it('lets the earliest of several delays count', () => {
    const clock = new ManualClock();
    const queue = new WorkQueue<string>({ clock });
    queue.addAfter('a', 500);
    queue.addAfter('a', 100);
    queue.addAfter('a', 900);
    clock.advance(100);
    expect([queue.depth, queue.delayed]).toEqual([1, 0]);
  });

  it('doubles the back-off of a key up to its limit, until it is forgotten', () => {
    const clock = new ManualClock();
    const queue = new WorkQueue<string>({ clock, baseDelayMs: 100, maxDelayMs: 350 });
    const delays = Array.from({ length: 4 }, () => {
      queue.addRateLimited('a');
      const [delay] = clock.pendingMs;
      clock.advance(delay ?? 0);
      return delay;
    });
    expect(delays).toEqual([100, 200, 350, 350]);
    queue.forget('a');
    queue.addRateLimited('b');
    queue.addRateLimited('a');
    expect(clock.pendingMs).toEqual([100, 100]);
  });

  it('sends its workers home when it is closed, hands out nothing more, and leaves no timer', async () => {
    const clock = new ManualClock();
    const queue = new WorkQueue<string>({ clock });
    const waiting = queue.get();
    queue.addAfter('b', 100);
    queue.close();
    queue.add('a');
    expect([await waiting, await queue.get(), clock.pendingMs]).toEqual([undefined, undefined, []]);
  });

  it('is idle when the last key that is worked on is given back, also after it was closed', async () => {
    const queue = new WorkQueue<string>({ clock: new ManualClock() });
    queue.add('a');
    await queue.get();
    let idle = false;
    const becameIdle = queue.idle().then(() => {
      idle = true;
    });
    queue.add('a');
    queue.close();
    await Promise.resolve();
    expect(idle).toBe(false);
    queue.done('a');
    await becameIdle;
    expect(queue.depth).toBe(0);
  });

  it('refuses a key back that nobody has taken', () => {
    const queue = new WorkQueue<string>({ clock: new ManualClock() });
    expect(() => queue.done('a')).toThrow('"a"');
  });

  it('tells how long keys waited and were worked on', async () => {
    const clock = new ManualClock();
    const told: string[] = [];
    const queue = new WorkQueue<string>({
      clock,
      observer: {
        onAdd: () => told.push('add'),
        onTake: (ms) => told.push(`take ${ms}`),
        onDone: (ms) => told.push(`done ${ms}`),
        onRetry: () => told.push('retry'),
      },
    });
    queue.add('a');
    clock.advance(30);
    await queue.get();
    clock.advance(50);
    expect(queue.unfinishedMs).toEqual([50]);
    queue.add('a');
    clock.advance(5);
    queue.done('a');
    clock.advance(7);
    await queue.get();
    queue.addRateLimited('a');
    expect(told).toEqual(['add', 'take 30', 'add', 'done 55', 'take 12', 'retry']);
  });
});
