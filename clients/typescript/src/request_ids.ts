/**
 * The ids of a client's requests, which the journal's entries and the daemon's log lines repeat.
 *
 * `4f9c1e07a2-17`: something random that is made once for a client, over all its connections, and
 * the number of the request. The operation that a client is for is put before it.
 */

import { randomBytes } from "node:crypto";

const RANDOM_BYTES = 5;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$/;

export class RequestIds {
  readonly #prefix: string;
  #last = 0;

  /** Begin at 1; throws a RangeError for an operation that would be hard to search for. */
  constructor(operation?: string) {
    const named = operation === undefined ? "" : `${checked(operation)}-`;
    this.#prefix = `${named}${randomBytes(RANDOM_BYTES).toString("hex")}-`;
  }

  /** Return an id that was not given out before. */
  next(): string {
    return `${this.#prefix}${++this.#last}`;
  }
}

function checked(operation: string): string {
  if (NAME.test(operation)) return operation;
  throw new RangeError(
    "an operation has 1 to 128 of the characters A-Z a-z 0-9 . _ : @ / - and begins with a letter" +
      ` or digit, not ${JSON.stringify(operation.slice(0, 200))}`,
  );
}
