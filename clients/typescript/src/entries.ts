/** A subscription as an async iterator, over a connection of its own. */

import { setTimeout as sleep } from "node:timers/promises";

import { Call } from "./call.js";
import { Connection, type Listener, type Notice } from "./connection.js";
import { ConnectionLost, PenholderError } from "./errors.js";
import { Feed } from "./feed.js";
import type {
  EntriesNotice,
  Entry,
  JournalSubscribeParams,
  PrunedNotice,
  Subscription,
} from "./generated.js";
import type { Reach } from "./reach.js";
import type { RequestIds } from "./request_ids.js";

// Where reading stops, and where it goes on: apart, so that it does not stop at every entry.
const MAX_WAITING = 1000;
const ENOUGH_WAITING = 100;

/**
 * Entries as they come, each once, also where the reader lags behind.
 *
 * A reader that is slower than the journal makes this stop reading; the daemon then ends the
 * subscription, and it is made again after what was received; so it is when the connection is lost,
 * for up to the client's `reconnectMs`. After that the loop throws ConnectionLost; subscribe again
 * with `after: entries.pos` to go on.
 */
export class EntryStream implements AsyncIterableIterator<Entry, undefined> {
  readonly #feed = new Feed<Entry>(() => this.close());
  readonly #params: JournalSubscribeParams;
  readonly #connect: (listener: Listener) => Promise<Connection>;
  readonly #reconnectMs: number;
  #isClosed = false;
  #connection: Connection | null = null;
  #subscription = "";
  #received = 0;
  #pos = 0;
  #paused = false;

  private constructor(
    params: JournalSubscribeParams,
    connect: (listener: Listener) => Promise<Connection>,
    reconnectMs: number,
  ) {
    this.#params = params;
    this.#connect = connect;
    this.#reconnectMs = reconnectMs;
    if (typeof params.after === "number") this.#received = this.#pos = params.after;
  }

  /** Subscribe; it stands when this resolves. `Client.subscribe` makes these. */
  static async open(
    reach: Reach,
    requestIds: RequestIds,
    params: JournalSubscribeParams,
    reconnectMs: number,
  ): Promise<EntryStream> {
    const connect = (listener: Listener) => Connection.open(reach, requestIds, listener);
    const stream = new EntryStream(params, connect, reconnectMs);
    try {
      await stream.#begin(params);
    } catch (error) {
      stream.close();
      throw error;
    }
    return stream;
  }

  /** The position up to which entries were handed out: a later `after` to go on from. */
  get pos(): number {
    return this.#pos;
  }

  async next(): Promise<IteratorResult<Entry, undefined>> {
    const result = await this.#feed.next();
    if (!result.done) this.#pos = result.value.pos;
    if (this.#paused && this.#feed.length <= ENOUGH_WAITING) {
      this.#paused = false;
      this.#connection?.resume();
    }
    return result;
  }

  return(): Promise<IteratorResult<Entry, undefined>> {
    return this.#feed.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** End the subscription; a `next` that waits is done. */
  close(): void {
    this.#isClosed = true;
    this.#feed.end();
    this.#connection?.close();
  }

  /** Connect and subscribe; when that connection is lost, go on after what was received. */
  async #begin(params: JournalSubscribeParams): Promise<void> {
    let isLost = false;
    let stands = false;
    const connection = await this.#connect({
      onNotice: (notice) => this.#take(notice),
      onEnd: (error) => {
        isLost = true;
        if (stands && error !== null) void this.#goOn(error);
      },
    });
    // Closed while it was connecting, when there was no connection to close.
    if (this.#isClosed) return connection.close();
    this.#connection = connection;
    this.#paused = false;
    await this.#subscribe(params);
    stands = true;
    // It was lost before it stood, when `onEnd` left going on to this.
    if (isLost) void this.#goOn(new ConnectionLost());
  }

  async #goOn(lost: Error): Promise<void> {
    const call = new Call("journal.subscribe", {}, this.#reconnectMs, true);
    for (let failure: unknown = lost; !this.#isClosed; ) {
      try {
        await sleep(call.delayAfter(failure, performance.now()));
        return await this.#begin(this.#rest());
      } catch (error) {
        // `delayAfter` throws the very failure that it was asked about: there is no patience left
        // for it.
        if (error === failure) return this.#fail(error as Error);
        failure = error;
      }
    }
  }

  #rest(): JournalSubscribeParams {
    const isAtStart = this.#params.after === "start" && this.#received === 0;
    return isAtStart ? this.#params : { ...this.#params, after: this.#received };
  }

  async #subscribe(params: JournalSubscribeParams): Promise<void> {
    const onResult = (result: unknown): void => {
      const { subscription, pos } = result as Subscription;
      this.#subscription = subscription;
      // A moment becomes a position once: asked again, "now" would leave out what came in between.
      if ((params.after ?? "now") === "now") this.#received = this.#pos = pos;
    };
    await this.#connection?.request("journal.subscribe", params, { onResult });
  }

  #take({ method, params }: Notice): void {
    if ((params as { subscription?: string }).subscription !== this.#subscription) return;
    if (method === "journal.entries") this.#takeEntries(params as EntriesNotice);
    else if (method === "journal.lagged") this.#subscribeAgain();
    else if (method === "journal.pruned") this.#fail(gone(params as PrunedNotice));
  }

  #takeEntries({ entries, pos }: EntriesNotice): void {
    for (const entry of entries) if (entry.pos > this.#received) this.#feed.push(entry);
    this.#received = Math.max(this.#received, pos);
    if (this.#feed.length < MAX_WAITING) return;
    this.#paused = true;
    this.#connection?.pause();
  }

  #subscribeAgain(): void {
    this.#subscribe(this.#rest()).catch((error: Error) => this.#fail(error));
  }

  #fail(error: Error): void {
    this.#isClosed = true;
    this.#feed.end(error);
    this.#connection?.close();
  }
}

function gone({ stream, oldest_pos }: PrunedNotice): PenholderError {
  const message = `retention has pruned entries of ${stream} before they were read`;
  const data = { code: "CURSOR_GONE", retryable: false, details: { stream, oldest_pos } };
  return new PenholderError({ code: 1008, message, data });
}
