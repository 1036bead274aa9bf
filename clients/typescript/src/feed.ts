/** A queue that is read with `for await`: what was pushed, in order, then its end or its failure. */

interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: unknown): void;
}

export class Feed<T> implements AsyncIterableIterator<T, undefined> {
  readonly #items: T[] = [];
  readonly #waiters: Waiter<T>[] = [];
  readonly #onReturn: () => void;
  #ended = false;
  #failure: Error | null = null;

  /** `onReturn` is told when the reader leaves its loop. */
  constructor(onReturn: () => void = () => {}) {
    this.#onReturn = onReturn;
  }

  /** How many items wait to be read. */
  get length(): number {
    return this.#items.length;
  }

  push(item: T): void {
    if (this.#ended) return;
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#items.push(item);
    else waiter.resolve({ value: item, done: false });
  }

  /** End it; what was pushed before can still be read. A failure is thrown to one reader. */
  end(failure: Error | null = null): void {
    if (this.#ended) return;
    this.#ended = true;
    // To one reader only: the others' loops end, as they will at every later `next`.
    const first = failure === null ? undefined : this.#waiters.shift();
    if (failure !== null && first !== undefined) first.reject(failure);
    else this.#failure = failure;
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ value: undefined, done: true });
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#items.length > 0) {
      return Promise.resolve({ value: this.#items.shift() as T, done: false });
    }
    const failure = this.#failure;
    if (failure !== null) {
      this.#failure = null;
      return Promise.reject(failure);
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#items.length = 0;
    this.#failure = null;
    this.end();
    this.#onReturn();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
