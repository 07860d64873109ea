/**
 * Runs a simulated trading floor at human speed and publishes what happens on it.
 *
 * @module
 */
import type { Clock, Logger } from "../ports.ts";
import { TradingFloor } from "./floor.ts";
import { Outbox } from "./outbox.ts";
import { MAX_BATCH, type Moment, type PublishEvents } from "./publish.ts";

/** Time between two steps of the floor, in ms; as fine as the gateway flushes by default. */
const STEP_MILLIS = 50;
/** Pause after a failed publication, in ms. */
const RETRY_MILLIS = 1_000;
/** Failures are logged at most this often, in ms. */
const LOG_EVERY_MILLIS = 10_000;

/** What a simulator needs. */
export interface SimulatorOptions {
  /** Drives the floor and stamps its events. */
  readonly clock: Clock;
  /** Takes the events; called again only when it has settled. */
  readonly publish: PublishEvents;
  /** Hears of failed publications. */
  readonly logger: Logger;
  /** Equal seeds and equal clocks give equal events; 1 by default. */
  readonly seed?: string | number;
  /** Number of traders, 0 to 200; 5 by default. */
  readonly traders?: number;
}

/**
 * A trading core made up for demonstrations and tests: about three prices a second for each of
 * eight symbols, an update a second for each position, the status of each trader every five
 * seconds, and risk alerts.
 *
 * One publication is under way at a time. What happens meanwhile is coalesced to the latest state
 * per id; what could not be published is tried again in its latest state.
 */
export class Simulator {
  readonly #options: SimulatorOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #outbox = new Outbox();
  #floor: TradingFloor | undefined;
  #timer: unknown;
  #publishing: Promise<boolean> | undefined;
  #pausedUntil = -Infinity;
  #loggedAt = -Infinity;
  #failures = 0;

  /** Prepares a simulator; nothing happens before {@link Simulator.start}. */
  constructor(options: SimulatorOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /**
   * Opens a new floor. Does nothing when one is open.
   *
   * @throws {RangeError} When the number of traders is out of bounds.
   */
  start(): void {
    if (this.#floor !== undefined) return;
    const { seed = 1, traders = 5 } = this.#options;
    this.#floor = new TradingFloor({ seed, traders, openedAt: this.#moment() });
    this.#schedule();
  }

  /**
   * Closes the floor: no timer is left when this returns. The promise resolves when the last
   * events (all positions closed, all traders stopped) were published or could not be; it waits as
   * long as the publisher does, and does not reject.
   */
  async stop(): Promise<void> {
    const floor = this.#floor;
    if (floor === undefined) return;
    this.#floor = undefined;
    this.#clock.clearTimeout(this.#timer);
    const outbox = this.#outbox;
    this.#outbox = new Outbox();
    for (const event of floor.close(this.#moment())) outbox.add(event);
    await this.#publishing;
    while (outbox.size > 0 && await this.#publish(outbox));
  }

  #schedule(): void {
    this.#timer = this.#clock.setTimeout(() => this.#step(), STEP_MILLIS);
  }

  #step(): void {
    if (this.#floor === undefined) return;
    this.#schedule();
    for (const event of this.#floor.step(this.#moment())) this.#outbox.add(event);
    if (this.#publishing !== undefined || this.#clock.now() < this.#pausedUntil) return;
    if (this.#outbox.size > 0) void this.#publish(this.#outbox);
  }

  #publish(outbox: Outbox): Promise<boolean> {
    const publishing = this.#attempt(outbox).finally(() => {
      if (this.#publishing === publishing) this.#publishing = undefined;
    });
    this.#publishing = publishing;
    return publishing;
  }

  async #attempt(outbox: Outbox): Promise<boolean> {
    const batch = outbox.take(MAX_BATCH);
    try {
      await this.#options.publish(batch);
      return true;
    } catch (error) {
      outbox.putBack(batch);
      this.#pausedUntil = this.#clock.now() + RETRY_MILLIS;
      this.#report(error, outbox);
      return false;
    }
  }

  #report(error: unknown, outbox: Outbox): void {
    this.#failures++;
    const now = this.#clock.now();
    if (now - this.#loggedAt < LOG_EVERY_MILLIS) return;
    this.#loggedAt = now;
    this.#logger.warn("The simulator could not publish; it tries again.", {
      error,
      failures: this.#failures,
      waiting: outbox.size,
      lost: outbox.lost,
    });
  }

  #moment(): Moment {
    return {
      at: this.#clock.now(),
      time: new Date(this.#clock.epochMillis()).toISOString(),
    };
  }
}
