/**
 * Runs histories of v2 clients on a whole gateway, keeps the books of every client, and compares
 * them with what was published.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Channel } from "../../../protocol/channels.ts";
import type { Filter } from "../../../protocol/v2/client_message.ts";
import type { EventV2, ServerMessageV2 } from "../../../protocol/v2/server_message.ts";
import { HARD_CAP_BYTES } from "../../../actors/stream/subscriber.ts";
import { decodeV2 } from "../../support/decode_v2.ts";
import { marketData, position, removal, riskAlert, traderStatus } from "../../support/events.ts";
import { type FakeClient, FakeGateway, PeerSocket } from "../../support/fake_gateway.ts";
import type { Json } from "../../support/http_api.ts";
import { auditBooks, TABLES, type Truth } from "../../support/v2_audit.ts";
import { sumOf, type Tally } from "../../support/v2_channel_ledger.ts";
import { V2Ledger } from "../../support/v2_ledger.ts";
import { CHANNELS_V2, type ScenarioV2, type StepV2 } from "./session_v2_scenarios.ts";

/** Steps of 100 ms that the end of everything may take: three frames a second, few channels. */
const MAX_SETTLING_STEPS = 600;

/** What answers and heartbeats may add to a buffer that is full. */
const ANSWERS_BYTES = 16_384;

/** What clients may want; keys keep their trader and symbol. */
const FILTERS: readonly (Filter | undefined)[] = [
  undefined,
  { traderIds: ["t0", "t1"] },
  { symbols: ["S1", "S2"] },
  { traderIds: ["t1"], minSeverity: "WARNING" },
];

/** A client with its books. */
class ModelClient {
  readonly ledger = new V2Ledger();
  readonly filters = new Map<Channel, Filter | undefined>();
  readonly #fake: FakeGateway;
  readonly #heads: ReadonlyMap<Channel, number>;
  readonly #readsAtOnce: boolean;
  /** The heads when the client came back: what is up to there was missed. */
  readonly #missedTo = new Map<Channel, number>();
  #link: FakeClient | undefined;
  #lastId = 0;

  constructor(fake: FakeGateway, heads: ReadonlyMap<Channel, number>, readsAtOnce: boolean) {
    this.#fake = fake;
    this.#heads = heads;
    this.#readsAtOnce = readsAtOnce;
  }

  get link(): FakeClient {
    if (this.#link !== undefined) return this.#link;
    const socket = new PeerSocket((frame) => this.#take(decodeV2(frame)));
    socket.readsAtOnce = this.#readsAtOnce;
    return this.#link = this.#fake.connect({ protocol: "telemetry.v2", socket });
  }

  get socket(): PeerSocket | undefined {
    return this.#link?.socket;
  }

  #take(message: ServerMessageV2): void {
    this.ledger.takes(message);
    if (message.type === "ack") {
      const recovered = Object.entries(message.channels ?? {}).filter(([, one]) => one.recovered);
      for (const [name] of recovered) {
        this.#missedTo.set(name as Channel, this.#heads.get(name as Channel)!);
      }
    } else if (message.type === "snapshot") this.#missedTo.delete(message.channel);
    else if (message.type === "events") {
      const { channel, from, to, replay } = message;
      const missedTo = this.#missedTo.get(channel) ?? 0;
      assert.equal(replay, to <= missedTo, `${channel}: ${from}..${to} of ${missedTo} missed`);
      assert.equal(replay, from <= missedTo, `${channel}: ${from}..${to} straddles ${missedTo}`);
    }
  }

  ask(message: { readonly action: string } & Record<string, unknown>): void {
    const { link } = this; // the welcome comes before the request is noted
    const id = String(++this.#lastId);
    this.ledger.asks(id, message as unknown as Parameters<V2Ledger["asks"]>[1]);
    link.say({ id, ...message });
  }

  /** Notices an end that the gateway decided on, or brings one about. */
  lose(code: number | undefined): void {
    if (this.#link === undefined) return;
    const ended = this.#link.socket.closings[0]?.code ?? code;
    if (ended === undefined) return;
    this.#link.connection.socketClosed(ended);
    this.#link = undefined;
    this.#missedTo.clear();
    this.ledger.disconnected();
  }
}

/** See the module. */
export class ModelV2 {
  readonly fake: FakeGateway;
  readonly #clients: readonly ModelClient[];
  /** Reads every alert at once. */
  readonly #archivist: ModelClient;
  readonly #latest = new Map<Channel, Map<string, number>>();
  readonly #heads = new Map<Channel, number>(CHANNELS_V2.map((channel) => [channel, 0]));
  readonly #ring: number;
  #n = 0;

  /** Builds the gateway; nobody is connected but one who reads all alerts. */
  constructor({ ring, rate, clients }: ScenarioV2) {
    this.#ring = ring;
    this.fake = new FakeGateway({
      config: {
        telemetry: {
          ringCapacity: ring,
          rateLimitPerSecond: rate,
          heartbeatIntervalSeconds: 1,
          heartbeatTimeoutSeconds: 7_200,
          inboundMessagesPerSecond: 1_000,
        },
      },
    });
    this.#archivist = new ModelClient(this.fake, this.#heads, true);
    this.#archivist.ask({ action: "subscribe", channels: ["risk-alerts"] });
    this.#clients = Array.from(
      { length: clients },
      () => new ModelClient(this.fake, this.#heads, false),
    );
  }

  /** What clients were told in all. */
  get total(): Tally {
    return sumOf(this.#clients.map(({ ledger }) => ledger.total()));
  }

  /** Lets one thing happen. */
  async run(step: StepV2): Promise<void> {
    switch (step.do) {
      case "publish":
        await this.#publish(step);
        break;
      case "wait":
        await this.fake.clock.advanceAsync(step.ms);
        break;
      case "read":
        this.#pick(step.client).socket?.drain(step.bytes);
        break;
      case "subscribe":
        this.#subscribe(step);
        break;
      case "unsubscribe":
        this.#pick(step.client).ask({ action: "unsubscribe", channels: [step.channel] });
        break;
      case "cut":
        this.#pick(step.client).lose(1006);
        break;
    }
    this.#check();
  }

  /** Lets everybody read until nothing is left to say, and compares. */
  async settle(): Promise<void> {
    for (let step = 0; !this.#isSettled(); step++) {
      assert.ok(step < MAX_SETTLING_STEPS, `something never arrives: ${this.#describe()}`);
      for (const { socket } of this.#clients) socket?.drain();
      await this.fake.clock.advanceAsync(100);
      this.#check();
    }
    const truth = await this.#truth();
    for (const { ledger } of this.#clients) {
      for (const channel of CHANNELS_V2) {
        const books = ledger.of(channel);
        if (books.isStreaming) assert.deepEqual(auditBooks(books, truth), []);
      }
    }
    this.#checkCounters();
  }

  async #publish({ channel, key, kind, fill, times }: StepV2 & { do: "publish" }): Promise<void> {
    const latest = this.#latest.get(channel) ?? new Map<string, number>();
    this.#latest.set(channel, latest);
    // Whoever reads at once gets every alert, unless one turn brings more than the ring holds.
    const most = channel === "risk-alerts" ? this.#ring / 2 : times;
    const events = Array.from({ length: Math.min(times, most) }, (_, index) => {
      const id = (key + index) % 6;
      return build(channel, id, kind, "x".repeat(fill) + String(++this.#n), latest.has(`k${id}`));
    });
    await this.fake.publish(...events);
    for (const { id, ends } of events.map(summary)) {
      const seq = this.#heads.get(channel)! + 1;
      this.#heads.set(channel, seq);
      if (ends) latest.delete(id);
      else latest.set(id, seq);
    }
  }

  #subscribe(step: StepV2 & { do: "subscribe" }): void {
    const { channel, from, intervalMs, conflate } = step;
    const client = this.#pick(step.client);
    const { ledger, filters } = client;
    // One filter a channel: a table tells only of what it was filtered by.
    if (!filters.has(channel)) filters.set(channel, FILTERS[step.filter]);
    const filter = filters.get(channel);
    const place = ledger.place(channel);
    const since = from === "place"
      ? place
      : from === "strange"
      ? { epoch: "another", seq: 1 }
      : from === "ahead" && place !== undefined
      ? { epoch: place.epoch, seq: this.#heads.get(channel)! + 5 }
      : undefined;
    client.ask({
      action: "subscribe",
      channels: [{
        name: channel,
        intervalMs,
        conflate,
        snapshot: from === "snapshot",
        ...(since !== undefined && { since }),
        ...(filter !== undefined && { filter }),
      }],
    });
  }

  #check(): void {
    for (const client of [...this.#clients, this.#archivist]) {
      client.ledger.assertClean();
      assert.ok((client.socket?.peak ?? 0) <= HARD_CAP_BYTES + ANSWERS_BYTES, "over the cap");
      client.lose(undefined);
    }
  }

  /** What clients were told was skipped is what the gateway counts as shed or conflated. */
  #checkCounters(): void {
    const { channels } = this.fake.hub.stats();
    for (const channel of CHANNELS_V2) {
      const { shed, conflated, sent } = channels[channel];
      const counted = Object.values(shed).reduce((sum, count) => sum + count, conflated);
      const tallies = [...this.#clients, this.#archivist].map(({ ledger }) =>
        ledger.of(channel).tally
      );
      const skipped = tallies.reduce((sum, tally) => sum + tally.skipped, 0);
      assert.equal(counted, skipped, `${channel}: shed and conflated, against skipped`);
      const delivered = tallies.reduce((sum, one) => sum + one.delivered + one.snapshotEvents, 0);
      assert.equal(sent, delivered, `${channel}: sent, against delivered`);
    }
  }

  async #truth(): Promise<Truth> {
    const epochs: Record<string, string> = {};
    const tables = new Map<Channel, ReadonlyMap<string, EventV2>>();
    for (const channel of TABLES) {
      const answer = await this.fake.request(`/api/v1/telemetry/${channel}/snapshot`);
      const { epoch, events } = (await answer.json() as Json)["data"];
      epochs[channel] = epoch;
      tables.set(channel, new Map(events.map((event: EventV2) => [event.data.id, event])));
      const seqs = new Map(events.map((event: EventV2) => [event.data.id, event.seq]));
      assert.deepEqual(seqs, new Map(sorted(this.#latest.get(channel))), channel);
    }
    const { delivered, place } = this.#archivist.ledger.of("risk-alerts");
    const alerts = [...delivered.values()];
    assert.deepEqual(alerts.map(({ seq }) => seq), alerts.map((_, index) => index + 1));
    assert.equal(alerts.length, this.#heads.get("risk-alerts"));
    epochs["risk-alerts"] = place!.epoch;
    return { epochs, heads: Object.fromEntries(this.#heads), alerts, tables };
  }

  #isSettled(): boolean {
    return this.#clients.every(({ ledger, socket }) =>
      (socket?.bufferedAmount ?? 0) === 0 &&
      CHANNELS_V2.every((channel) => {
        const books = ledger.of(channel);
        return !books.isActive ||
          (books.isStreaming && books.place!.seq === this.#heads.get(channel));
      })
    );
  }

  #describe(): string {
    return this.#clients.flatMap(({ ledger }) =>
      CHANNELS_V2.map((channel) =>
        `${channel} at ${ledger.place(channel)?.seq} of ${this.#heads.get(channel)}`
      )
    ).join("; ");
  }

  #pick(index: number): ModelClient {
    return this.#clients[index % this.#clients.length]!;
  }
}

/** A key never changes what filters look at; what is not there cannot be removed. */
function build(channel: Channel, key: number, kind: string, text: string, exists: boolean): Json {
  const id = `k${key}`;
  const fields = { traderId: `t${key % 3}`, symbol: `S${key % 4}`, reason: text };
  const severity = ["INFO", "WARNING", "CRITICAL"][key % 3];
  if (channel === "risk-alerts") {
    return riskAlert(id, { traderId: fields.traderId, severity, message: text, violations: [] });
  }
  if (kind === "removed" && exists) return removal(channel, id);
  if (channel === "positions") {
    return position(id, { ...fields, status: kind === "closed" ? "CLOSED" : "UPDATED" });
  }
  return channel === "trader-status"
    ? traderStatus(id, { symbol: fields.symbol, reason: text })
    : marketData(fields.symbol, "1", { id, source: text });
}

function summary({ id, removed, data }: Json): { readonly id: string; readonly ends: boolean } {
  if (removed === true) return { id, ends: true };
  return { id: data.id, ends: data.status === "CLOSED" };
}

function sorted(latest: ReadonlyMap<string, number> = new Map()): [string, number][] {
  return [...latest].sort(([, one], [, other]) => one - other);
}
