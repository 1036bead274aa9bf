/** The client against a server that the test plays itself: what is on the wire, and lost lines. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { Client, type ClientOptions, ConnectionLost, type JsonObject, MAX_FRAME_BYTES, NoDaemon, NotUnderstood, PenholderError } from "../src/client.js";

interface Request {
  id: string;
  method: string;
  params: Record<string, unknown>;
}

type Play = (request: Request, socket: Socket) => void;

/** Serve with a function that sees every request; returns a client that is connected to it. */
async function played(
  context: TestContext,
  play: Play,
  options: ClientOptions = {},
): Promise<Client> {
  const directory = mkdtempSync(join(tmpdir(), "ph-"));
  const path = join(directory, "s");
  const server = createServer((socket) => {
    socket.setEncoding("utf8");
    let tail = "";
    socket.on("data", (text: string) => {
      const lines = (tail + text).split("\n");
      tail = lines.pop() ?? "";
      for (const line of lines) play(JSON.parse(line) as Request, socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const client = await Client.connect(path, { reconnectMs: 0, ...options });
  context.after(() => {
    client.close();
    server.close();
    rmSync(directory, { recursive: true });
  });
  return client;
}

function answer(id: string | null, part: object): string {
  return `${JSON.stringify({ jsonrpc: "2.0", id, ...part })}\n`;
}

test("mutations get a key each, unless they have one; others get none", async (context) => {
  const seen: Request[] = [];
  const client = await played(context, (request, socket) => {
    seen.push(request);
    socket.write(answer(request.id, { result: {} }));
  });
  await client.event.append({ type: "t" });
  await client.event.append({ type: "t" });
  await client.event.append({ type: "t", idempotency_key: "mine" });
  await client.worker.get();
  const [first, second, third, fourth] = seen.map((each) => each.params["idempotency_key"]);
  assert.match(String(first), /^[0-9a-f-]{36}$/);
  assert.notEqual(first, second);
  assert.deepEqual([third, fourth], ["mine", undefined]);
  const id = seen[3]?.id;
  assert.deepEqual(seen[3], { jsonrpc: "2.0", id, method: "worker.get", params: {} });
});

const CLAIM = { queue: "q", runner_id: "r", lease_ms: 1000 };
const CLAIMED = { items: [{ task: { token: null }, lease: { epoch: 1, token: null } }], next: null };

test("a claim whose answer is lost is asked for again with the same key and token", async (context) => {
  const seen: Request[] = [];
  const play: Play = (request, socket) => {
    if (seen.push(request) === 1) socket.destroy();
    else socket.write(answer(request.id, { result: CLAIMED }));
  };
  const client = await played(context, play, { reconnectMs: 5000 });
  const claimed = await client.queue.wait(CLAIM);
  const [first, second] = seen.map((each) => each.params);
  assert.match(String(first?.["token"]), /^[A-Za-z0-9_-]{43}$/);
  assert.equal(second?.["token"], first?.["token"]);
  assert.equal(second?.["idempotency_key"], first?.["idempotency_key"]);
  assert.equal(claimed.items[0]?.lease.token, first?.["token"]);
  assert.deepEqual(claimed.items[0]?.task, { token: null });
});

test("who brings a key brings the token too, and a call by name makes neither", async (context) => {
  const seen: Request[] = [];
  const client = await played(context, (request, socket) => {
    seen.push(request);
    socket.write(answer(request.id, { result: { epoch: 1, token: "of the daemon" } }));
  });
  const handle = await client.controller.acquire({ controller_id: "c", idempotency_key: "k" });
  await client.call("controller.acquire", { controller_id: "c" });
  assert.equal(handle.token, "of the daemon");
  assert.deepEqual(seen[0]?.params, { controller_id: "c", idempotency_key: "k" });
  assert.deepEqual(seen[1]?.params, { controller_id: "c" });
});

test("a call by name whose answer holds a token is not sent twice", async (context) => {
  let count = 0;
  const play: Play = (_, socket) => {
    count += 1;
    socket.destroy();
  };
  const client = await played(context, play, { reconnectMs: 5000 });
  await assert.rejects(client.call("run.claim", { run_id: "r", lease_ms: 1 }), ConnectionLost);
  assert.equal(count, 1);
});

test("a client's ids are its own, over all its connections, and begin with its operation", async (context) => {
  const seen: string[] = [];
  const play: Play = ({ id }, socket) => {
    seen.push(id);
    socket.write(answer(id, { result: { subscription: "s", pos: 0 } }));
  };
  const client = await played(context, play, { operation: "deploy-42" });
  const other = await played(context, play, { operation: "deploy-42" });
  const nameless = await played(context, play);
  await client.rpc.ping();
  (await client.subscribe({ streams: ["*"] })).close();
  await other.rpc.ping();
  await nameless.rpc.ping();
  const [first, second, third, fourth] = seen;
  assert.match(String(first), /^deploy-42-[0-9a-f]{10}-1$/);
  assert.equal(second, first?.replace(/1$/, "2"));
  assert.match(String(third), /^deploy-42-[0-9a-f]{10}-1$/);
  assert.notEqual(third, first);
  assert.match(String(fourth), /^[0-9a-f]{10}-1$/);
  await assert.rejects(Client.connect("/nowhere", { operation: "a b" }), RangeError);
});

test("a lost connection fails what is pending and what comes later", async (context) => {
  let count = 0;
  const client = await played(context, (_, socket) => {
    if (++count === 2) socket.destroy();
  });
  const calls = [client.rpc.ping(), client.event.append({ type: "t", idempotency_key: "k" })];
  const [ping, append] = await Promise.allSettled<unknown>(calls);
  assert(ping?.status === "rejected" && ping.reason instanceof ConnectionLost);
  assert(append?.status === "rejected" && append.reason instanceof ConnectionLost);
  assert.deepEqual([ping.reason.method, ping.reason.idempotencyKey], ["rpc.ping", null]);
  assert.deepEqual([append.reason.method, append.reason.idempotencyKey], ["event.append", "k"]);
  await assert.rejects(client.rpc.ping(), ConnectionLost);
});

test("answers may come in any order, several at once, and cut anywhere", async (context) => {
  const waiting: Request[] = [];
  const client = await played(context, (request, socket) => {
    if (waiting.push(request) < 2) return;
    const answers = waiting.reverse().map(({ id }) => answer(id, { result: { pong: `é${id}` } }));
    const bytes = Buffer.from(answers.join(""));
    const cut = bytes.indexOf(Buffer.from("é")) + 1; // inside the character
    socket.write(bytes.subarray(0, cut), () => setImmediate(() => socket.write(bytes.subarray(cut))));
  });
  const pongs = await Promise.all([client.rpc.ping(), client.rpc.ping()]);
  const ids = waiting.reverse().map(({ id }) => `é${id}`);
  assert.deepEqual(pongs.map((each) => String(each.pong)), ids);
});

function unnamed(): string {
  return answer(null, { error: { code: -32700, message: "what?", data: { code: "PARSE_ERROR" } } });
}

function isParseError(error: unknown): boolean {
  return error instanceof PenholderError && error.data.code === "PARSE_ERROR";
}

/** Play a daemon that answers an error without id once all but one of so many requests are there. */
function unreadable(count: number, meant: number): Play {
  const seen: Request[] = [];
  return (request, socket) => {
    if (seen.push(request) !== count) return;
    socket.write(unnamed());
    seen.forEach(({ id, method }, index) => {
      if (index !== meant) socket.write(answer(id, { result: { pong: method } }));
    });
  };
}

test("an error without id fails the one call that is open", async (context) => {
  const client = await played(context, ({ id, method }, socket) => {
    socket.write(method === "rpc.ping" ? unnamed() : answer(id, { result: {} }));
  });
  await assert.rejects(client.rpc.ping(), isParseError);
  assert.deepEqual(await client.worker.get(), {});
});

for (const meant of [0, 1, 2]) {
  test(`of several calls it fails the one that is not answered: ${meant}`, async (context) => {
    const client = await played(context, unreadable(3, meant));
    const calls = await Promise.allSettled([0, 1, 2].map(() => client.rpc.ping()));
    calls.forEach((call, index) => {
      assert.equal(call.status, index === meant ? "rejected" : "fulfilled");
      if (call.status === "rejected") assert(isParseError(call.reason));
    });
  });
}

test("beside waits it fails the call, and two of them fail two", async (context) => {
  const client = await played(context, ({ id, method }, socket) => {
    if (method === "worker.get") socket.write(unnamed() + unnamed());
    else if (method === "rpc.ping") socket.write(answer(id, { result: {} }));
  });
  const wait = client.event.wait({});
  const calls = [client.worker.list(), client.worker.get()];
  for (const call of calls) await assert.rejects(call, isParseError);
  await client.rpc.ping();
  client.close();
  await assert.rejects(wait, ConnectionLost);
});

function nested(levels: number): JsonObject {
  let value: JsonObject = {};
  for (let level = 1; level < levels; level++) value = { a: value };
  return value;
}

const UNREADABLE: [string, JsonObject][] = [
  ["VALUE_TOO_LARGE", { text: "é".repeat(600_000) }],
  ["VALUE_TOO_LARGE", { text: "\\".repeat(600_000) }],
  ["VALUE_TOO_LARGE", nested(72)],
  ["VALUE_TOO_LARGE", nested(100_000)],
  ["INVALID_PARAMS", { text: "a\ud83d" }],
  ["INVALID_PARAMS", { "\udc00": 1 }],
];

UNREADABLE.forEach(([code, data], index) => {
  test(`what no daemon could read is refused before it is sent: ${index}`, async (context) => {
    const seen: string[] = [];
    const client = await played(context, ({ id, method }, socket) => {
      seen.push(method);
      socket.write(answer(id, { result: {} }));
    });
    await assert.rejects(client.event.append({ type: "t", data }), (error) => {
      return error instanceof PenholderError && error.data.code === code;
    });
    await client.rpc.ping();
    assert.deepEqual(seen, ["rpc.ping"]);
  });
});

test("what can be read is sent", async (context) => {
  const seen: unknown[] = [];
  const client = await played(context, ({ id, params }, socket) => {
    seen.push(params["data"]);
    socket.write(answer(id, { result: {} }));
  });
  const fine = [nested(64), { text: "\\ud83d 🖋 \"\\" }, { text: "\\".repeat(400_000) }];
  for (const data of fine) await client.event.append({ type: "t", data });
  assert.deepEqual(seen, fine);
});

test("what is no JSON ends the connection", async (context) => {
  const client = await played(context, (_, socket) => void socket.write("what?\n"));
  await assert.rejects(client.rpc.ping(), ConnectionLost);
});

test("notifications are an iterator that ends with the connection", async (context) => {
  const client = await played(context, ({ id }, socket) => {
    const params = { worker_id: "w", current_epoch: 2 };
    socket.write(answer(id, { result: {} }));
    socket.end(`${JSON.stringify({ jsonrpc: "2.0", method: "runtime.fenced", params })}\n`);
  });
  const notices = client.notifications();
  await client.rpc.ping();
  const { value } = await notices.next();
  assert.deepEqual([value?.method, value?.params], [
    "runtime.fenced",
    { worker_id: "w", current_epoch: 2 },
  ]);
  await assert.rejects(notices.next(), ConnectionLost);
  assert.equal((await notices.next()).done, true);
});

test("close fails open calls and ends loops without an error", async (context) => {
  const client = await played(context, () => {});
  const [ping, notices] = [client.rpc.ping(), client.notifications()];
  const next = notices.next();
  client.close();
  await assert.rejects(ping, ConnectionLost);
  assert.equal((await next).done, true);
});

test("nobody listens", async () => {
  const began = performance.now();
  await assert.rejects(Client.connect("/nonexistent/control.sock"), (error) => {
    assert(error instanceof NoDaemon);
    assert.equal(error.code, "ENOENT");
    return /at \/nonexistent\/control.sock .*`penholder up`/.test(error.message);
  });
  assert(performance.now() - began < 2000);
  const impatient = Client.connect("/nonexistent/workers/w_1.sock", { reconnectMs: 0 });
  await assert.rejects(impatient, (error) => !(error instanceof NoDaemon));
});

function notice(method: string, part: object): string {
  return `${JSON.stringify({ jsonrpc: "2.0", method, params: { subscription: "s", ...part } })}\n`;
}

function entries(...positions: number[]): string {
  const found = positions.map((pos) => ({ pos }));
  return notice("journal.entries", { entries: found, pos: positions.at(-1) });
}

test("a subscription that ends for lag goes on after what was received", async (context) => {
  const after: unknown[] = [];
  const client = await played(context, ({ id, params }, socket) => {
    const isFirst = after.push(params["after"]) === 1;
    const lagged = notice("journal.lagged", { resume_after: 1 });
    socket.write(answer(id, { result: { subscription: "s", pos: 0 } }));
    socket.write(isFirst ? entries(1, 2) + lagged : entries(2, 3)); // 2 comes twice
  });
  const stream = await client.subscribe({ streams: ["*"], after: "start" });
  for (const pos of [1, 2, 3]) {
    assert.equal((await stream.next()).value?.pos, pos);
    assert.equal(stream.pos, pos);
  }
  assert.deepEqual(after, ["start", 2]);
  stream.close();
});

test("a subscription tells that retention has overtaken it", async (context) => {
  const client = await played(context, ({ id }, socket) => {
    socket.write(answer(id, { result: { subscription: "s", pos: 0 } }));
    socket.write(entries(1) + notice("journal.pruned", { stream: "worker:w", oldest_pos: 9 }));
  });
  const stream = await client.subscribe({ streams: ["worker:w"], after: "start" });
  assert.equal((await stream.next()).value?.pos, 1);
  await assert.rejects(stream.next(), (error) => {
    assert(error instanceof PenholderError && error.data.code === "CURSOR_GONE");
    return error.data.details["oldest_pos"] === 9;
  });
  assert.equal((await stream.next()).done, true);
});

test("a subscription that is lost says so after what it had", async (context) => {
  const client = await played(context, ({ id }, socket) => {
    socket.write(answer(id, { result: { subscription: "s", pos: 4 } }));
    socket.end(entries(5));
  });
  const stream = await client.subscribe({ streams: ["*"] });
  assert.equal(stream.pos, 4);
  assert.equal((await stream.next()).value?.pos, 5);
  await assert.rejects(stream.next(), ConnectionLost);
  assert.equal(stream.pos, 5);
});

test("calls go on over a lost connection, under one key, and a wait for the rest of its time", async (context) => {
  const seen: Request[] = [];
  const client = await played(
    context,
    (request, socket) => {
      if (seen.push(request) % 2 === 1) socket.destroy();
      else socket.write(answer(request.id, { result: {} }));
    },
    { reconnectMs: 10_000 },
  );
  await client.event.append({ type: "t" });
  await client.event.wait({ timeout_ms: 5000 });
  const [lost, again, wait, rest] = seen.map((each) => each.params);
  assert.equal(again?.["idempotency_key"], lost?.["idempotency_key"]);
  assert.equal(wait?.["timeout_ms"], 5000);
  assert(Number(rest?.["timeout_ms"]) < 5000);
});

test("what would be refused again, and a shutdown, are sent once", async (context) => {
  const seen: string[] = [];
  const client = await played(
    context,
    ({ id, method }, socket) => {
      seen.push(method);
      const data = { code: "VALUE_TOO_LARGE" };
      if (method === "rpc.ping") socket.write(answer(null, { error: { code: 1005, message: "", data } }));
      else if (method === "worker.get") socket.write(answer(id, { error: { code: 1001, message: "" } }));
      else socket.destroy();
    },
    { reconnectMs: 10_000 },
  );
  await assert.rejects(client.rpc.ping(), PenholderError);
  await assert.rejects(client.worker.get(), PenholderError);
  await assert.rejects(client.daemon.shutdown({}), ConnectionLost);
  assert.deepEqual(seen, ["rpc.ping", "worker.get", "daemon.shutdown"]);
});

test("a subscription goes on after what was received when its connection is lost", async (context) => {
  const after: unknown[] = [];
  const client = await played(
    context,
    ({ id, params }, socket) => {
      const isFirst = after.push(params["after"]) === 1;
      socket.write(answer(id, { result: { subscription: "s", pos: 4 } }));
      if (isFirst) socket.end(entries(5));
      else socket.write(entries(6));
    },
    { reconnectMs: 10_000 },
  );
  const stream = await client.subscribe({ streams: ["*"] });
  assert.equal((await stream.next()).value?.pos, 5);
  assert.equal((await stream.next()).value?.pos, 6);
  assert.deepEqual(after, [undefined, 5]);
  stream.close();
});

const NO_MESSAGES = ["Welcome to this machine!", "5", "null", "[]", '"text"', '{"jsonrpc":', "x".repeat(200)];

for (const said of [...NO_MESSAGES, "x".repeat(MAX_FRAME_BYTES + 1)]) {
  test(`what is no message is not tried again: ${said.slice(0, 30)}`, async (context) => {
    let asked = 0;
    const play: Play = (_, socket) => {
      asked += 1;
      socket.write(said.length > MAX_FRAME_BYTES ? said : `${said}\n`); // too long, and without an end
    };
    const client = await played(context, play, { reconnectMs: 60_000 });
    await assert.rejects(client.worker.get(), (error: Error) => {
      assert.ok(error instanceof NotUnderstood);
      assert.ok(error.message.includes(JSON.stringify(said.slice(0, 80))));
      assert.equal(error.message.endsWith(" …"), said.length > 80);
      return true;
    });
    assert.equal(asked, 1);
  });
}

test("a subscription ends with what was not understood", async (context) => {
  let asked = 0;
  const play: Play = (request, socket) => {
    asked += 1;
    socket.write(answer(request.id, { result: { subscription: "s", pos: 0 } }));
    socket.write("Welcome to this machine!\n");
  };
  const client = await played(context, play, { reconnectMs: 60_000 });
  const entries = await client.subscribe({ streams: ["*"] });
  await assert.rejects(entries.next(), NotUnderstood);
  assert.equal(asked, 1);
});
