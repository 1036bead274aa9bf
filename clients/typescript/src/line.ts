/** One socket, and the connection to it while there is one: calls go on over restarts. */

import { setTimeout as sleep } from "node:timers/promises";

import { Call } from "./call.js";
import { Connection, type Listener } from "./connection.js";
import { ConnectionLost } from "./errors.js";
import type { Reach } from "./reach.js";
import type { RequestIds } from "./request_ids.js";

export class Line {
  readonly #reach: Reach;
  readonly #requestIds: RequestIds;
  readonly #listener: Listener;
  readonly #reconnectMs: number;
  #connection: Promise<Connection> | null = null;
  #isClosed = false;

  constructor(reach: Reach, requestIds: RequestIds, listener: Listener, reconnectMs: number) {
    this.#reach = reach;
    this.#requestIds = requestIds;
    this.#listener = listener;
    this.#reconnectMs = reconnectMs;
  }

  /** Connect for the first time, patiently; rejects with NoDaemon, or with the system's error. */
  async begin(): Promise<void> {
    const call = new Call("rpc.ping", {}, this.#reconnectMs); // which is as safe, and is not sent
    for (;;) {
      try {
        await this.connect();
        return;
      } catch (failure) {
        await sleep(call.delayAfter(failure, performance.now()));
      }
    }
  }

  /** Connect if there is no connection; rejects with NoDaemon, or with the system's error. */
  connect(): Promise<Connection> {
    this.#connection ??= this.#open();
    return this.#connection;
  }

  /** Carry out a call, over as many connections as it takes. */
  async request(method: string, params: Record<string, unknown>): Promise<unknown> {
    const call = new Call(method, params, this.#reconnectMs);
    for (;;) {
      if (this.#isClosed) throw new ConnectionLost(method, call.idempotencyKey);
      try {
        const connection = await this.connect();
        return await connection.request(method, call.paramsAt(performance.now()), {
          onSent: () => (call.sent = true),
        });
      } catch (failure) {
        // What `close` ends is not tried again, whatever it failed with.
        if (this.#isClosed) throw failure;
        await sleep(call.delayAfter(failure, performance.now()));
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
      return await Connection.open(this.#reach, this.#requestIds, {
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
