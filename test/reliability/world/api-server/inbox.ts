/** What has come over a connection and was not taken yet. */
export class Inbox implements AsyncIterable<unknown> {
  readonly #items: unknown[] = [];
  #isEnded = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  put(item: unknown): void {
    if (this.#isEnded) return;
    this.#items.push(item);
    this.#wake();
  }

  /** Nothing more comes; what is there can still be taken. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** The connection breaks, and what was not taken is lost. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void, undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#items.length > 0) yield this.#items.shift();
      else if (this.#isEnded) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
