/**
 * A typed client of the Penholder daemon for Node, without dependencies.
 *
 *     const client = await Client.control();
 *     const worker = await client.worker.get({ worker_id: "w_1" });
 */

import { randomUUID } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";

import type { Notice } from "./connection.js";
import { EntryStream } from "./entries.js";
import { Feed } from "./feed.js";
import {
  type JournalSubscribeParams,
  KEYED,
  type MethodName,
  type Methods,
  Rooms,
  TOKENED,
} from "./generated.js";
import { Line } from "./line.js";
import { Reach } from "./reach.js";
import { RequestIds } from "./request_ids.js";
import { secured, withToken } from "./tokens.js";

export type { Notice } from "./connection.js";
export { EntryStream } from "./entries.js";
export { ConnectionLost, type ErrorData, NotUnderstood, PenholderError } from "./errors.js";
export * from "./generated.js";
export { NoDaemon } from "./reach.js";

// A loop that does not read them ends with an error, in place of filling the memory.
const MAX_NOTICES = 10_000;
const RECONNECT_MS = 30_000;

export interface ClientOptions {
  /** What the client is for: its request ids begin with it. */
  operation?: string;
  /** How long calls and subscriptions go on over a daemon that is away, from then on; 30 s. */
  reconnectMs?: number;
}

/**
 * A connection to one socket of the daemon.
 *
 * Any number of calls may be open at once. What the daemon refuses is thrown as PenholderError.
 * When the connection is lost, or the daemon is not there or busy, calls are sent again for up to
 * `reconnectMs`; mutations under the idempotency key that was made for the call, so that they are
 * done once. After that they fail with ConnectionLost or the error of the system; NoDaemon, and soon,
 * where nobody ever was at a control socket.
 *
 * Each request has an id that no other client uses; entries and log lines name it. It begins with
 * `operation` where one is given, so that all which was done for it is found.
 */
export class Client extends Rooms {
  readonly #reach: Reach;
  readonly #requestIds: RequestIds;
  readonly #reconnectMs: number;
  readonly #readers = new Set<Feed<Notice>>();
  readonly #line: Line;

  private constructor(path: string, { operation, reconnectMs = RECONNECT_MS }: ClientOptions) {
    super();
    this.#reach = new Reach(path);
    this.#requestIds = new RequestIds(operation);
    this.#reconnectMs = reconnectMs;
    const listener = {
      onNotice: (notice: Notice) => this.#take(notice),
      onEnd: (error: Error | null) => this.#readers.forEach((reader) => reader.end(error)),
    };
    this.#line = new Line(this.#reach, this.#requestIds, listener, reconnectMs);
  }

  /**
   * Connect to a worker's runtime socket, or to any other by its path. Where no daemon is there it
   * is waited for as by calls, but at a control socket for 1.5 s at most; then NoDaemon says so.
   */
  static async connect(path: string, options: ClientOptions = {}): Promise<Client> {
    const client = new Client(path, options);
    await client.#line.begin();
    return client;
  }

  /** Connect to the control socket, by default of this user's own daemon. */
  static control(
    runtimeDir: string = defaultRuntimeDir(),
    options: ClientOptions = {},
  ): Promise<Client> {
    return Client.connect(join(runtimeDir, "control.sock"), options);
  }

  /**
   * Call any method by its name; a mutation without an idempotency key gets one.
   *
   * But one whose answer holds a token (controller.acquire, a claim) is sent as it is, and sent
   * again only under a key that is given: the rooms make both.
   */
  async call<M extends MethodName>(
    method: M,
    params: Methods[M]["params"],
  ): Promise<Methods[M]["result"]> {
    const given: Record<string, unknown> = { ...params };
    if (KEYED.has(method) && !TOKENED.has(method)) given["idempotency_key"] ??= randomUUID();
    return (await this.#line.request(method, given)) as Methods[M]["result"];
  }

  /**
   * Call a method for one of the rooms. A claim or an ownership gets a token that is made here with
   * the idempotency key, so that an answer that is lost on its way is given again.
   */
  override async ask<M extends MethodName>(
    method: M,
    params: Methods[M]["params"],
  ): Promise<Methods[M]["result"]> {
    if (!TOKENED.has(method)) return this.call(method, params);
    const given = secured({ ...params });
    const result = await this.#line.request(method, given);
    return withToken(result, given["token"]) as Methods[M]["result"];
  }

  /** Subscribe to streams over a connection of its own; it stands when this resolves. */
  subscribe(params: JournalSubscribeParams): Promise<EntryStream> {
    return EntryStream.open(this.#reach, this.#requestIds, params, this.#reconnectMs);
  }

  /**
   * What the daemon tells this connection unasked, from now on: `runtime.fenced` when another
   * process took the worker's seat, and `journal.*` of subscriptions that were made with
   * `journal.subscribe`. It ends with the connection: what was told while there was none is lost.
   */
  notifications(): AsyncIterableIterator<Notice, undefined> {
    const reader = new Feed<Notice>(() => this.#readers.delete(reader));
    this.#readers.add(reader);
    return reader;
  }

  /** Close; open calls fail with ConnectionLost, and notifications end. */
  close(): void {
    this.#line.close();
  }

  #take(notice: Notice): void {
    for (const reader of this.#readers) {
      if (reader.length < MAX_NOTICES) reader.push(notice);
      else reader.end(new Error(`more than ${MAX_NOTICES} notifications were not read`));
    }
  }
}

/** Where the daemon serves, by the rules by which it chooses its directories. */
function defaultRuntimeDir(): string {
  const { PENHOLDER_RUNTIME_DIR, XDG_RUNTIME_DIR, XDG_STATE_HOME } = process.env;
  if (PENHOLDER_RUNTIME_DIR) return PENHOLDER_RUNTIME_DIR;
  if (XDG_RUNTIME_DIR) return join(XDG_RUNTIME_DIR, "penholder");
  return join(XDG_STATE_HOME || join(homedir(), ".local", "state"), "penholder", "run");
}
