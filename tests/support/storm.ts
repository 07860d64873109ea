/**
 * Publishers that never give up, over HTTP and over the collector socket, and what they know of
 * their events: for gateways that are killed under them.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { PublishReceipt } from "../../protocol/api.ts";
import type { Channel } from "../../protocol/channels.ts";
import { CollectorClient } from "./collector_client.ts";
import { marketData, riskAlert } from "./events.ts";
import type { GatewayProcess } from "./gateway_process.ts";
import { HttpApi } from "./http_api.ts";

/** The ways in. */
export const PATHS = ["http", "socket"] as const;

/** A way in. */
export type Path = (typeof PATHS)[number];

/** Batches that a socket publisher has on their way at a time. */
const WINDOW = 16;

/** Most events in a batch. */
const MAX_BATCH = 20;

/** An event before it is published; its id is `{path}-{publisher}-{number}`. */
export interface StormEvent {
  readonly eventId: string;
  readonly channel: Channel;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What became of one batch. */
export interface Batch {
  readonly events: readonly StormEvent[];
  /** How often it was sent. */
  sent: number;
  /** The answer, once there was one. */
  receipt?: PublishReceipt;
}

/** Publishers of numbered events, each in an order of its own. */
export class Storm {
  /** Every batch that was ever sent, by path and publisher, in order. */
  readonly batches: Readonly<Record<Path, Batch[][]>> = { http: [], socket: [] };
  /** Answers that were neither an ack nor the end of a connection. */
  readonly surprises: unknown[] = [];
  #gateway = Promise.withResolvers<GatewayProcess | undefined>();
  #onBatch = () => {};
  /** What cuts the way back of each connection that is open. */
  readonly #cuts = new Set<() => void>();

  /** A gateway is there; `onBatch` is called for each batch that is about to be sent to it. */
  serve(gateway: GatewayProcess, onBatch: () => void): void {
    this.#onBatch = onBatch;
    this.#gateway.resolve(gateway);
  }

  /** Cuts the way back of every connection: what is on its way may be stored, its ack is lost. */
  cut(): void {
    for (const cut of this.#cuts) cut();
  }

  /** No gateway is there. */
  interrupt(): void {
    this.#gateway = Promise.withResolvers();
  }

  /** There will be no gateway any more: publishers end, whatever they still wanted to send. */
  abandon(): void {
    this.#gateway.resolve(undefined);
  }

  /** Publishes batch after batch over HTTP, each until it is acknowledged. */
  async overHttp(): Promise<void> {
    const batches: Batch[] = [];
    const name = `http-${this.batches.http.push(batches)}`;
    for (let gateway; (gateway = await this.#gateway.promise) !== undefined;) {
      const unfinished = batches.at(-1);
      const batch = unfinished === undefined || unfinished.receipt !== undefined
        ? draft(name, batches)
        : unfinished;
      const controller = new AbortController();
      const cut = () => controller.abort();
      this.#cuts.add(cut);
      try {
        this.#send(batch);
        const { signal } = controller;
        const { status, body, text } = await new HttpApi(gateway).post(batch.events, { signal });
        if (status === 202) batch.receipt = body["data"];
        else this.surprises.push(text);
      } catch {
        await gateway.status; // Whether it has stored the batch is unknown.
      } finally {
        this.#cuts.delete(cut);
      }
    }
  }

  /** Publishes over a socket, several batches at a time; what was not acknowledged goes first again. */
  async overSocket(): Promise<void> {
    const batches: Batch[] = [];
    const name = `socket-${this.batches.socket.push(batches)}`;
    for (let gateway; (gateway = await this.#gateway.promise) !== undefined;) {
      await this.#stream(gateway, name, batches).catch(() => {});
      await gateway.status;
    }
  }

  /** @throws {Error} When the connection ends, which is how it always ends. */
  async #stream(gateway: GatewayProcess, name: string, batches: Batch[]): Promise<void> {
    await using client = await CollectorClient.connect(gateway.wsUrl, gateway);
    const cut = () => client.socket.pause();
    this.#cuts.add(cut);
    gateway.status.then(() => client.socket.drop()); // A reader that is paused never sees the end.
    client.closed.then(() => this.#cuts.delete(cut));
    const again = batches.filter(({ receipt }) => receipt === undefined);
    const inFlight = new Set<Promise<void>>();
    while (true) {
      while (inFlight.size >= WINDOW) await Promise.race(inFlight);
      const batch = again.shift() ?? draft(name, batches);
      this.#send(batch);
      const answered = client.publish(batch.events, 60_000).then((answer) => {
        inFlight.delete(answered);
        if (answer.type === "ack") batch.receipt = answer;
        else this.surprises.push(answer);
      });
      answered.catch(() => {}); // Every one of them fails with the connection.
      inFlight.add(answered);
    }
  }

  #send(batch: Batch): void {
    batch.sent += 1;
    this.#onBatch();
  }
}

/** The next batch of a publisher, on two channels; its size goes up and down. */
function draft(name: string, batches: Batch[]): Batch {
  const last = batches.at(-1)?.events.at(-1);
  const first = last === undefined ? 1 : numberOf(last.eventId) + 1;
  const size = 1 + (batches.length * 7) % MAX_BATCH;
  const events = Array.from({ length: size }, (_, index) => eventOf(name, first + index));
  const batch: Batch = { events, sent: 0 };
  batches.push(batch);
  return batch;
}

function eventOf(name: string, number: number): StormEvent {
  const eventId = `${name}-${number}`;
  const { channel, data } = number % 3 === 0
    ? riskAlert(eventId)
    : marketData(`S${number % 50}`, String(number), { source: eventId });
  return { eventId, channel: channel as Channel, data };
}

/** The id under which a stored event was published, out of its outgoing `data`. */
export function eventIdOf(data: string): string {
  const { id, source = id } = JSON.parse(data);
  return source;
}

/** The number of an event among those of its publisher. */
export function numberOf(eventId: string): number {
  return Number(eventId.slice(eventId.lastIndexOf("-") + 1));
}

/** What the events of a path came to. */
export interface Tally {
  /** Events whose batch was acknowledged. */
  readonly acknowledged: number;
  /** Events that are in the store. */
  readonly stored: number;
  /** Events that were sent again, each time counted. */
  readonly retried: number;
  /** Events that were in the store already when they were sent again. */
  readonly duplicates: number;
  /** Events that are in the store although no ack of them arrived. */
  readonly unacknowledgedButStored: number;
}

/** Counts the events of a path. */
export function tallyOf(storm: Storm, path: Path, isStored: (eventId: string) => boolean): Tally {
  const sum = (count: (batch: Batch) => number) =>
    storm.batches[path].flat().reduce((total, batch) => total + count(batch), 0);
  const stored = (batch: Batch) => batch.events.filter(({ eventId }) => isStored(eventId)).length;
  return {
    acknowledged: sum(({ receipt, events }) => receipt === undefined ? 0 : events.length),
    stored: sum(stored),
    retried: sum(({ sent, events }) => (sent - 1) * events.length),
    duplicates: sum(({ receipt }) => receipt?.duplicates ?? 0),
    unacknowledgedButStored: sum((batch) => batch.receipt === undefined ? stored(batch) : 0),
  };
}

/**
 * Checks one batch against the store: it is there whole or not at all, there if it was acknowledged,
 * under the numbers that it was told, and recognised whole if it was there before its retry.
 *
 * @param seqOf The number of an event in its channel; `undefined` when it is not stored.
 */
export function assertWhole(
  { events, sent, receipt }: Batch,
  seqOf: (eventId: string) => number | undefined,
): void {
  const name = events[0]!.eventId;
  const stored = events.filter(({ eventId }) => seqOf(eventId) !== undefined).length;
  assert.ok(stored === 0 || stored === events.length, `${name}: stored by half`);
  if (receipt === undefined) return;
  assert.equal(stored, events.length, `${name}: acknowledged and lost`);
  const { accepted, duplicates, last } = receipt;
  assert.equal(accepted + duplicates, events.length, name);
  assert.ok(duplicates === 0 || accepted === 0, `${name}: recognised by half`);
  assert.ok(duplicates === 0 || sent > 1, `${name}: a duplicate of nothing`);
  for (const [channel, { seq }] of Object.entries(last)) {
    const final = events.findLast((event) => event.channel === channel)!;
    assert.equal(seqOf(final.eventId), seq, `${final.eventId}: another number than it was told`);
  }
}
