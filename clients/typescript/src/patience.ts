/** How long a client goes on with a daemon that is away, busy, or about to be started again. */

import { setTimeout as sleep } from "node:timers/promises";

import { ConnectionLost, PenholderError } from "./errors.js";

const FIRST_DELAY_MS = 20;
const LONGEST_DELAY_MS = 1000;
const AWAY = new Set(["EAGAIN", "ECONNREFUSED", "ECONNRESET", "ENOENT", "EPIPE"]);

export class Patience {
  readonly #ms: number;
  #until: number | null = null;
  #delay = FIRST_DELAY_MS;

  /** Have so many milliseconds from the first failure on; 0 is none. */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Wait until the next attempt; throws the failure if it is not of a passing kind, or too late. */
  async after(failure: unknown): Promise<void> {
    const now = Date.now();
    this.#until ??= now + this.#ms;
    if (!isPassing(failure) || now >= this.#until) throw failure;
    await sleep(Math.min(this.#delay, this.#until - now));
    this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY_MS);
  }
}

function isPassing(failure: unknown): boolean {
  if (failure instanceof PenholderError) {
    const { code, details } = failure.data;
    return code === "BUSY" || (code === "STORE_FAILED" && details["outcome"] === "unknown");
  }
  if (failure instanceof ConnectionLost) return failure.cause === undefined || isAway(failure.cause);
  return isAway(failure);
}

function isAway(failure: unknown): boolean {
  return AWAY.has(String((failure as { code?: unknown } | null)?.code));
}
