/** What can go wrong: the daemon refuses, or it cannot be heard. */

import type { ErrorCode, JsonObject } from "./generated.js";

/** `data` of an error. `code` is open: a later daemon may have names that this client does not. */
export interface ErrorData {
  code: ErrorCode | (string & {});
  /** The same call may succeed later without anything being changed. */
  retryable: boolean;
  /** What was named, what was found instead, which limit was met. */
  details: JsonObject;
}

/** The `error` of an answer. */
export interface WireError {
  code: number;
  message: string;
  data?: Partial<ErrorData>;
}

/** What the daemon refuses. `code` is the class, `data.code` the exact name. */
export class PenholderError extends Error {
  readonly code: number;
  readonly data: ErrorData;

  constructor(wire: WireError) {
    super(wire.message);
    this.name = "PenholderError";
    this.code = wire.code;
    this.data = { code: "INTERNAL_ERROR", retryable: false, details: {}, ...wire.data };
  }
}

/**
 * The connection ended before the answer, so the call may have been done.
 *
 * To make sure, call again over another client with the same params and this `idempotencyKey`: it
 * is done once, however often it is sent.
 */
export class ConnectionLost extends Error {
  readonly method: string | null;
  readonly idempotencyKey: string | null;

  constructor(
    method: string | null = null,
    idempotencyKey: string | null = null,
    options?: ErrorOptions,
  ) {
    const during = method === null ? "" : ` during ${method}`;
    super(`the connection to the daemon was lost${during}`, options);
    this.name = "ConnectionLost";
    this.method = method;
    this.idempotencyKey = idempotencyKey;
  }
}

const SHOWN_CHARACTERS = 80;

/**
 * What came is no message: whoever speaks there is no daemon, or not the only one who does.
 *
 * No other attempt mends that, so none is made.
 */
export class NotUnderstood extends ConnectionLost {
  /** `said` is the line that came, of which the beginning is told. */
  constructor(
    said = "",
    method: string | null = null,
    idempotencyKey: string | null = null,
    options?: ErrorOptions,
  ) {
    super(method, idempotencyKey, options);
    const more = said.length > SHOWN_CHARACTERS ? " …" : "";
    const begins = JSON.stringify(said.slice(0, SHOWN_CHARACTERS));
    this.message = `what came is no message of a daemon: ${begins}${more}`;
    this.name = "NotUnderstood";
  }
}
