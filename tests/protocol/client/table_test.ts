/**
 * Tables over everything that can come on the wire.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Change } from "../../../protocol/client/mod.ts";
import { EPOCH, FakeNetwork, row, UNRECOVERED } from "./fake_network.ts";

/** A live client with a table of positions that has its snapshot of `a` and `b` at 10. */
function positions() {
  const network = new FakeNetwork();
  const gateway = network.live();
  const table = gateway.table("positions");
  const resyncs: string[] = [];
  const changes: Change<unknown>[] = [];
  table.on("resync", ({ reason }) => resyncs.push(reason));
  network.connection.ack(10);
  network.connection.snapshot("positions", 10, [row(4, "a"), row(9, "b")]);
  table.on("change", (change) => changes.push(change));
  return { network, gateway, table, resyncs, changes };
}

/** Connects again and welcomes. */
async function reconnect(network: FakeNetwork) {
  network.connection.end(1006);
  await network.clock.advanceAsync(1_000);
  network.connection.welcome();
}

Deno.test("a table asks for a snapshot, and is empty until it is whole", () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  const table = gateway.table("positions", { intervalMs: 250, conflate: true });
  assert.deepEqual(network.connection.last("subscribe")["channels"], [
    { name: "positions", intervalMs: 250, conflate: true, snapshot: true },
  ]);
  network.connection.ack(10);
  network.connection.snapshot("positions", 10, [row(4, "a")], { last: false });
  assert.deepEqual([table.size, table.place], [0, undefined]);
  network.connection.snapshot("positions", 10, [row(9, "b")]);
  assert.deepEqual([...table.keys()], ["a", "b"]);
  assert.deepEqual(table.place, { epoch: EPOCH, seq: 10 });
  gateway.close();
  assert.equal(network.clock.pendingTimers, 0);
});

Deno.test("a position that was opened and closed between two frames is told of, and is no row", () => {
  const { network, table, changes, gateway } = positions();
  network.connection.frame("positions", 11, [row(12, "brief", { status: "CLOSED" })], {
    to: 12,
    skipped: 1,
  });
  assert.deepEqual([...changes[0]!.removed], [
    ["brief", { id: "brief", status: "CLOSED", seq: 12 }],
  ]);
  assert.deepEqual([...table.keys()], ["a", "b"]);
  gateway.close();
});

Deno.test("a frame changes a table at once, with one announcement", () => {
  const { network, table, changes, gateway } = positions();
  network.connection.frame("positions", 11, [
    row(11, "a", { status: "UPDATED" }),
    row(12, "b", { status: "CLOSED" }),
    row(13, "c"),
    row(14, "c", { status: "UPDATED" }),
    { seq: 15, timestamp: 1, data: { id: "nobody", removed: true } },
  ]);
  assert.equal(changes.length, 1);
  assert.deepEqual([...changes[0]!.changed.keys()], ["a", "c"]);
  assert.deepEqual([...changes[0]!.removed.values()], [
    { id: "b", status: "CLOSED", seq: 12 },
  ]);
  assert.equal(table.row("c")!.seq, 14);
  assert.deepEqual(table.place, { epoch: EPOCH, seq: 15 });
  assert.deepEqual(table.account, { delivered: 5, skipped: 0, filtered: 0, resyncs: 0 });
  gateway.close();
});

Deno.test("skipped and filtered numbers are accounted for, and are no hole", () => {
  const { network, table, resyncs, gateway } = positions();
  network.connection.frame("positions", 11, [row(14, "a")], { to: 20, skipped: 7, filtered: 2 });
  network.connection.frame("positions", 21, [], { to: 25, skipped: 0, filtered: 5 });
  assert.deepEqual(table.account, { delivered: 1, skipped: 7, filtered: 7, resyncs: 0 });
  assert.deepEqual([table.place!.seq, resyncs], [25, []]);
  gateway.close();
});

Deno.test("a table keeps its rows over a reconnect, and goes on after its place", async () => {
  const { network, table, resyncs, gateway } = positions();
  await reconnect(network);
  assert.deepEqual([...table.keys()], ["a", "b"]);
  assert.deepEqual(network.connection.last("subscribe")["channels"], [
    { name: "positions", since: { epoch: EPOCH, seq: 10 } },
  ]);
  network.connection.ack(10, { recovered: true });
  network.connection.frame("positions", 11, [row(11, "c")], { replay: true });
  assert.deepEqual([...table.keys()], ["a", "b", "c"]);
  assert.deepEqual(resyncs, []);
  gateway.close();
});

for (const { reason, epoch, fields } of UNRECOVERED) {
  Deno.test(`what cannot be recovered (${reason}) is replaced whole, with the reason`, async () => {
    const { network, table, resyncs, changes, gateway } = positions();
    await reconnect(network);
    network.connection.ack(40, fields);
    assert.deepEqual(resyncs, [reason]);
    network.connection.snapshot("positions", 40, [row(9, "b"), row(35, "d")], { epoch });
    assert.deepEqual([...table.keys()], ["b", "d"]);
    const [{ changed, removed, reset }] = changes as [Change<unknown>];
    const same = reason === "epoch_changed" ? ["b", "d"] : ["d"];
    assert.deepEqual([[...changed.keys()], [...removed.keys()], reset], [same, ["a"], true]);
    gateway.close();
  });
}

const FAULTS = [
  ["hole", { from: 12, to: 12, events: [row(12, "c")] }],
  ["bad_sum", { from: 11, to: 13, events: [row(11, "c")] }],
  ["bad_sum", { from: 11, to: 11, events: [row(12, "c")] }],
  ["bad_sum", { from: 11, to: 12, events: [row(12, "c"), row(11, "d")] }],
  ["malformed", { from: "11", to: 11, events: [row(11, "c")] }],
  ["malformed", { from: 11, to: 11, events: [{ seq: 11 }] }],
  ["malformed", { from: 11, to: 11, events: "none" }],
] as const;

for (const [reason, fields] of FAULTS) {
  Deno.test(`a frame with ${JSON.stringify(fields)} is a ${reason}: nothing of it counts, and the table is resynchronised`, () => {
    const { network, table, resyncs, changes, gateway } = positions();
    network.connection.frame("positions", 11, [], fields);
    assert.deepEqual([resyncs, changes], [[reason], []]);
    assert.deepEqual(network.connection.last("subscribe")["channels"], [
      { name: "positions", since: { epoch: EPOCH, seq: 10 } },
    ]);
    // What the old subscription still sends is not heard.
    network.connection.frame("positions", 14, [row(14, "z")]);
    network.connection.ackUnsubscribe();
    network.connection.ack(10, { recovered: true });
    network.connection.frame("positions", 11, [row(11, "c")]);
    assert.deepEqual([[...table.keys()], table.place!.seq], [["a", "b", "c"], 11]);
    gateway.close();
  });
}

Deno.test("a frame that came before is not applied again", () => {
  const { network, table, resyncs, changes, gateway } = positions();
  network.connection.frame("positions", 11, [row(11, "a")]);
  network.connection.frame("positions", 11, [row(11, "a", { status: "UPDATED" })]);
  assert.deepEqual([changes.length, resyncs, table.place!.seq], [1, ["repeat"], 11]);
  network.connection.frame("positions", 11, [row(11, "a"), row(12, "c")]);
  assert.deepEqual([changes.length, table.place!.seq], [2, 12]);
  assert.deepEqual([...changes[1]!.changed.keys()], ["c"]);
  gateway.close();
});

Deno.test("a frame from long ago does not set the place back", () => {
  const { network, resyncs, table, gateway } = positions();
  for (const seq of [11, 12, 13]) network.connection.frame("positions", seq, [row(seq, "a")]);
  network.connection.frame("positions", 11, [row(11, "a")]);
  network.connection.frame("positions", 14, [row(14, "a")]);
  assert.deepEqual([resyncs, table.place!.seq], [["repeat"], 14]);
  gateway.close();
});

Deno.test("a snapshot of a subscription that was given up is not taken", () => {
  const { network, table, gateway } = positions();
  network.connection.frame("positions", 13, [row(13, "c")]);
  network.connection.snapshot("positions", 13, [row(13, "c")]);
  assert.deepEqual([[...table.keys()], table.place!.seq], [["a", "b"], 10]);
  gateway.close();
});

Deno.test("what goes wrong at one place again is had over another connection, then from a snapshot", async () => {
  const { network, table, resyncs, gateway } = positions();
  network.random = 0;
  const breakIt = () => network.connection.frame("positions", 99, [row(99, "z")]);
  breakIt();
  network.connection.ackUnsubscribe();
  network.connection.ack(10, { recovered: true });
  breakIt();
  assert.equal(gateway.state.status, "waiting");
  await network.clock.advanceAsync(1_000);
  network.connection.welcome();
  network.connection.ack(10, { recovered: true });
  breakIt();
  await network.clock.advanceAsync(1_000);
  network.connection.welcome();
  assert.deepEqual(network.connection.last("subscribe")["channels"], [
    { name: "positions", snapshot: true },
  ]);
  assert.deepEqual([...table.keys()], ["a", "b"], "the old rows stay until the new ones are whole");
  network.connection.ack(100);
  network.connection.snapshot("positions", 100, [row(99, "z")]);
  assert.deepEqual([...table.keys()], ["z"]);
  assert.deepEqual(resyncs, ["hole", "hole", "hole"]);
  gateway.close();
});

Deno.test("a snapshot that is cut off is forgotten, and the old table and its place stay", async () => {
  const { network, table, changes, gateway } = positions();
  network.connection.snapshot("positions", 20, [row(15, "c")], { last: false });
  await reconnect(network);
  assert.deepEqual([[...table.keys()], table.place!.seq, changes], [["a", "b"], 10, []]);
  network.connection.ack(10, { recovered: false, lost: 20 });
  network.connection.snapshot("positions", 30, [row(28, "d")]);
  assert.deepEqual([...table.keys()], ["d"]);
  gateway.close();
});

Deno.test("parts of another snapshot begin that one", () => {
  const { network, table, gateway } = positions();
  network.connection.snapshot("positions", 20, [row(15, "c")], { last: false });
  network.connection.snapshot("positions", 30, [row(25, "d")], { last: false });
  network.connection.snapshot("positions", 30, [row(26, "e")]);
  assert.deepEqual([...table.keys()], ["d", "e"]);
  gateway.close();
});

Deno.test("a snapshot that comes unasked replaces the table, in another epoch too", () => {
  const { network, table, resyncs, gateway } = positions();
  network.connection.snapshot("positions", 3, [row(2, "n")], { epoch: "e2" });
  network.connection.frame("positions", 4, [row(4, "o")]);
  assert.deepEqual([[...table.keys()], table.place], [["n", "o"], { epoch: "e2", seq: 4 }]);
  assert.deepEqual(resyncs, ["unsolicited"]);
  gateway.close();
});

Deno.test("a subscription that begins elsewhere than it says is not believed", async () => {
  const { network, gateway } = positions();
  await reconnect(network);
  network.connection.ack(17, { recovered: true });
  assert.equal(gateway.state.status, "waiting");
  gateway.close();
});

Deno.test("status is passed on, and nothing is trusted while there is no connection", async () => {
  const { network, table, gateway } = positions();
  const states: string[] = [];
  table.on("freshness", ({ state }) => states.push(state));
  const lastEventAt = "2026-01-31T12:00:01.003Z";
  network.connection.say({ type: "status", channel: "positions", state: "stale", lastEventAt });
  assert.deepEqual(table.freshness, { state: "stale", lastEventAt });
  await reconnect(network);
  network.connection.ack(10, { recovered: true });
  assert.deepEqual(states, ["stale", "offline", "fresh"]);
  gateway.close();
  assert.equal(table.freshness.state, "offline");
});

Deno.test("handlers that throw, reject or close do no harm to the table or to each other", async () => {
  const { network, table, changes, gateway } = positions();
  const other = gateway.table("positions");
  const boom = new Error("boom");
  table.on("change", () => {
    throw boom;
  });
  table.on("change", () => Promise.reject(boom));
  table.on("change", () => other.close());
  const after: number[] = [];
  table.on("change", ({ place }) => after.push(place.seq));
  network.connection.ack(10);
  network.connection.snapshot("positions", 10, [row(4, "a"), row(9, "b")]);
  network.connection.frame("positions", 11, [row(11, "c")]);
  network.connection.frame("positions", 12, [row(12, "d")]);
  await network.clock.advanceAsync(0);
  assert.deepEqual([[...table.keys()], after, changes.length], [
    ["a", "b", "c", "d"],
    [10, 11, 12],
    3,
  ]);
  assert.equal(network.reported.length, 6);
  gateway.close();
});

Deno.test("a handler that is added by a handler waits for the next announcement", () => {
  const { network, table, gateway } = positions();
  const calls: number[] = [];
  table.on("change", () => void table.on("change", ({ place }) => calls.push(place.seq)));
  network.connection.frame("positions", 11, [row(11, "a")]);
  assert.deepEqual(calls, []);
  network.connection.frame("positions", 12, [row(12, "a")]);
  assert.deepEqual(calls, [12]);
  gateway.close();
});

Deno.test("a table of alerts keeps the latest thousand", () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  const table = gateway.table("risk-alerts");
  network.connection.ack(0);
  network.connection.snapshot("risk-alerts", 0, []);
  const events = Array.from({ length: 1_200 }, (_, index) => row(index + 1, `alert-${index}`));
  network.connection.frame("risk-alerts", 1, events);
  assert.deepEqual([table.size, table.keys().next().value], [1_000, "alert-200"]);
  gateway.close();
});

Deno.test("a row is stale with its channel, or by itself when it promises to change", () => {
  const { network, table, gateway } = positions();
  assert.equal(table.staleSince("a"), undefined);
  network.clock.advance(29_000);
  assert.equal(table.staleSince("a"), undefined);
  network.connection.say({ type: "heartbeat", direction: "server", timestamp: 1_030_000 });
  assert.equal(table.staleSince("a"), 1_000_000);
  assert.equal(table.staleSince("nobody"), undefined);
  gateway.close();
});

Deno.test("a step of this machine's clock makes no row stale", () => {
  const { network, table, gateway } = positions();
  network.clock.epochMillis = () => 9_999_999_999_999;
  assert.equal(table.staleSince("a"), undefined);
  gateway.close();
});
