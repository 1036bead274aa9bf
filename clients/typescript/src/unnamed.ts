/**
 * An error that names no request: the daemon could not read the frame in which one was.
 *
 * Which one is found by leaving out those that are answered after all. A wait may be answered late,
 * so a wait is meant only where no other call is open. The same as `_trio/unnamed.py`.
 */
export class Unnamed {
  readonly error: Error;
  readonly #calls: Set<string>;
  readonly #waits: Set<string>;

  /** Take the ids of the calls and waits that were open when it came, oldest first. */
  constructor(error: Error, calls: Iterable<string>, waits: Iterable<string>) {
    this.error = error;
    this.#calls = new Set(calls);
    this.#waits = new Set(waits);
  }

  /** Leave out a request that was answered. */
  answered(id: string): void {
    this.#calls.delete(id);
    this.#waits.delete(id);
  }

  /** The request that it is about, once there is no doubt left. */
  found(): string | undefined {
    return this.left.length === 1 ? this.left[0] : undefined;
  }

  /** The requests that it may still be about. */
  get left(): string[] {
    return this.#calls.size > 0 ? [...this.#calls] : [...this.#waits].slice(-1);
  }
}
