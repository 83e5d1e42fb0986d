// Full copies of a dense LUN, each beside a cp of the same bytes.
import { settle, timeCp } from './cp.ts';
import { type Lab, makeSource, makeVolume, type Source, takeSnapshot } from './lab.ts';
import { timeFullResync, timeResync } from './timed-resync.ts';

/** Seconds of one round. Each copy has a cp of its own, made right before it. */
export type FullRound = {
  readonly none: number;
  readonly noneCp: number;
  /** Verified, from a snapshot whose digests the array does not know yet. */
  readonly digest: number;
  readonly digestCp: number;
  /** Verified, from a snapshot that was copied and verified before. */
  readonly digestAgain: number;
  readonly digestAgainCp: number;
};

/** Two sources with different bytes: copied by turns, no copy finds on the target what it would write. */
export class FullCopies {
  readonly target = 'target';
  readonly #lab: Lab;
  readonly #sources: readonly [Source, Source];
  #turn = 0;

  private constructor(lab: Lab, sources: readonly [Source, Source]) {
    this.#lab = lab;
    this.#sources = sources;
  }

  /** Makes the LUNs, and copies and verifies each source once. */
  static async prepare(lab: Lab): Promise<FullCopies> {
    const sources = [
      await makeSource(lab, { id: 'a', seed: 'a' }),
      await makeSource(lab, { id: 'b', seed: 'b' }),
    ] as const;
    const copies = new FullCopies(lab, sources);
    await makeVolume(lab, copies.target);
    for (const { snapshot, path } of sources) {
      await timeCp(lab, path);
      await timeResync(lab, { source: snapshot, target: copies.target, verify: true });
    }
    return copies;
  }

  /** The source whose bytes the target does not have. To be copied over the target before it is asked for again. */
  next(): Source {
    const [even, odd] = this.#sources;
    this.#turn += 1;
    return this.#turn % 2 === 1 ? even : odd;
  }

  /** Seconds of a copy of the next source. */
  async time(options: { readonly verify?: boolean; readonly safety?: boolean } = {}): Promise<number> {
    await settle(this.#lab);
    return timeFullResync(this.#lab, { source: this.next().snapshot, target: this.target, ...options });
  }

  /** A file with the first source's bytes, for cp. */
  get path(): string {
    return this.#sources[0].path;
  }

  async round(): Promise<FullRound> {
    const { path } = this;
    const noneCp = await timeCp(this.#lab, path);
    const none = await this.time();
    const digestCp = await timeCp(this.#lab, path);
    const digest = await this.#timeNewSnapshot();
    const digestAgainCp = await timeCp(this.#lab, path);
    const digestAgain = await this.time({ verify: true });
    return { none, noneCp, digest, digestCp, digestAgain, digestAgainCp };
  }

  async #timeNewSnapshot(): Promise<number> {
    const source = `new-${this.#turn}`;
    await takeSnapshot(this.#lab, this.next().volume, source);
    await settle(this.#lab);
    const seconds = await timeFullResync(this.#lab, { source, target: this.target, verify: true });
    await this.#lab.array.admin.deleteLun({ lunId: source });
    return seconds;
  }
}
