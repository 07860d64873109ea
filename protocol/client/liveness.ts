/**
 * Notices that a connection which looks open is dead, without taking a throttled tab or a sleeping
 * laptop for one.
 *
 * @module
 */
import type { ClientClock } from "./environment.ts";

/** Silence after which the gateway is asked for a sign of life, in ms. */
const PROBE_AFTER_MILLIS = 1_000;

/** A timer that fires so late, in ms, says that this end was suspended or throttled. */
const SUSPENDED_MILLIS = 2_000;

/** How long an answer may take after the page came back to life, in ms. */
const WAKE_MILLIS = 10_000;

/** What {@link Liveness} does. */
export interface LivenessActions {
  /** Asks the gateway for a sign of life. */
  probe(): void;
  /** The connection is dead. */
  dead(): void;
}

/**
 * Watches for silence.
 *
 * After {@link PROBE_AFTER_MILLIS} it asks for a heartbeat, and while only answers come, again after
 * twice as long each time, so that a quiet gateway is not flooded. It gives up when nothing came for
 * the whole timeout.
 *
 * A timer that fires late says nothing about the gateway: the process may have slept, and what
 * arrived meanwhile may not have been handed over yet. Then the gateway is asked and given the whole
 * timeout again, once; a tab whose timers always come late still notices a dead connection.
 */
export class Liveness {
  readonly #clock: ClientClock;
  readonly #actions: LivenessActions;
  #timer: unknown;
  #running = false;
  #timeoutMs = 0;
  #dueAt = 0;
  #heardAt = 0;
  #silentFrom = 0;
  #probeAfterMs = PROBE_AFTER_MILLIS;
  #probedAt: number | undefined;
  #suspended = false;
  #confirming = false;

  /** Watches nothing until {@link Liveness.start}. */
  constructor(clock: ClientClock, actions: LivenessActions) {
    this.#clock = clock;
    this.#actions = actions;
  }

  /** Ms since the last message. */
  get silenceMs(): number {
    return this.#clock.now() - this.#heardAt;
  }

  /** Begins with a connection that has just spoken. @param timeoutMs Longest silence, in ms. */
  start(timeoutMs: number): void {
    this.stop();
    this.#running = true;
    this.#timeoutMs = timeoutMs;
    this.#heardAt = this.#clock.now();
    this.heard(false);
    this.#arm(this.#probeAfterMs);
  }

  /** Something came. @param answered Whether it is the answer to a probe. */
  heard(answered: boolean): void {
    this.#heardAt = this.#silentFrom = this.#clock.now();
    this.#suspended = this.#confirming = false;
    if (this.#probedAt !== undefined && answered) this.#probeAfterMs *= 2;
    if (!answered) this.#probeAfterMs = PROBE_AFTER_MILLIS;
    this.#probedAt = undefined;
  }

  /** The page is back, or the network: asks at once, and waits {@link WAKE_MILLIS} at most. */
  wake(): void {
    if (!this.#running) return;
    const now = this.#clock.now();
    this.#silentFrom = now - Math.max(0, this.#timeoutMs - WAKE_MILLIS);
    this.#suspended = this.#confirming = false;
    this.#probe(now);
    this.#arm(this.#timeoutMs - (now - this.#silentFrom));
  }

  /** Watches no more. */
  stop(): void {
    this.#running = false;
    this.#clock.clearTimeout(this.#timer);
  }

  #arm(ms: number): void {
    this.#clock.clearTimeout(this.#timer);
    this.#dueAt = this.#clock.now() + ms;
    this.#timer = this.#clock.setTimeout(() => this.#check(), ms);
  }

  #check(): void {
    const now = this.#clock.now();
    if (now - this.#dueAt > SUSPENDED_MILLIS && !this.#suspended) {
      this.#suspended = true;
      this.#silentFrom = now;
      this.#probe(now);
      return this.#arm(this.#timeoutMs);
    }
    const silence = now - this.#silentFrom;
    if (silence >= this.#timeoutMs) {
      // What waits behind this timer is handed over before the verdict.
      if (this.#confirming) return this.#actions.dead();
      this.#confirming = true;
      return this.#arm(0);
    }
    if (this.#probedAt === undefined && silence >= this.#probeAfterMs) this.#probe(now);
    const isAsked = this.#probedAt !== undefined;
    this.#arm(
      isAsked
        ? Math.min(PROBE_AFTER_MILLIS, this.#timeoutMs - silence)
        : this.#probeAfterMs - silence,
    );
  }

  #probe(now: number): void {
    this.#probedAt = now;
    this.#actions.probe();
  }
}
