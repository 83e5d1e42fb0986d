// Copies of a LUN nine tenths of which are holes.
import { MIB } from '../options.ts';
import { settle, timeCp } from './cp.ts';
import { type Lab, makeSource, makeVolume, type Range, type Source } from './lab.ts';
import { timeResync } from './timed-resync.ts';

/** Seconds of one round, without verification. */
export type SparseRound = { readonly none: number; readonly cpAlways: number; readonly cpNever: number };

/** Two sparse sources with data in the same places, copied by turns over a target that has data there too. */
export class SparseCopies {
  readonly #lab: Lab;
  readonly #sources: readonly [Source, Source];
  #turn = 0;

  private constructor(lab: Lab, sources: readonly [Source, Source]) {
    this.#lab = lab;
    this.#sources = sources;
  }

  static async prepare(lab: Lab): Promise<SparseCopies> {
    const ranges = [...everyTenth(lab.lunBytes)];
    const one = await makeSource(lab, { id: 'sparse-a', seed: 'sparse a', ranges });
    const other = await makeSource(lab, { id: 'sparse-b', seed: 'sparse b', ranges });
    await makeVolume(lab, 'sparse-target');
    const copies = new SparseCopies(lab, [one, other]);
    await copies.#time();
    return copies;
  }

  async round(): Promise<SparseRound> {
    const { path } = this.#sources[0];
    const cpAlways = await timeCp(this.#lab, path, 'always');
    const none = await this.#time();
    const cpNever = await timeCp(this.#lab, path);
    return { none, cpAlways, cpNever };
  }

  async #time(): Promise<number> {
    const [even, odd] = this.#sources;
    this.#turn += 1;
    const source = (this.#turn % 2 === 1 ? even : odd).snapshot;
    await settle(this.#lab);
    return (await timeResync(this.#lab, { source, target: 'sparse-target' })).seconds;
  }
}

function* everyTenth(sizeBytes: number): Generator<Range> {
  for (let offset = 0; offset < sizeBytes; offset += 10 * MIB)
    yield { offset, length: Math.min(MIB, sizeBytes - offset) };
}
