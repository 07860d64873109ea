/**
 * What an honest gateway knows and answers, as far as clients can tell: two channels, their numbers,
 * snapshots and what can be recovered.
 *
 * @module
 */

/** A message of the protocol. */
// deno-lint-ignore no-explicit-any -- messages are made and changed freely here
export type Message = Record<string, any>;

/** Channels that clients under test follow: one as a table, one as a log. */
export type TestedChannel = "positions" | "risk-alerts";

interface Sequence {
  epoch: string;
  readonly events: Message[];
  /** Numbers up to here are forgotten. */
  forgotten: number;
}

/** How a subscription begins: the place, and what follows the ack. */
export interface Opening {
  readonly acked: Message;
  readonly frames: readonly Message[];
}

/** Most events in a part of a snapshot: small, so that snapshots have parts. */
const PART_EVENTS = 2;

/** The time of every event, epoch ms. */
const TIME = 1_769_860_800_000;

/** See the module. */
export class HonestGateway {
  #sequences: Record<TestedChannel, Sequence> = {
    "positions": { epoch: "e1", events: [], forgotten: 0 },
    "risk-alerts": { epoch: "e1", events: [], forgotten: 0 },
  };

  /** The last number of a channel. */
  head(channel: TestedChannel): number {
    return this.#sequences[channel].events.length;
  }

  /** The table as a client must show it: price by id. */
  get table(): Record<string, string> {
    const table: Record<string, string> = {};
    for (const { data } of this.#sequences.positions.events) {
      if (data.removed || data.status === "CLOSED") delete table[data.id];
      else table[data.id] = data.currentPrice;
    }
    return table;
  }

  /** Accepts events. @returns The frame that carries them. */
  publish(channel: TestedChannel, ...data: Message[]): Message {
    const { events } = this.#sequences[channel];
    const from = events.length + 1;
    for (const one of data) events.push({ seq: events.length + 1, timestamp: TIME, data: one });
    return this.#frame(channel, from, events.slice(from - 1), false);
  }

  /** Begins new sequences: a new store. */
  rotate(epoch: string): void {
    this.#sequences = {
      "positions": { epoch, events: [], forgotten: 0 },
      "risk-alerts": { epoch, events: [], forgotten: 0 },
    };
  }

  /** Forgets all but the latest states: retention. */
  forget(): void {
    for (const sequence of Object.values(this.#sequences)) {
      sequence.forgotten = sequence.events.length;
    }
  }

  /** Loses the last events: a store that was replaced by an older one. */
  rollBack(events: number): void {
    for (const sequence of Object.values(this.#sequences)) {
      sequence.events.splice(Math.max(0, sequence.events.length - events));
    }
  }

  /** Begins a subscription. */
  open(channel: TestedChannel, since: Message | undefined, snapshot: boolean): Opening {
    const { epoch, events, forgotten } = this.#sequences[channel];
    const head = events.length;
    if (since === undefined) {
      return { acked: { epoch, seq: head }, frames: snapshot ? this.snapshot(channel) : [] };
    }
    const { seq } = since;
    if (since["epoch"] === epoch && seq <= head && seq >= forgotten) {
      const missed = events.slice(seq);
      const frames = missed.length === 0 ? [] : [this.#frame(channel, seq + 1, missed, true)];
      return { acked: { epoch, seq, recovered: true }, frames };
    }
    const lost = since["epoch"] === epoch ? { lost: Math.max(0, head - seq) } : {};
    return {
      acked: { epoch, seq: head, recovered: false, ...lost },
      frames: this.snapshot(channel),
    };
  }

  /** The parts of a snapshot. */
  snapshot(channel: TestedChannel): Message[] {
    const { epoch, events } = this.#sequences[channel];
    const latest = new Map<string, Message>();
    for (const event of events) {
      const { id, removed, status } = event["data"];
      latest.delete(id);
      if (!removed && status !== "CLOSED") latest.set(id, event);
    }
    const living = [...latest.values()];
    const parts = Math.max(1, Math.ceil(living.length / PART_EVENTS));
    return Array.from({ length: parts }, (_, part) => ({
      type: "snapshot",
      channel,
      epoch,
      seq: events.length,
      events: living.slice(part * PART_EVENTS, (part + 1) * PART_EVENTS),
      last: part === parts - 1,
    }));
  }

  #frame(channel: TestedChannel, from: number, events: Message[], replay: boolean): Message {
    const to = from + events.length - 1;
    return { type: "events", channel, from, to, skipped: 0, filtered: 0, replay, events };
  }
}

/** A position with a price. */
export function priced(id: string, currentPrice: string): Message {
  return {
    id,
    traderId: "42",
    symbol: "BTCUSDT",
    action: "LONG",
    quantity: "1",
    entryPrice: "1",
    currentPrice,
    unrealizedPnL: "0",
    status: "OPEN",
    trailingStopActivated: false,
    isActive: true,
    updatedAt: "2026-01-31T12:00:00Z",
    timestamp: TIME,
  };
}

/** An alert. */
export function alert(id: string): Message {
  return {
    id,
    severity: "WARNING",
    message: "limit reached",
    violations: [],
    status: "ACTIVE",
    createdAt: "2026-01-31T12:00:00Z",
    timestamp: TIME,
  };
}
