/**
 * Secrets that the caller makes: the daemon keeps their hash, so its answer can be given again.
 *
 * Without one, an answer that is lost on its way takes the only copy of its token with it.
 */

import { randomBytes, randomUUID } from "node:crypto";

type Members = Record<string, unknown>;

/** Make a key and a token where there is no key: who brings a key brings the token too. */
export function secured(params: Members): Members {
  if ((params["idempotency_key"] ?? null) !== null) return params;
  const token = params["token"] ?? randomBytes(32).toString("base64url");
  return { ...params, token, idempotency_key: randomUUID() };
}

/**
 * Put the token into the handle, the claim or the claims of a list that a result is. Where the
 * daemon is older than this client and made a token of its own, that one stays.
 */
export function withToken(result: unknown, token: unknown): unknown {
  if (typeof token !== "string" || result === null || typeof result !== "object") return result;
  if (Array.isArray(result)) return result.map((item) => withToken(item, token));
  const members: Members = { ...result };
  if (members["token"] === null) members["token"] = token;
  for (const name of ["lease", "items"]) {
    if (name in members) members[name] = withToken(members[name], token);
  }
  return members;
}
