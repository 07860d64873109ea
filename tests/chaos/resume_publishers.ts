/**
 * A trading floor that publishes on all four channels over HTTP and never gives up: what was not
 * acknowledged is sent again under the same `eventId`s.
 *
 * @module
 */
import {
  marketData,
  position,
  type PublishBody,
  removal,
  riskAlert,
  traderStatus,
} from "../support/events.ts";
import type { HttpApi, Json } from "../support/http_api.ts";
import { pause } from "../support/wait.ts";

/** Traders of the floor; positions and alerts belong to them. */
export const TRADERS: readonly string[] = Array.from({ length: 20 }, (_, index) => `t${index}`);

/** Symbols of the floor. */
export const SYMBOLS: readonly string[] = Array.from({ length: 12 }, (_, index) => `SYM${index}`);

/** Pause between two batches of one publisher, in ms. */
const PACE_MS = 40;

/** Most positions that are open at once. */
const MAX_OPEN = 40;

/** See the module. */
export class Publishers {
  /** Alerts whose publication was acknowledged. */
  readonly alerts: string[] = [];
  /** Events that were acknowledged, and batches that had to be sent again. */
  readonly counts = { acknowledged: 0, duplicates: 0, retries: 0 };
  readonly #api: HttpApi;
  readonly #life = crypto.randomUUID();
  readonly #open: number[] = [];
  readonly #living = new Set<string>();
  #lastPosition = 0;
  #lastEvent = 0;
  #tick = 0;
  #stopping = false;

  /** Publishes through an API whose gateway comes and goes. */
  constructor(api: HttpApi) {
    this.#api = api;
  }

  /** Runs until {@link Publishers.stop}. */
  async run(): Promise<void> {
    await Promise.all([
      this.#publish(() => this.#alerts()),
      this.#publish(() => this.#traders()),
      this.#publish(() => this.#positions()),
      this.#publish(() => this.#prices()),
    ]);
  }

  /** Lets every publisher end with the batch that it is at. */
  stop(): void {
    this.#stopping = true;
  }

  async #publish(next: () => readonly Json[]): Promise<void> {
    while (!this.#stopping) {
      const batch = next().map((event) => ({
        ...event,
        eventId: `${this.#life}-${++this.#lastEvent}`,
      }));
      while (!await this.#send(batch)) {
        this.counts.retries += 1;
        await pause(50 + Math.random() * 100);
      }
      await pause(PACE_MS * (0.5 + Math.random()));
    }
  }

  /** Whether a batch was acknowledged; what is refused for good is thrown. */
  async #send(batch: readonly Json[]): Promise<boolean> {
    const answer = await this.#api.post(batch).catch(() => undefined);
    if (answer === undefined || answer.status === 503) return false;
    if (answer.status !== 202) throw new Error(`refused: ${answer.status} ${answer.text}`);
    this.counts.acknowledged += batch.length;
    this.counts.duplicates += answer.body["data"].duplicates;
    for (const { channel, data } of batch) if (channel === "risk-alerts") this.alerts.push(data.id);
    return true;
  }

  #alerts(): Json[] {
    return Array.from({ length: 1 + pick(2) }, () => {
      const severity = ["INFO", "WARNING", "CRITICAL"][pick(3)]!;
      const traderId = pick(5) === 0 ? undefined : anyOf(TRADERS);
      return riskAlert(`alert-${++this.#tick}`, { severity, traderId });
    });
  }

  #traders(): Json[] {
    return Array.from({ length: 1 + pick(3) }, () => {
      const id = anyOf(TRADERS);
      const fields = { symbol: symbolOf(id), reason: `tick ${++this.#tick}` };
      return this.#stateOrRemoval(traderStatus(id, fields), id, 20);
    });
  }

  #positions(): Json[] {
    return Array.from({ length: 1 + pick(4) }, () => {
      const opens = this.#open.length < 5 || (this.#open.length < MAX_OPEN && pick(4) === 0);
      if (opens) this.#open.push(++this.#lastPosition);
      const number = opens ? this.#lastPosition : anyOf(this.#open);
      const ends = !opens && pick(5) === 0;
      if (ends) this.#open.splice(this.#open.indexOf(number), 1);
      if (ends && pick(3) === 0) return removal("positions", `p${number}`);
      // What filters look at never changes: who once held a position learns of its end.
      return position(`p${number}`, {
        traderId: TRADERS[number % TRADERS.length],
        symbol: SYMBOLS[number % SYMBOLS.length],
        status: ends ? "CLOSED" : opens ? "OPEN" : "UPDATED",
        currentPrice: String(++this.#tick),
      });
    });
  }

  #prices(): Json[] {
    return Array.from({ length: 1 + pick(6) }, () => {
      const symbol = anyOf(SYMBOLS);
      return this.#stateOrRemoval(marketData(symbol, String(++this.#tick)), symbol, 100);
    });
  }

  /** An event of a key, or now and then its removal, if there is something to remove. */
  #stateOrRemoval(state: PublishBody, id: string, oneIn: number): Json {
    const key = `${state.channel} ${id}`;
    if (pick(oneIn) === 0 && this.#living.delete(key)) return removal(state.channel, id);
    this.#living.add(key);
    return state;
  }
}

/** A whole number from 0 to below `count`. */
export function pick(count: number): number {
  return Math.floor(Math.random() * count);
}

/** Any one of several. */
export function anyOf<T>(values: readonly T[]): T {
  return values[pick(values.length)]!;
}

function symbolOf(trader: string): string {
  return SYMBOLS[TRADERS.indexOf(trader) % SYMBOLS.length]!;
}
