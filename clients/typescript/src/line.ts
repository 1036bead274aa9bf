/** One socket path, and the connection to it while there is one: calls go on over restarts. */

import { Connection, type Listener } from "./connection.js";
import { ConnectionLost } from "./errors.js";
import { Patience } from "./patience.js";
import type { RequestIds } from "./request_ids.js";

/** Sent a second time it would stop the daemon that has just come back. */
const NOT_REPEATED = new Set(["daemon.shutdown"]);

export class Line {
  readonly #path: string;
  readonly #requestIds: RequestIds;
  readonly #listener: Listener;
  readonly #reconnectMs: number;
  #connection: Promise<Connection> | null = null;
  #isClosed = false;

  constructor(path: string, requestIds: RequestIds, listener: Listener, reconnectMs: number) {
    this.#path = path;
    this.#requestIds = requestIds;
    this.#listener = listener;
    this.#reconnectMs = reconnectMs;
  }

  /** Connect if there is no connection; rejects with the error of the system. */
  connect(): Promise<Connection> {
    this.#connection ??= this.#open();
    return this.#connection;
  }

  /**
   * Send a request, and again while that can do no harm and has a chance: a mutation has one key
   * for all attempts, and a wait waits for what is left of its time. Without a key it may not be
   * sent again where its answer, which may have been lost, would hold a token.
   */
  async request(
    method: string,
    params: Record<string, unknown>,
    isRepeatable = !NOT_REPEATED.has(method),
  ): Promise<unknown> {
    const begun = Date.now();
    const patience = new Patience(isRepeatable ? this.#reconnectMs : 0);
    for (;;) {
      if (this.#isClosed) throw new ConnectionLost(method, (params["idempotency_key"] as string) ?? null);
      try {
        return await (await this.connect()).request(method, shortened(params, Date.now() - begun));
      } catch (failure) {
        if (this.#isClosed) throw failure;
        await patience.after(failure);
      }
    }
  }

  /** Close for good; open calls fail. */
  close(): void {
    this.#isClosed = true;
    this.#connection?.then((connection) => connection.close()).catch(() => {});
  }

  async #open(): Promise<Connection> {
    try {
      return await Connection.open(this.#path, this.#requestIds, {
        onNotice: (notice) => this.#listener.onNotice(notice),
        onEnd: (error) => {
          this.#connection = null;
          // Without patience a lost connection is the end: nobody asked for another.
          this.#isClosed ||= this.#reconnectMs === 0;
          this.#listener.onEnd(error);
        },
      });
    } catch (error) {
      this.#connection = null;
      throw error;
    }
  }
}

function shortened(params: Record<string, unknown>, passedMs: number): Record<string, unknown> {
  const given = params["timeout_ms"];
  if (typeof given !== "number") return params;
  return { ...params, timeout_ms: Math.max(0, given - passedMs) };
}
