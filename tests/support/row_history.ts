/**
 * Two gateways for the property of row filters: one takes a whole history and is watched with a key
 * that is limited to one trader, the other takes what that history is without the other traders, and
 * is watched without a limit. The second one does not use the code under test.
 *
 * @module
 */
import { createGateway, type Gateway, restoreRequest } from "../../actors/gateway.ts";
import type { Principal, RestoredStore } from "../../actors/ports.ts";
import { MemoryStore } from "../../actors/store/memory.ts";
import type { RowFilter } from "../../actors/stream/row_filter.ts";
import { HARD_CAP_BYTES, type Subscriber } from "../../actors/stream/subscriber.ts";
import type { Channel } from "../../protocol/channels.ts";
import { Config } from "../../protocol/config.ts";
import { parseSubmission } from "../../protocol/publish.ts";
import { fakePeer, keyHolder, PeerSocket, RecordingLogger } from "./fake_gateway.ts";
import { position, type PublishBody, riskAlert, traderStatus } from "./events.ts";
import { fillBuffer } from "./stream_fixture.ts";
import { TestClock } from "./test_clock.ts";

/** The trader whose holder watches. */
export const MINE = "42";

/** The channels that are watched. */
export const WATCHED: readonly Channel[] = ["risk-alerts", "trader-status", "positions"];

/** Something that is published; without a trader: an alert of the portfolio. */
export type Act =
  | { readonly what: "status" | "retire"; readonly trader: string }
  | { readonly what: "open" | "close"; readonly trader: string; readonly key: string }
  | { readonly what: "remove"; readonly key: string }
  | { readonly what: "alert"; readonly trader: string | undefined; readonly key: string };

/** The body of an act; `n` makes it unlike every other one. */
export function bodyOf(act: Act, n: number): PublishBody | Record<string, unknown> {
  switch (act.what) {
    case "status":
      return traderStatus(act.trader, { reason: `n${n}` });
    case "retire":
      return { channel: "trader-status", id: act.trader, removed: true };
    case "open":
    case "close": {
      const status = act.what === "open" ? "UPDATED" : "CLOSED";
      return position(act.key, { traderId: act.trader, reason: `n${n}`, status });
    }
    case "remove":
      return { channel: "positions", id: act.key, removed: true };
    case "alert":
      return riskAlert(act.key, {
        message: `n${n}`,
        traderId: act.trader ?? null,
      });
  }
}

/** What a history is without the other traders. */
export class OwnHistory {
  /** Whose each position is, and whether it is live. */
  readonly #owners = new Map<string, { readonly trader: string; readonly live: boolean }>();

  /** The act as it remains: the same, a removal, or nothing. */
  reduce(act: Act): Act | undefined {
    if (act.what === "remove") {
      const owner = this.#owners.get(act.key);
      if (owner !== undefined) this.#owners.set(act.key, { ...owner, live: false });
      return owner?.trader === MINE ? act : undefined;
    }
    if (act.what !== "open" && act.what !== "close") return act.trader === MINE ? act : undefined;
    const before = this.#owners.get(act.key);
    this.#owners.set(act.key, { trader: act.trader, live: act.what === "open" });
    if (act.trader === MINE) return act;
    if (before?.trader === MINE && before.live) return { what: "remove", key: act.key };
    return undefined;
  }
}

/** A store that is read beyond the ring, as the durable one is. */
class ReadStore extends MemoryStore {
  override readonly kind = String("read") as "memory";

  constructor() {
    super(100_000, "e1");
  }
}

/** A connection. */
export interface Link {
  readonly socket: PeerSocket;
  readonly subscriber: Subscriber;
  say(message: unknown): void;
  end(): void;
}

/** A gateway that can be restarted, on a clock that stands still. */
export class World {
  readonly clock = new TestClock();
  readonly #store = new ReadStore();
  readonly #principal: Principal;
  readonly #config: Config;
  gateway: Gateway;

  /** Starts empty; its clients are limited to {@link MINE} if so told. */
  constructor(limited: boolean, ringCapacity: number, replayLimit: number) {
    const config = Config.parse({ telemetry: { replayLimit } });
    // Rings may be smaller than the configuration allows, so that short histories leave them.
    this.#config = { ...config, telemetry: { ...config.telemetry, ringCapacity } };
    const holder = keyHolder("desk");
    this.#principal = limited ? { ...holder, traders: new Set([MINE]) } : holder;
    this.gateway = this.#create();
  }

  /** Publishes, and lets it be committed and sent. */
  async publish(body: unknown): Promise<void> {
    const parsed = parseSubmission(body, "events[0]", this.clock.epochMillis());
    if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.faults));
    const receipt = this.gateway.eventLog.append("floor", [parsed.submission]);
    await this.clock.advanceAsync(0);
    await receipt;
  }

  /** Connects a client. */
  connect(protocol: "telemetry.v1" | "telemetry.v2"): Link {
    const { hub } = this.gateway;
    const admitted = hub.admit(fakePeer({ principal: this.#principal, protocol }));
    if (!admitted.ok) throw new Error(`refused: ${admitted.code}`);
    const { connection } = admitted;
    const socket = new PeerSocket();
    hub.open(connection, socket, { channels: [], replay: false });
    return {
      socket,
      subscriber: connection.subscriber!,
      say: (message) => connection.receive(JSON.stringify(message)),
      end: () => connection.socketClosed(1000),
    };
  }

  /** The process ends, and another one goes on with its store. */
  async restart(): Promise<void> {
    this.gateway.hub.stop();
    this.gateway = this.#create(
      await this.#store.restore(restoreRequest(this.#config, this.clock)),
    );
  }

  /** The `data` of a REST snapshot, and of all pages of history with so many events each. */
  async rest(channel: Channel, limit: number, filter?: RowFilter) {
    const { history } = this.gateway;
    const snapshot = history.snapshot(channel, filter).events().map(({ data }) => data);
    const pages: string[][] = [];
    for (let afterSeq = 0;;) {
      const page = history.page(channel, { afterSeq, limit }, filter);
      const reading = page.read();
      await this.clock.advanceAsync(0);
      const { events, last } = await reading;
      pages.push(events.map(({ data }) => data));
      if (last >= page.head) return { snapshot, pages };
      afterSeq = last;
    }
  }

  #create(restored?: RestoredStore): Gateway {
    return createGateway(this.#config, this.clock, new RecordingLogger(), this.#store, restored);
  }
}

// deno-lint-ignore no-explicit-any -- frames are asserted on, not typed
type Frame = any;

/** A v1 client that asks for a replay whenever it connects. */
export class ClientV1 {
  /** What it was sent, one list a connection and channel, in order; live counts are beside it. */
  readonly seen: string[][] = [];
  /** Live events and numbers said to be skipped, one sum a connection and channel. */
  readonly accounted: { readonly last: string | undefined; readonly sum: number }[] = [];
  #link: Link | undefined;

  /** Connects anew. */
  connect(world: World): void {
    this.disconnect();
    this.#link = world.connect("telemetry.v1");
    this.#link.say({ action: "subscribe", channels: WATCHED, replay: true });
  }

  /** Notes what came. */
  disconnect(): void {
    if (this.#link === undefined) return;
    const frames = this.#link.socket.frames.map((frame): Frame => JSON.parse(frame));
    for (const channel of WATCHED) {
      const events = frames.filter((one) => one.type === "event" && one.channel === channel);
      this.seen.push(
        events.map(({ data, replay, meta }) =>
          JSON.stringify([data, replay === true, meta.skipped ?? "0"])
        ),
      );
      const live = events.filter(({ replay }) => replay !== true);
      const last = live.length === 0 ? undefined : JSON.stringify(live.at(-1).data);
      const sum = live.reduce((sum, { meta }) => sum + 1 + Number(meta.skipped ?? 0), 0);
      this.accounted.push({ last, sum });
    }
    this.#link.end();
    this.#link = undefined;
  }

  /** Stops or goes on reading. */
  stall(stalled: boolean): void {
    if (this.#link !== undefined) stallLink(this.#link, stalled);
  }

  /** The latest state of each key that it was sent. */
  latest(channel: Channel): Map<string, string> {
    const lists = this.seen.filter((_, index) => WATCHED[index % WATCHED.length] === channel);
    const states = lists.at(-1)!.map((text) => JSON.parse(text)[0]);
    return new Map(states.map((data) => [data.id, JSON.stringify(data)]));
  }
}

/** A v2 client that resumes where it was. */
export class ClientV2 {
  /** What it was sent, by channel: the `data` of events, and of snapshots as a list. */
  readonly seen = new Map<Channel, string[]>(WATCHED.map((channel) => [channel, []]));
  /** The keys that it holds, each with its state. */
  readonly tables = new Map<Channel, Map<string, string>>(
    WATCHED.map((channel) => [channel, new Map()]),
  );
  /** Every alert that it was sent beside snapshots. */
  readonly alerts: string[] = [];
  /** How many numbers frames called skipped. */
  skipped = 0;
  readonly #since = new Map<Channel, { epoch: string; seq: number }>();
  readonly #conflate: boolean;
  readonly #resumes: boolean;
  #link: Link | undefined;
  #parts: string[] = [];

  constructor(conflate: boolean, resumes: boolean) {
    this.#conflate = conflate;
    this.#resumes = resumes;
  }

  /** Connects anew, and goes on where it was if it resumes. */
  connect(world: World): void {
    this.disconnect();
    this.#link = world.connect("telemetry.v2");
    const channels = WATCHED.map((name) => {
      const since = this.#resumes ? this.#since.get(name) : undefined;
      const conflate = this.#conflate && name !== "risk-alerts";
      return { name, ...(since ? { since } : { snapshot: true }), ...(conflate && { conflate }) };
    });
    this.#link.say({ id: "1", action: "subscribe", channels });
  }

  /** Notes what came. */
  disconnect(): void {
    if (this.#link === undefined) return;
    for (const frame of this.#link.socket.frames) this.#take(JSON.parse(frame));
    this.#link.end();
    this.#link = undefined;
  }

  /** Stops or goes on reading. */
  stall(stalled: boolean): void {
    if (this.#link !== undefined) stallLink(this.#link, stalled);
  }

  #take(frame: Frame): void {
    if (frame.type === "error") throw new Error(JSON.stringify(frame));
    if (frame.type === "snapshot") this.#takeSnapshot(frame);
    if (frame.type === "events") this.#takeEvents(frame);
    if (frame.type !== "ack") return;
    for (const [name, { epoch, seq }] of Object.entries<Frame>(frame.channels)) {
      this.#since.set(name as Channel, { epoch, seq });
    }
  }

  #takeSnapshot({ channel, epoch, seq, events, last }: Frame): void {
    this.#parts.push(...events.map(({ data }: Frame) => JSON.stringify(data)));
    if (!last) return;
    this.#since.set(channel, { epoch, seq });
    this.seen.get(channel)!.push(JSON.stringify(this.#parts));
    const states = this.#parts.map((text): [string, string] => [JSON.parse(text).id, text]);
    this.tables.set(channel, new Map(states));
    this.#parts = [];
  }

  #takeEvents({ channel, from, to, skipped, filtered, events }: Frame): void {
    const since = this.#since.get(channel)!;
    if (from !== since.seq + 1) throw new Error(`${channel}: ${from} does not follow ${since.seq}`);
    const count = events.length + skipped + filtered;
    if (count !== to - from + 1) throw new Error(`${channel}: ${from}-${to} is not ${count}`);
    since.seq = to;
    this.skipped += skipped;
    const table = this.tables.get(channel)!;
    for (const { seq, data } of events) {
      if (seq < from || seq > to) throw new Error(`${channel}: ${seq} is not of ${from}-${to}`);
      const text = JSON.stringify(data);
      this.seen.get(channel)!.push(text);
      if (channel === "risk-alerts") this.alerts.push(text);
      if (data.removed === true || data.status === "CLOSED") table.delete(data.id);
      else table.set(data.id, text);
    }
  }
}

/** A peer that stops reading looks as if its buffer were full. */
function stallLink({ socket, subscriber }: Link, stalled: boolean): void {
  socket.readsAtOnce = !stalled;
  if (stalled) fillBuffer({ socket, subscriber }, HARD_CAP_BYTES);
  else socket.drain();
}
