/**
 * What the daemon could not read is refused here, before anything of it is sent.
 *
 * Of a frame that it cannot read the daemon cannot tell whose it is, and after one that is too long
 * it hangs up on all other calls of the connection.
 */

import { PenholderError } from "./errors.js";
import { MAX_FRAME_BYTES, MAX_VALUE_DEPTH } from "./generated.js";

/** A value in an item of `events` in the params of one of the calls of tx.apply, in a request. */
const MAX_DEPTH = MAX_VALUE_DEPTH + 7;
const LONE_SURROGATE = /^\\ud[89a-f]/;

/** Write a request as a line; throws PenholderError. */
export function sendable(id: string, method: string, params: object): string {
  const text = written({ jsonrpc: "2.0", id, method, params });
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_FRAME_BYTES) {
    const message = `the request has ${bytes} bytes, MAX_FRAME_BYTES is ${MAX_FRAME_BYTES}`;
    throw tooLarge(message, "MAX_FRAME_BYTES", MAX_FRAME_BYTES, bytes);
  }
  check(text);
  return `${text}\n`;
}

function written(request: object): string {
  try {
    return JSON.stringify(request);
  } catch (error) {
    // The only RangeErrors there are of a stack, or a string, that has no room for it.
    if (error instanceof RangeError) throw tooDeep();
    throw error;
  }
}

/** Look at brackets outside of strings and at escapes inside; JSON.stringify writes no others. */
function check(text: string): void {
  let depth = 0;
  for (const [token] of text.matchAll(/[{[\]}]|"[^"\\]*(?:\\.[^"\\]*)*"/g)) {
    if (token[0] === '"') checkString(token);
    else if (token === "{" || token === "[") depth += 1;
    else depth -= 1;
    if (depth > MAX_DEPTH) throw tooDeep();
  }
}

function checkString(token: string): void {
  if (!token.includes("\\ud")) return;
  for (const [escape] of token.matchAll(/\\(?:u[0-9a-f]{4}|.)/g)) {
    if (!LONE_SURROGATE.test(escape)) continue;
    const message =
      `a string holds the lone surrogate ${escape}, one half of a character, which is no text;` +
      " send both halves or another character";
    throw new PenholderError({ code: -32602, message, data: { code: "INVALID_PARAMS" } });
  }
}

function tooDeep(): PenholderError {
  const message = `the params are nested deeper than MAX_VALUE_DEPTH (${MAX_VALUE_DEPTH})`;
  return tooLarge(message, "MAX_VALUE_DEPTH", MAX_VALUE_DEPTH);
}

function tooLarge(message: string, limit: string, maximum: number, seen?: number): PenholderError {
  const details = { limit, maximum, ...(seen === undefined ? {} : { seen }) };
  return new PenholderError({ code: 1005, message, data: { code: "VALUE_TOO_LARGE", details } });
}
