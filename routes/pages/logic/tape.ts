/**
 * The tape: the last events of all channels in the order in which they came, as texts and as files.
 *
 * @module
 */
import type { ChannelData } from "../../../protocol/client/mod.ts";
import { formatDecimal } from "./decimal.ts";

/** Events that are kept; the oldest leave. */
export const MAX_TAPE_EVENTS = 2_000;

/** A channel of the tape. */
export type TapeChannel = keyof ChannelData;

/** An event on the tape, or a note that events are missing there. */
export interface TapeEvent {
  /** Tells it from all others. */
  readonly key: string;
  /** Its place on the tape; later ones have greater numbers. */
  readonly order: number;
  readonly channel: TapeChannel;
  readonly seq: number;
  /** When it was accepted, epoch ms of the gateway. */
  readonly timestamp: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event as it comes. */
export type NewTapeEvent = Omit<TapeEvent, "key" | "order">;

/** See the module. */
export class Tape {
  #events = new Map<string, TapeEvent>();
  #count = 0;

  /** The events by their keys, the oldest first. */
  get events(): ReadonlyMap<string, TapeEvent> {
    return this.#events;
  }

  /** Events that ever came. */
  get count(): number {
    return this.#count;
  }

  /** Takes events in their order. */
  add(events: Iterable<NewTapeEvent>): void {
    for (const event of events) {
      this.#count += 1;
      const key = `${event.channel}#${event.seq}@${this.#count}`;
      this.#events.set(key, { ...event, key, order: this.#count });
    }
    for (const key of this.#events.keys()) {
      if (this.#events.size <= MAX_TAPE_EVENTS) break;
      this.#events.delete(key);
    }
  }

  /** The events as they are now; what comes later does not change it. */
  copy(): ReadonlyMap<string, TapeEvent> {
    return new Map(this.#events);
  }
}

/** What an event is about and says, in one line. */
export function summarize({ channel, data }: TapeEvent): string {
  const text = (key: string) => data[key] === undefined ? "" : `${data[key]}`;
  const amount = (key: string) => data[key] === undefined ? "" : formatDecimal(text(key));
  if (data["removed"] === true) return `${text("id")} removed`;
  if (data["missing"] !== undefined) return `${text("missing")} events are not on the tape`;
  const words: Readonly<Record<TapeChannel, () => string>> = {
    "trader-status": () => `${text("name")} ${text("status")}, ${text("reason")}`,
    positions: () =>
      `${text("symbol")} ${text("action")} ${amount("quantity")} at ${amount("currentPrice")}, ` +
      `${text("status")}, ${
        data["status"] === "CLOSED" && data["realizedPnL"] !== undefined
          ? `realized ${amount("realizedPnL")}`
          : `unrealized ${amount("unrealizedPnL")}`
      }`,
    "risk-alerts": () => `${text("severity")} ${text("message")}, ${text("status")}`,
    "market-data": () => `${text("symbol")} ${amount("price")}, ${text("source")}`,
    "system-warnings": () => `${text("severity")} ${text("code")}: ${text("message")}`,
  };
  return words[channel]();
}

/** The events as the gateway's own JSON, an array. */
export function tapeJson(events: readonly TapeEvent[]): string {
  const plain = events.map(({ channel, seq, timestamp, data }) => ({
    channel,
    seq,
    timestamp,
    data,
  }));
  return JSON.stringify(plain, undefined, 2);
}

const CSV_HEAD = ["time", "channel", "seq", "id", "summary", "data"];

/** The events as CSV (RFC 4180), the whole data as JSON in the last column. */
export function tapeCsv(events: readonly TapeEvent[]): string {
  const lines = events.map((event) => [
    new Date(event.timestamp).toISOString(),
    event.channel,
    `${event.seq}`,
    `${event.data["id"] ?? ""}`,
    summarize(event),
    JSON.stringify(event.data),
  ]);
  return [CSV_HEAD, ...lines].map((line) => line.map(csvField).join(",")).join("\r\n") + "\r\n";
}

/** Spreadsheets take a field with one of these at its beginning for a formula. */
function csvField(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
