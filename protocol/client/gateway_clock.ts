/**
 * The gateway's wall clock, as seen from here.
 *
 * @module
 */
import type { ClientClock } from "./environment.ts";

/** Tells the gateway's time between its messages, whatever the clock of this machine says. */
export class GatewayClock {
  readonly #clock: ClientClock;
  #said: number | undefined;
  #at = 0;

  /** Knows nothing before {@link GatewayClock.hear}. */
  constructor(clock: ClientClock) {
    this.#clock = clock;
  }

  /** Takes the `timestamp` of a welcome or a heartbeat. */
  hear(timestamp: unknown): void {
    if (typeof timestamp !== "number") return;
    this.#said = timestamp;
    this.#at = this.#clock.now();
  }

  /** Epoch ms of the gateway; of this machine as long as nothing was heard. */
  now(): number {
    if (this.#said === undefined) return this.#clock.epochMillis();
    return this.#said + this.#clock.now() - this.#at;
  }
}
