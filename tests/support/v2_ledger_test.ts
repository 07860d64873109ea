import assert from "node:assert/strict";
import type { Channel } from "../../protocol/channels.ts";
import type { EventV2, ServerMessageV2 } from "../../protocol/v2/server_message.ts";
import type { Asked } from "./v2_channel_ledger.ts";
import { isWanted } from "./v2_filter.ts";
import { LedgerError, V2Ledger } from "./v2_ledger.ts";

const EPOCH = "e";
type Acked = { epoch?: string; seq: number; recovered?: boolean; lost?: number };

const WELCOME = {
  type: "welcome",
  protocol: "telemetry.v2",
  clientId: "c",
  version: "0.1.0",
  features: [] as string[],
  connectionId: "1",
  heartbeatIntervalSeconds: 15,
  rateLimitPerSecond: 0,
  flushIntervalMs: 50,
  timestamp: 1,
} as const;

/** The books of a client that was welcomed, and short forms of what it may be told. */
class Story {
  readonly ledger = new V2Ledger();
  readonly #channel: Channel;
  #id = 0;

  constructor(channel: Channel = "positions") {
    this.#channel = channel;
    this.welcome();
  }

  welcome(): this {
    return this.#take(WELCOME);
  }

  subscribe(asked: Omit<Asked, "name">, acked: Acked): this {
    const id = String(++this.#id);
    this.ledger.asks(id, {
      action: "subscribe",
      channels: [{ name: this.#channel, ...asked }],
    });
    return this.#take({
      type: "ack",
      id,
      ok: true,
      channels: { [this.#channel]: { epoch: EPOCH, ...acked } },
    });
  }

  unsubscribe(seq: number): this {
    const id = String(++this.#id);
    this.ledger.asks(id, { action: "unsubscribe", channels: [this.#channel] });
    const channels = { [this.#channel]: { epoch: EPOCH, seq } };
    return this.#take({ type: "ack", id, ok: true, channels });
  }

  snapshot(seq: number, events: EventV2[], last = true, epoch = EPOCH): this {
    return this.#take({ type: "snapshot", channel: this.#channel, epoch, seq, events, last });
  }

  frame(
    [from, to]: readonly [from: number, to: number],
    events: EventV2[],
    { skipped = 0, filtered = 0, replay = false } = {},
  ): this {
    const channel = this.#channel;
    return this.#take({ type: "events", channel, from, to, skipped, filtered, replay, events });
  }

  expect(...violations: readonly RegExp[]): this {
    assert.equal(this.ledger.violations.length, violations.length, this.ledger.violations.join());
    violations.forEach((one, index) => assert.match(this.ledger.violations[index]!, one));
    return this;
  }

  get table(): (readonly [string, number])[] {
    return [...this.ledger.of(this.#channel).table].map(([id, { seq }]) => [id, seq]);
  }

  #take(message: ServerMessageV2): this {
    this.ledger.takes(message);
    return this;
  }
}

function event(seq: number, id = `k${seq}`, data: Record<string, unknown> = {}): EventV2 {
  return { seq, timestamp: 1, data: { id, status: "OPEN", ...data } };
}

Deno.test("a live subscription is contiguous from its ack", () => {
  new Story().subscribe({}, { seq: 4 })
    .frame([5, 6], [event(5), event(6)])
    .frame([7, 9], [event(9)], { skipped: 2 })
    .expect();
  const story = new Story().subscribe({}, { seq: 4 }).frame([6, 6], [event(6)]);
  story.expect(/6\.\.6, but 5 is next/);
  assert.throws(() => story.ledger.assertClean(), LedgerError);
});

Deno.test("every number of a range is accounted for, in order, within it", () => {
  new Story().subscribe({}, { seq: 0 }).frame([1, 3], [event(1)]).expect(/hold 1 \+ 0 \+ 0/);
  new Story().subscribe({}, { seq: 0 }).frame([1, 2], [event(2), event(1)]).expect(/1 after 2/);
  new Story().subscribe({}, { seq: 0 }).frame([1, 2], [event(1), event(3)]).expect(/3 beyond/);
  new Story().subscribe({}, { seq: 1 }).frame([2, 2], [event(1)]).expect(/1 after 1/);
  new Story().subscribe({}, { seq: 1 }).frame([2, 1], []).expect(/2\.\.1 hold/);
});

Deno.test("nothing comes before a welcome, an ack or after an unsubscription", () => {
  const early = new V2Ledger();
  early.takes({ type: "going_away", reconnectAfterMs: 1 });
  assert.match(early.violations[0]!, /before welcome/);
  new Story().welcome().expect(/second welcome/);
  new Story().frame([1, 1], [event(1)]).expect(/without a subscription/);
  new Story().subscribe({}, { seq: 0 }).unsubscribe(0).frame([1, 1], [event(1)]).expect(/without/);
  new Story().subscribe({}, { seq: 0 }).unsubscribe(2).expect(/unsubscribed at 2, but told of 0/);
  new Story().snapshot(3, []).expect(/nobody asked for/);
  const stray = new Story();
  stray.ledger.takes({ type: "ack", id: "x", ok: true });
  stray.expect(/never asked/);
});

Deno.test("a snapshot replaces the table, whole, and the ranges go on after it", () => {
  const story = new Story().subscribe({}, { seq: 0 }).frame([1, 1], [event(1, "ghost")])
    .subscribe({ snapshot: true }, { seq: 9 })
    .snapshot(9, [event(3, "a")], false);
  assert.deepEqual(story.table, [["ghost", 1]], "half a snapshot changes nothing");
  story.snapshot(9, [event(7, "b")]);
  assert.deepEqual(story.table, [["a", 3], ["b", 7]]);
  story.frame([10, 10], [event(10, "a")]).expect();
  assert.deepEqual(story.table, [["a", 10], ["b", 7]]);
});

Deno.test("a snapshot is one, of one moment, and of what has not ended", () => {
  const asked = () => new Story().subscribe({ snapshot: true }, { seq: 9 });
  asked().snapshot(8, []).expect(/at 8, but acked at 9/);
  asked().snapshot(9, [], true, "f").expect(/but acked/);
  asked().snapshot(9, [event(10)]).expect(/10 in a snapshot at 9/);
  asked().snapshot(9, [event(1, "a"), event(2, "a")]).expect(/twice/);
  asked().snapshot(9, [event(1, "a", { status: "CLOSED" })]).expect(/has ended/);
  asked().snapshot(9, [], false).frame([10, 10], [event(10)]).expect(/within a snapshot/);
});

Deno.test("what ended leaves the table", () => {
  const story = new Story().subscribe({ snapshot: true }, { seq: 2 })
    .snapshot(2, [event(1, "a"), event(2, "b"), event(2, "c")])
    .frame([3, 4], [event(3, "a", { status: "CLOSED" }), event(4, "b", { removed: true })])
    .expect();
  assert.deepEqual(story.table, [["c", 2]]);
});

Deno.test("a recovered place goes on where it was; replay comes first", () => {
  const story = new Story().subscribe({}, { seq: 3 }).frame([4, 4], [event(4)]);
  story.ledger.disconnected();
  const since = { epoch: EPOCH, seq: 4 };
  story.welcome().subscribe({ since, snapshot: true }, { seq: 4, recovered: true })
    .frame([5, 5], [event(5)], { replay: true })
    .frame([6, 6], [event(6)])
    .expect();
  assert.deepEqual(story.ledger.of("positions").ranges, [{ epoch: EPOCH, from: 4, to: 6 }]);
  assert.deepEqual(story.table.length, 3);
  story.frame([7, 7], [event(7)], { replay: true }).expect(/replay 7\.\.7 after live/);
  new Story().subscribe({ since }, { seq: 5, recovered: true }).expect(/was recovered at e 5/);
  new Story().subscribe({ since }, { seq: 4 }).expect(/recovered is undefined/);
  new Story().subscribe({}, { seq: 4, recovered: true }).expect(
    /recovered is true/,
    /recovered at/,
  );
  new Story().subscribe({}, { seq: 4 }).frame([5, 5], [event(5)], { replay: true })
    .expect(/after live/);
});

Deno.test("a place that cannot be recovered is rebased by a snapshot", () => {
  const since = { epoch: EPOCH, seq: 4 };
  const story = new Story().subscribe({ since }, { seq: 90, recovered: false, lost: 5 })
    .snapshot(90, [event(80, "a")]).frame([91, 91], [event(91, "b")]).expect();
  assert.deepEqual(story.ledger.total().lost, 5);
  assert.deepEqual(story.ledger.total(["positions"]).rebased, 1);
  new Story().subscribe({ since }, { epoch: "f", seq: 9, recovered: false, lost: 1 })
    .expect(/lost is 1/);
  new Story().subscribe({ since }, { seq: 9, recovered: false }).expect(/lost is undefined/);
  new Story().subscribe({ since }, { seq: 9, recovered: false, lost: 1 })
    .frame([10, 10], [event(10)]).expect(/within a snapshot/);
});

Deno.test("subscribing again keeps the cursor and replaces the filter", () => {
  const mine = { traderId: "1" };
  new Story().subscribe({ filter: { traderIds: ["1"] } }, { seq: 0 })
    .frame([1, 2], [event(1, "a", mine)], { filtered: 1 })
    .subscribe({}, { seq: 2 })
    .frame([3, 3], [event(3, "b", { traderId: "2" })])
    .expect();
  new Story().subscribe({}, { seq: 0 }).frame([1, 1], [event(1)]).subscribe({}, { seq: 3 })
    .expect(/again at 3, but its cursor was at 1/);
});

Deno.test("who is subscribed is not moved by since", () => {
  const since = { epoch: EPOCH, seq: 0 };
  new Story().subscribe({}, { seq: 0 }).frame([1, 1], [event(1)]).subscribe({ since }, { seq: 1 })
    .expect();
  new Story().subscribe({}, { seq: 0 }).frame([1, 1], [event(1)]).subscribe({ since }, { seq: 0 })
    .expect(/again at 0, but its cursor was at 1/);
});

Deno.test("a keyed channel may be rebased in the midst of a subscription, a lossless one never", () => {
  const story = new Story().subscribe({}, { seq: 0 }).frame([1, 1], [event(1, "ghost")])
    .snapshot(9, [event(3, "a")]).frame([10, 10], [event(10, "b")]).expect();
  assert.deepEqual(story.table, [["a", 3], ["b", 10]]);
  assert.equal(story.ledger.total().unasked, 1);
  new Story().subscribe({}, { seq: 9 }).snapshot(8, []).expect(/nobody asked for/);
  new Story("risk-alerts").subscribe({}, { seq: 0 }).snapshot(9, []).expect(/nobody asked for/);
});

Deno.test("subscribing again in the midst of a snapshot begins a new one, or awaits the rest", () => {
  const half = () =>
    new Story().subscribe({ snapshot: true }, { seq: 9 }).snapshot(9, [event(3, "a")], false);
  const anew = half().subscribe({ snapshot: true }, { seq: 9 }).snapshot(9, [event(4, "b")])
    .expect();
  assert.deepEqual(anew.table, [["b", 4]]);
  const rest = half().subscribe({ intervalMs: 100 }, { seq: 9 }).snapshot(9, [event(4, "b")]);
  assert.deepEqual(rest.expect().table, [["a", 3], ["b", 4]]);
  half().subscribe({}, { seq: 8 }).expect(/at 8 within a snapshot/);
});

Deno.test("a filter keeps what it says, and only a filter filters", () => {
  const asked = { filter: { traderIds: ["1"] } };
  new Story().subscribe(asked, { seq: 0 }).frame([1, 1], [event(1, "a", { traderId: "2" })])
    .expect(/should have been filtered/);
  new Story().subscribe(asked, { seq: 0 }).frame([1, 1], [event(1, "a", { removed: true })])
    .expect();
  new Story().subscribe({}, { seq: 0 }).frame([1, 1], [], { filtered: 1 }).expect(/by nothing/);
});

Deno.test("conflated frames hold a key once; others may hold it often", () => {
  const twice = [event(1, "a"), event(2, "a")];
  new Story().subscribe({}, { seq: 0 }).frame([1, 2], twice).expect();
  new Story().subscribe({ conflate: true }, { seq: 0 }).frame([1, 2], twice).expect(/a twice/);
  new Story().subscribe({ conflate: true, since: { epoch: EPOCH, seq: 0 } }, {
    seq: 0,
    recovered: true,
  })
    .frame([1, 2], twice, { replay: true }).expect();
  new Story("risk-alerts").subscribe({ conflate: true }, { seq: 0 }).frame([1, 2], twice).expect();
});

Deno.test("a lossless channel skips nothing and delivers once", () => {
  const story = new Story("risk-alerts").subscribe({}, { seq: 0 });
  story.frame([1, 2], [event(1)], { skipped: 1 }).expect(/1 of 1\.\.2 skipped/);
  const again = new Story("risk-alerts").subscribe({}, { seq: 0 }).frame([1, 1], [event(1)]);
  again.ledger.disconnected();
  again.welcome()
    .subscribe({ since: { epoch: EPOCH, seq: 0 } }, { seq: 0, recovered: true })
    .frame([1, 1], [event(1)], { replay: true });
  again.expect(/seq 1 came twice/);
  assert.equal(again.ledger.of("risk-alerts").delivered.size, 1);
});

Deno.test("an ack names every channel asked for and no other", () => {
  const ledger = new V2Ledger();
  const acked = { epoch: EPOCH, seq: 0 };
  ledger.takes(WELCOME);
  ledger.asks("1", { action: "subscribe", channels: ["position", "market.data"] });
  ledger.takes({
    type: "ack",
    id: "1",
    ok: true,
    channels: { positions: acked, "trader-status": acked },
  });
  assert.deepEqual(ledger.violations, [
    "market-data was asked for, but not acked",
    "trader-status acked, but not asked for",
  ]);
});

Deno.test("conditions of a filter are joined by and; what is absent excludes nothing", () => {
  const alert = { id: "a", severity: "WARNING" };
  assert.ok(isWanted({ traderIds: ["1"], symbols: ["X"] }, "risk-alerts", alert));
  assert.ok(isWanted({ minSeverity: "WARNING" }, "risk-alerts", alert));
  assert.ok(!isWanted({ minSeverity: "CRITICAL" }, "risk-alerts", alert));
  assert.ok(!isWanted({ traderIds: ["1"] }, "risk-alerts", { ...alert, traderId: "2" }));
  assert.ok(isWanted({ traderIds: ["7"] }, "trader-status", { id: "7", symbol: "X" }));
  assert.ok(
    !isWanted({ traderIds: ["7"], symbols: ["Y"] }, "trader-status", { id: "7", symbol: "X" }),
  );
  assert.ok(isWanted({ symbols: ["btcusdt"] }, "market-data", { id: "B", symbol: "BtcUsdt" }));
  assert.ok(!isWanted({ traderIds: ["8"] }, "trader-status", { id: "7" }));
  assert.ok(isWanted({ minSeverity: "CRITICAL" }, "positions", { id: "p", traderId: "7" }));
});
