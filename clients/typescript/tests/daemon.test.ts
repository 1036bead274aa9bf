/** The client against a running daemon, which PENHOLDER_RUNTIME_DIR names. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Client, type Entry, type EntryStream, PenholderError } from "../src/client.js";

let client: Client;

before(async () => {
  client = await Client.control();
  await client.controller.register({ controller_id: "c", label: "c", workspace_key: "/w" });
});

after(() => client.close());

async function makeWorker(worker_id: string): Promise<string> {
  const given = { controller_id: "c", label: "w", launcher: "test", profile: "p", cwd: "/" };
  await client.worker.create({ worker_id, ...given });
  return `worker:${worker_id}`;
}

async function read(entries: EntryStream, count: number): Promise<Entry[]> {
  const found: Entry[] = [];
  while (found.length < count) {
    const { value } = await entries.next();
    assert(value !== undefined);
    found.push(value);
  }
  return found;
}

test("a refusal has its class, its name and its details", async () => {
  await assert.rejects(client.worker.get({ worker_id: "nobody" }), (error) => {
    assert(error instanceof PenholderError);
    assert.deepEqual([error.code, error.data.code], [1001, "WORKER_NOT_FOUND"]);
    assert.deepEqual(error.data.details, { worker_id: "nobody" });
    return !error.data.retryable;
  });
});

test("an owner has a fence, and a stale one is told who has it", async () => {
  const first = await client.controller.acquire({ controller_id: "c" });
  const second = await client.controller.acquire({ controller_id: "c", takeover: true });
  await makeWorkerFenced(second.epoch, second.token ?? "");
  const fence = { epoch: first.epoch, token: first.token ?? "" };
  await assert.rejects(client.worker.stop({ worker_id: "fenced", fence }), (error) => {
    assert(error instanceof PenholderError && error.data.code === "FENCED");
    return error.data.details["current_epoch"] === second.epoch;
  });
  await client.controller.release({ controller_id: "c", force: true });
});

async function makeWorkerFenced(epoch: number, token: string): Promise<void> {
  const given = { controller_id: "c", label: "w", launcher: "test", profile: "p", cwd: "/" };
  await client.worker.create({ worker_id: "fenced", ...given, fence: { epoch, token } });
}

test("a key makes a mutation happen once", async () => {
  await makeWorker("once");
  const call = { worker_id: "once", type: "t", idempotency_key: "k" };
  const [first, again] = [await client.event.append(call), await client.event.append(call)];
  assert.deepEqual(again, first);
});

test("a subscription sees each entry once and can be resumed", async () => {
  const stream = await makeWorker("seen");
  const entries = await client.subscribe({ streams: [stream] });
  for (const n of [1, 2, 3]) await client.event.append({ worker_id: "seen", type: "t", data: { n } });
  assert.deepEqual((await read(entries, 2)).map((each) => each.data["n"]), [1, 2]);
  entries.close();
  const resumed = await client.subscribe({ streams: [stream], after: entries.pos });
  assert.deepEqual((await read(resumed, 1)).map((each) => each.seq), [3]);
  resumed.close();
});

test("leaving the loop ends the subscription", async () => {
  const stream = await makeWorker("left");
  await client.event.append({ worker_id: "left", type: "t" });
  const entries = await client.subscribe({ streams: [stream], after: "start" });
  for await (const entry of entries) {
    assert.equal(entry.seq, 1);
    break;
  }
  assert.equal((await entries.next()).done, true);
});

test("a reader that lags misses nothing", async () => {
  const stream = await makeWorker("lagging");
  const entries = await client.subscribe({ streams: [stream] });
  const text = "x".repeat(4000);
  const events = Array.from({ length: 200 }, () => ({ type: "t", data: { text } }));
  for (let n = 0; n < 40; n++) await client.event.appendMany({ worker_id: "lagging", events });
  const seqs = (await read(entries, 8000)).map((each) => each.seq);
  assert.deepEqual(seqs, Array.from({ length: 8000 }, (_, index) => index + 1));
  entries.close();
});

test("a subscription that is refused says so", async () => {
  await assert.rejects(client.subscribe({ streams: ["nonsense"] }), PenholderError);
});
