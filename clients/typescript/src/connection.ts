/**
 * One connection: JSON-RPC 2.0 over a Unix socket, one message a line.
 *
 * Any number of requests are open at once and answered as they finish, so an answer is matched by
 * its id. Three things end otherwise than with an answer of their own:
 *
 * - The connection ends. Every open request fails with `ConnectionLost`, which names the key under
 *   which it may be sent again; whether it was done nobody knows.
 * - An error names no request, since the daemon could not read the frame. It is about one that is
 *   open, which shows by which are answered after all (`Unnamed`). If the connection ends first,
 *   all in doubt get the error: sent again, the faulty one would meet it again.
 * - What comes is no message. Then this is no daemon that is understood, and the connection is
 *   over.
 *
 * A result is handed on in the same turn in which it was read (`onResult`), before the
 * notifications that follow it on the wire. A promise settles a turn later, and the first entries
 * of a subscription would come before its name is known.
 */

import { connect, type Socket } from "node:net";

import { ConnectionLost, NotUnderstood, PenholderError, type WireError } from "./errors.js";
import { MAX_FRAME_BYTES, WAITS } from "./generated.js";
import type { Reach } from "./reach.js";
import type { RequestIds } from "./request_ids.js";
import { sendable } from "./sendable.js";
import { Unnamed } from "./unnamed.js";

/** A notification of the daemon. */
export interface Notice {
  method: string;
  params: unknown;
}

interface Answer {
  id: number | string | null;
  result?: unknown;
  error?: WireError;
}

interface Pending {
  method: string;
  idempotencyKey: string | null;
  succeed(result: unknown): void;
  fail(error: Error): void;
}

export interface Watching {
  /** Called when the request is on its way, so that it may be done. */
  onSent?(): void;
  /** Called with the result before any notification that follows it on the wire. */
  onResult?(result: unknown): void;
}

export interface Listener {
  onNotice(notice: Notice): void;
  /** Called once; the error says why, null after `close`. */
  onEnd(error: ConnectionLost | null): void;
}

export class Connection {
  readonly #socket: Socket;
  readonly #requestIds: RequestIds;
  readonly #listener: Listener;
  readonly #pending = new Map<string, Pending>();
  #unnamed: Unnamed[] = [];
  #tail = "";
  /** A line that is no message of a daemon. */
  #unread: { line: string; error: unknown } | undefined;
  #refusal: Error | undefined;
  #closedHere = false;
  #ended = false;

  private constructor(socket: Socket, requestIds: RequestIds, listener: Listener) {
    this.#socket = socket;
    this.#requestIds = requestIds;
    this.#listener = listener;
    socket.setEncoding("utf8"); // a character may be cut by the end of a chunk
    socket.on("data", (text: string) => this.#receive(text));
    socket.on("error", (error) => (this.#refusal ??= error));
    socket.on("close", () => this.#end());
  }

  /** Connect; rejects with NoDaemon, or with the error of the system. */
  static open(reach: Reach, requestIds: RequestIds, listener: Listener): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(reach.path);
      const fail = (error: Error): void => reject(reach.failed(error));
      socket.once("error", fail);
      socket.once("connect", () => {
        socket.off("error", fail);
        reach.wasReached = true;
        resolve(new Connection(socket, requestIds, listener));
      });
    });
  }

  /** Send a request; rejects with PenholderError for one that the daemon could not read. */
  request(method: string, params: object, watching: Watching = {}): Promise<unknown> {
    const key = (params as { idempotency_key?: string | null }).idempotency_key ?? null;
    return new Promise((resolve, reject) => {
      if (this.#closedHere || this.#ended) {
        reject(new ConnectionLost(method, key));
        return;
      }
      const id = this.#requestIds.next();
      const line = sendable(id, method, params); // what it throws rejects
      const succeed = (result: unknown): void => {
        watching.onResult?.(result);
        resolve(result);
      };
      this.#pending.set(id, { method, idempotencyKey: key, succeed, fail: reject });
      this.#socket.write(line);
      watching.onSent?.();
    });
  }

  /** Stop reading, so that the daemon stops sending; `resume` goes on. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Close; what is pending fails. */
  close(): void {
    this.#closedHere = true;
    this.#socket.destroy();
  }

  #receive(text: string): void {
    const lines = (this.#tail + text).split("\n");
    this.#tail = lines.pop() ?? "";
    for (const line of lines) {
      // Closed by what an earlier line has set in motion, or not understood.
      if (this.#closedHere || this.#unread !== undefined) return;
      try {
        this.#take(read(line));
      } catch (error) {
        this.#notUnderstood(line, error);
      }
    }
    // Its end may never come, so it is not waited for.
    if (this.#tail.length > MAX_FRAME_BYTES) {
      this.#notUnderstood(this.#tail, new RangeError("longer than MAX_FRAME_BYTES"));
    }
  }

  #notUnderstood(line: string, error: unknown): void {
    this.#unread = { line, error };
    this.#tail = "";
    this.#socket.destroy();
  }

  #take(message: Notice | Answer): void {
    if ("method" in message) {
      this.#listener.onNotice(message);
      return;
    }
    if (message.id === null && message.error !== undefined) {
      this.#takeUnnamed(new PenholderError(message.error));
      return;
    }
    const pending = this.#forget(message.id as string);
    if (message.error === undefined) pending?.succeed(message.result);
    else pending?.fail(new PenholderError(message.error));
    this.#settleUnnamed();
  }

  #forget(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    for (const unnamed of this.#unnamed) unnamed.answered(id);
    return pending;
  }

  #takeUnnamed(error: PenholderError): void {
    this.#refusal = error; // in case that it is about the connection, which then ends
    const ids = [...this.#pending.keys()];
    const isWait = (id: string): boolean => WAITS.has(this.#pending.get(id)?.method ?? "");
    this.#unnamed.push(new Unnamed(error, ids.filter((id) => !isWait(id)), ids.filter(isWait)));
    this.#settleUnnamed();
  }

  /** Fail the requests that errors without id are found to be about. */
  #settleUnnamed(): void {
    for (const unnamed of this.#unnamed) {
      const id = unnamed.found();
      if (id !== undefined) this.#forget(id)?.fail(unnamed.error);
      if (id !== undefined || unnamed.left.length === 0) {
        this.#unnamed = this.#unnamed.filter((each) => each !== unnamed);
      }
    }
    const inDoubt = new Set(this.#unnamed.flatMap((unnamed) => unnamed.left));
    const [first] = this.#unnamed;
    if (first === undefined || inDoubt.size > this.#unnamed.length) return;
    for (const id of inDoubt) this.#forget(id)?.fail(first.error);
    this.#unnamed = [];
  }

  #end(): void {
    this.#ended = true;
    // What is sent again would meet the same refusal again, so all in doubt get it.
    for (const unnamed of this.#unnamed) {
      for (const id of unnamed.left) this.#forget(id)?.fail(unnamed.error);
    }
    for (const { method, idempotencyKey, fail } of this.#pending.values()) {
      fail(this.#lost(method, idempotencyKey));
    }
    this.#pending.clear();
    this.#listener.onEnd(this.#closedHere ? null : this.#lost());
  }

  #lost(method: string | null = null, key: string | null = null): ConnectionLost {
    if (this.#unread !== undefined) {
      const { line, error } = this.#unread;
      return new NotUnderstood(line, method, key, { cause: error });
    }
    const options = this.#refusal === undefined ? undefined : { cause: this.#refusal };
    return new ConnectionLost(method, key, options);
  }
}

/** Read a line; throws where it is no message. */
function read(line: string): Notice | Answer {
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError("a message is an object");
  }
  return value as Notice | Answer;
}
