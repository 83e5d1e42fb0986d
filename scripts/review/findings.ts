// What a point of the review has shown: what was seen, what of it was not as expected, and what could not be run.

/** How far a point was run; `because` completes the sentence. */
export type Verdict =
  | { readonly word: 'run' }
  | { readonly word: 'run in part' | 'cannot run here'; readonly because: string };

/** A point needs something that is not here. The message completes "cannot run here, because …". */
export class MissingMeansError extends Error {
  override readonly name = 'MissingMeansError';
}

/** Collects what one point shows. */
export class Findings {
  readonly #seen: string[] = [];
  readonly #unmet: string[] = [];
  readonly #leftOut: string[] = [];
  #expectations = 0;

  /** Notes something of which nothing is expected. */
  note(text: string): void {
    this.#seen.push(text);
  }

  /** Notes what was seen; with `isMet: false` the point, and with it the review, has failed. */
  expect(isMet: boolean, text: string): void {
    this.#expectations += 1;
    this.#seen.push(text);
    if (!isMet) this.#unmet.push(text);
  }

  /** Notes that a part of the point was not run. */
  leaveOut(because: string): void {
    this.#leftOut.push(because);
  }

  /** Takes what a point threw: something is missing here, or an expectation was not met. */
  caught(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof MissingMeansError) this.leaveOut(message);
    else this.expect(false, message);
  }

  get seen(): readonly string[] {
    return this.#seen;
  }

  get unmet(): readonly string[] {
    return this.#unmet;
  }

  get verdict(): Verdict {
    if (this.#leftOut.length === 0) return { word: 'run' };
    const because = this.#leftOut.join('; ');
    return { word: this.#expectations === 0 ? 'cannot run here' : 'run in part', because };
  }
}
