/** One connection: JSON-RPC 2.0 over a Unix socket, one message a line. */

import { connect, type Socket } from "node:net";

import { ConnectionLost, PenholderError, type WireError } from "./errors.js";
import type { RequestIds } from "./request_ids.js";

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
  #tail = "";
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

  /** Connect; rejects with the error of the system if nobody listens there. */
  static open(path: string, requestIds: RequestIds, listener: Listener): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new Connection(socket, requestIds, listener));
      });
    });
  }

  /**
   * Send a request. `onResult` sees the result before any notification that follows it on the wire,
   * which the continuation of a promise could not promise.
   */
  request(
    method: string,
    params: object,
    onResult: (result: unknown) => void = () => {},
  ): Promise<unknown> {
    const key = (params as { idempotency_key?: string | null }).idempotency_key ?? null;
    return new Promise((resolve, reject) => {
      if (this.#closedHere || this.#ended) {
        reject(new ConnectionLost(method, key));
        return;
      }
      const id = this.#requestIds.next();
      const line = `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`;
      const succeed = (result: unknown): void => {
        onResult(result);
        resolve(result);
      };
      this.#pending.set(id, { method, idempotencyKey: key, succeed, fail: reject });
      this.#socket.write(line);
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
    try {
      for (const line of lines) {
        if (this.#closedHere) return;
        this.#take(JSON.parse(line) as Notice | Answer);
      }
    } catch (error) {
      this.#socket.destroy(error as Error); // this is no daemon that we understand
    }
  }

  #take(message: Notice | Answer): void {
    if ("method" in message) {
      this.#listener.onNotice(message);
      return;
    }
    const pending = this.#pending.get(message.id as string);
    if (pending === undefined) {
      // Not of one request but of what the daemon could not read: it hangs up after this.
      if (message.error !== undefined) this.#refusal = new PenholderError(message.error);
      return;
    }
    this.#pending.delete(message.id as string);
    if (message.error === undefined) pending.succeed(message.result);
    else pending.fail(new PenholderError(message.error));
  }

  #end(): void {
    this.#ended = true;
    const options = this.#refusal === undefined ? undefined : { cause: this.#refusal };
    for (const { method, idempotencyKey, fail } of this.#pending.values()) {
      fail(new ConnectionLost(method, idempotencyKey, options));
    }
    this.#pending.clear();
    this.#listener.onEnd(this.#closedHere ? null : new ConnectionLost(null, null, options));
  }
}
