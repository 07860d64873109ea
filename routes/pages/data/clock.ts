/**
 * Time as the screen shows it: it advances in steps, so that ages cost one write each.
 *
 * @module
 */
import { batch, type Signal, signal } from "@preact/signals";
import type { Gateway } from "../../../protocol/client/mod.ts";

/** How often the age of the last sign of life is written, in ms. */
const BEAT_MILLIS = 200;

/** The clock of a connection. */
export class ScreenClock {
  /** Since the gateway's last sign of life, in ms, several times a second. */
  readonly silenceMs: Signal<number> = signal(0);
  /** The gateway's time, epoch ms, once a second. */
  readonly second: Signal<number>;
  readonly #timer: ReturnType<typeof setInterval>;

  /** Runs until it is stopped. */
  constructor(gateway: Gateway) {
    this.second = signal(gateway.now);
    this.#timer = setInterval(() => {
      batch(() => {
        this.silenceMs.value = gateway.silenceMs;
        const { now } = gateway;
        if (Math.floor(now / 1_000) !== Math.floor(this.second.value / 1_000)) {
          this.second.value = now;
        }
      });
    }, BEAT_MILLIS);
  }

  /** Stops it. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
