/**
 * The clock of the machine.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Clock } from "./ports.ts";

/**
 * Growth of the uptime beyond the monotonic clock that counts as a suspend, in ms. The uptime comes
 * in whole seconds, so that anything up to one is rounding.
 */
const SUSPEND_MILLIS = 1_500;

/** What {@link SystemClock} reads. */
export interface TimeSources {
  /** Monotonic ms. On Linux it stands still while the machine is suspended. */
  readonly monotonicMillis: () => number;
  /** Wall-clock time in epoch ms. */
  readonly epochMillis: () => number;
  /** Seconds since the boot, suspend included; absent when it must not be read. */
  readonly uptimeSeconds?: (() => number) | undefined;
}

/**
 * Real time. Its monotonic time counts suspend as elapsed, as far as the uptime of the machine may be
 * read. Timers keep the process alive until they are cleared.
 */
export class SystemClock implements Clock {
  readonly #sources: TimeSources;
  /** Largest lead of the uptime over the monotonic clock that was seen, in ms. */
  #lead: number;
  #suspended = 0;

  /** Starts with no suspend seen. */
  constructor(sources: TimeSources) {
    this.#sources = sources;
    this.#lead = this.#measureLead();
  }

  /** {@inheritDoc Clock.seesSuspend} */
  get seesSuspend(): boolean {
    return this.#sources.uptimeSeconds !== undefined;
  }

  /** {@inheritDoc Clock.now} */
  now(): number {
    return this.#sources.monotonicMillis() + this.#suspended;
  }

  /** {@inheritDoc Clock.epochMillis} */
  epochMillis(): number {
    return this.#sources.epochMillis();
  }

  /** {@inheritDoc Clock.catchUp} */
  catchUp(): void {
    const lead = this.#measureLead();
    if (lead <= this.#lead) return;
    if (lead - this.#lead >= SUSPEND_MILLIS) this.#suspended += lead - this.#lead;
    this.#lead = lead;
  }

  /** {@inheritDoc Clock.setTimeout} */
  setTimeout(callback: () => void, ms: number): unknown {
    return setTimeout(callback, ms);
  }

  /** {@inheritDoc Clock.clearTimeout} */
  clearTimeout(timer: unknown): void {
    clearTimeout(timer as number | undefined);
  }

  /** {@inheritDoc Clock.defer} */
  defer(callback: () => void): void {
    setImmediate(callback);
  }

  #measureLead(): number {
    const { uptimeSeconds, monotonicMillis } = this.#sources;
    return uptimeSeconds === undefined ? 0 : uptimeSeconds() * 1_000 - monotonicMillis();
  }
}

/** The machine's. */
export const systemClock: Clock = new SystemClock({
  monotonicMillis: () => performance.now(),
  epochMillis: () => Date.now(),
  uptimeSeconds: mayReadUptime() ? () => Deno.osUptime() : undefined,
});

function mayReadUptime(): boolean {
  return Deno.permissions.querySync({ name: "sys", kind: "osUptime" }).state === "granted";
}
