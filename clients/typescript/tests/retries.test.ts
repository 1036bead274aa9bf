/** The client against `protocol/retry_cases.json`, which Python's tests read too. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Call } from "../src/call.js";
import { ConnectionLost, NotUnderstood, PenholderError } from "../src/client.js";
import { Patience } from "../src/patience.js";
import { isWorker, Reach } from "../src/reach.js";

interface Cases {
  patience: { name: string; reconnect_ms: number; failures_at_ms: number[]; delays_ms: (number | null)[] }[];
  waits: {
    name: string;
    method: string;
    timeout_ms: number | null;
    attempts_at_ms: number[];
    sent_timeout_ms: (number | null)[];
  }[];
  sockets: { path: string; is_worker: boolean }[];
  unreached: {
    name: string;
    path: string;
    was_reached: boolean;
    failure: string;
    reconnect_ms: number;
    failures_at_ms: number[];
    delays_ms: (number | null)[];
  }[];
  repeats: { method: string; key: boolean; sent: boolean; failure: string; again: boolean }[];
}

const cases = JSON.parse(readFileSync(process.env["PENHOLDER_RETRY_CASES"] ?? "", "utf8")) as Cases;

function ofSystem(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function refused(code: number, name: string, details = {}): PenholderError {
  return new PenholderError({ code, message: name, data: { code: name, details } });
}

const FAILURES: Record<string, Error> = {
  lost: new ConnectionLost(),
  not_understood: new NotUnderstood(),
  refused: ofSystem("ECONNREFUSED"),
  missing: ofSystem("ENOENT"),
  full_backlog: ofSystem("EAGAIN"),
  denied: ofSystem("EACCES"),
  not_permitted: ofSystem("EPERM"),
  name_too_long: ofSystem("ENAMETOOLONG"),
  busy: refused(1007, "BUSY"),
  unknown_outcome: refused(1009, "STORE_FAILED", { outcome: "unknown" }),
  store_failed: refused(1009, "STORE_FAILED", { outcome: "nothing" }),
  fenced: refused(1003, "FENCED"),
  too_large: refused(1005, "VALUE_TOO_LARGE"),
};

for (const { name, reconnect_ms, failures_at_ms, delays_ms } of cases.patience) {
  test(name, () => {
    const patience = new Patience(reconnect_ms);
    failures_at_ms.forEach((at, index) => {
      const delay = patience.delayAfterFailure(at);
      const expected = delays_ms[index] ?? null;
      if (expected === null || delay === null) assert.equal(delay, expected);
      else assert(Math.abs(delay - expected) < 0.001, `${delay} is not ${expected}`);
    });
  });
}

for (const { path, is_worker } of cases.sockets) {
  test(path, () => assert.equal(isWorker(path), is_worker));
}

for (const { name, path, was_reached, failure, reconnect_ms, ...times } of cases.unreached) {
  test(name, () => {
    const reach = new Reach(path);
    reach.wasReached = was_reached;
    const call = new Call("rpc.ping", {}, reconnect_ms);
    times.failures_at_ms.forEach((at, index) => {
      const failed = reach.failed(FAILURES[failure]);
      const expected = times.delays_ms[index] ?? null;
      if (expected === null) assert.throws(() => call.delayAfter(failed, at), failed as Error);
      else assert(Math.abs(call.delayAfter(failed, at) - expected) < 0.001);
    });
  });
}

for (const { name, method, timeout_ms, attempts_at_ms, sent_timeout_ms } of cases.waits) {
  test(name, () => {
    const call = new Call(method, timeout_ms === null ? {} : { timeout_ms }, 10_000);
    const sent = attempts_at_ms.map((at) => call.paramsAt(at)["timeout_ms"] ?? null);
    assert.deepEqual(sent, sent_timeout_ms);
  });
}

for (const { method, key, sent, failure, again } of cases.repeats) {
  const how = `${key ? " under a key" : ""}${sent ? "" : ", not sent"}`;
  test(`${method}${how}: ${failure}`, () => {
    const call = new Call(method, key ? { idempotency_key: "k" } : {}, 10_000);
    call.sent = sent;
    if (again) assert(call.delayAfter(FAILURES[failure], 0) > 0);
    else assert.throws(() => call.delayAfter(FAILURES[failure], 0), FAILURES[failure]);
  });
}
