/** How long to wait between attempts, and when to stop trying: the same as `_shared/patience.py`. */

const FIRST_DELAY_MS = 20;
const GROWTH = 1.6;
const LONGEST_DELAY_MS = 500;
/** What worked for so long was no part of the outage before. */
const CALM_MS = 1000;

/**
 * One outage: its delays grow, and after `reconnectMs` it has lasted too long.
 *
 * A failure that comes a good while after the last attempt belongs to a new outage, so that a wait
 * of hours may outlive any number of restarts.
 */
export class Patience {
  readonly #reconnectMs: number;
  #delayMs = FIRST_DELAY_MS;
  #beganAt = -Infinity;
  #attemptAt = -Infinity;

  constructor(reconnectMs: number) {
    this.#reconnectMs = reconnectMs;
  }

  /**
   * Return the milliseconds until the next attempt, or null if the time is over. With a limit this
   * outage may not last longer than that, either.
   */
  delayAfterFailure(now: number, limitMs = Infinity): number | null {
    if (now - this.#attemptAt > Math.max(this.#reconnectMs, CALM_MS)) {
      this.#beganAt = now;
      this.#delayMs = FIRST_DELAY_MS;
    }
    this.#attemptAt = now;
    const left = this.#beganAt + Math.min(this.#reconnectMs, limitMs) - now;
    if (left <= 0) return null;
    const delay = Math.min(this.#delayMs, left);
    this.#delayMs = Math.min(this.#delayMs * GROWTH, LONGEST_DELAY_MS);
    this.#attemptAt = now + delay;
    return delay;
  }
}
