/**
 * One call over all its attempts, without I/O: what is sent, and whether it is sent again.
 *
 * The rules are those of `_shared/call.py`, and both are held to them by
 * `protocol/retry_cases.json`: a call is sent again when that can do no harm, a query, a wait, or a
 * mutation under the one idempotency key that was made for it. Before that they had drifted: here
 * an outage of a wait had used up the patience of the next one, and a wait without a time began its
 * time anew at each attempt.
 *
 * What has surely not been sent may always be sent again, and so may what was BUSY: nothing was
 * done. A wait that is sent again waits for what is left of its time. Errors of the system that no
 * waiting mends, and mistakes of the program (`ERR_…`), are thrown at once.
 */

import { ConnectionLost, NotUnderstood, PenholderError } from "./errors.js";
import { DEFAULT_WAIT_MS, KEYED, METHODS, TOKENED, WAITS } from "./generated.js";
import { Patience } from "./patience.js";
import { NoDaemon, UNREACHED_MS } from "./reach.js";

type Params = Record<string, unknown>;

/** Sent a second time it would stop the daemon that has just come back. */
const NOT_REPEATED = new Set(["daemon.shutdown"]);
// No right to connect, or a path that no socket can have: waiting mends neither.
const HOPELESS = new Set(["EACCES", "EPERM", "ENAMETOOLONG"]);

export class Call {
  readonly method: string;
  /** Whether an attempt may have reached the daemon. */
  sent = false;
  readonly #params: Params;
  readonly #patience: Patience;
  readonly #isRepeatable: boolean;
  readonly #isPatient: boolean;
  #beganAt: number | null = null;

  /** `isPatient` sends again after every error that says it is retryable. */
  constructor(method: string, params: Params, reconnectMs: number, isPatient = false) {
    this.method = method;
    this.#params = params;
    this.#patience = new Patience(reconnectMs);
    this.#isPatient = isPatient;
    const hasKey = (params["idempotency_key"] ?? null) !== null;
    this.#isRepeatable =
      METHODS.has(method) && // of another nothing is known
      !NOT_REPEATED.has(method) &&
      (hasKey || WAITS.has(method) || !TOKENED.has(method));
  }

  get idempotencyKey(): string | null {
    const key = this.#params["idempotency_key"] ?? null;
    return key !== null && KEYED.has(this.method) ? String(key) : null;
  }

  /** What to send now: a wait that is sent again waits for what is left of its time. */
  paramsAt(now: number): Params {
    if (this.#beganAt === null) {
      this.#beganAt = now;
      return this.#params;
    }
    if (!WAITS.has(this.method)) return this.#params;
    const given = this.#params["timeout_ms"];
    const wholeMs = typeof given === "number" ? given : DEFAULT_WAIT_MS;
    const passedMs = Math.trunc(now - this.#beganAt);
    return { ...this.#params, timeout_ms: Math.max(0, wholeMs - passedMs) };
  }

  /** Return the milliseconds until the next attempt; throws the failure if there is to be none. */
  delayAfter(failure: unknown, now: number): number {
    if (!this.#isPassing(failure)) throw failure;
    const limitMs = failure instanceof NoDaemon ? UNREACHED_MS : Infinity;
    const delay = this.#patience.delayAfterFailure(now, limitMs);
    // Refused before anything has happened, whatever the method.
    const isBusy = failure instanceof PenholderError && failure.data.code === "BUSY";
    if (delay === null || !(this.#isRepeatable || !this.sent || isBusy)) throw failure;
    return delay;
  }

  #isPassing(failure: unknown): boolean {
    if (failure instanceof PenholderError) {
      const { code, details, retryable } = failure.data;
      if (this.#isPatient && retryable) return true;
      return code === "BUSY" || (code === "STORE_FAILED" && details["outcome"] === "unknown");
    }
    if (failure instanceof NotUnderstood) return false;
    if (failure instanceof ConnectionLost) return true;
    const { code } = (failure ?? {}) as { code?: unknown };
    return typeof code === "string" && !HOPELESS.has(code) && !code.startsWith("ERR_");
  }
}
