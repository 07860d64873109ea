/**
 * Several tables and logs of one channel: each has the result that it would have alone.
 *
 * @module
 */
import assert from "node:assert/strict";
import { settle } from "../../support/test_clock.ts";
import { EPOCH, FakeNetwork, row } from "./fake_network.ts";

/** What the last subscription asked for. */
function asked(network: FakeNetwork) {
  const { name: _, ...options } = network.connection.last("subscribe")["channels"][0];
  return options;
}

Deno.test("there is one subscription, with a filter that is wide enough for everybody", () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  const btc = gateway.table("positions", {
    filter: { symbols: ["BTC"], traderIds: ["1"] },
    intervalMs: 500,
  });
  network.connection.ack(0);
  network.connection.snapshot("positions", 0, []);
  const eth = gateway.table("positions", {
    filter: { symbols: ["ETH"] },
    intervalMs: 250,
    conflate: true,
  });
  assert.deepEqual(asked(network), {
    filter: { symbols: ["BTC", "ETH"] },
    intervalMs: 250,
    snapshot: true,
  });
  network.connection.ack(0);
  network.connection.snapshot("positions", 0, []);
  network.connection.frame("positions", 1, [
    row(1, "a", { symbol: "btc", traderId: "1" }),
    row(2, "b", { symbol: "BTC", traderId: "2" }),
    row(3, "c", { symbol: "ETH", traderId: "2" }),
    { seq: 4, timestamp: 1, data: { id: "a", removed: true } },
  ]);
  assert.deepEqual([[...btc.keys()], [...eth.keys()]], [[], ["c"]]);
  assert.deepEqual(btc.account, { delivered: 2, skipped: 0, filtered: 2, resyncs: 0 });
  assert.deepEqual(eth.account, { delivered: 2, skipped: 0, filtered: 2, resyncs: 0 });
  eth.close();
  assert.deepEqual(asked(network), {
    filter: { symbols: ["BTC"], traderIds: ["1"] },
    intervalMs: 500,
  });
  gateway.close();
});

Deno.test("a table that comes later gets a snapshot, and a log beside it misses nothing", async () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  const log = gateway.log("positions");
  const numbers: number[] = [];
  (async () => {
    for await (const { seq } of log) numbers.push(seq);
  })();
  network.connection.ack(10);
  network.connection.frame("positions", 11, [row(11, "a")]);
  const table = gateway.table("positions");
  assert.deepEqual(asked(network), { snapshot: true });
  // The subscription moves on to 15: the log has to go back for 12 to 15.
  network.connection.ack(15);
  network.connection.snapshot("positions", 15, [row(11, "a"), row(15, "b")]);
  assert.deepEqual(asked(network), { since: { epoch: EPOCH, seq: 11 } });
  network.connection.ackUnsubscribe();
  network.connection.ack(11, { recovered: true });
  const changes: number[] = [];
  table.on("change", ({ place }) => changes.push(place.seq));
  network.connection.frame("positions", 12, [row(12, "b"), row(13, "b"), row(14, "b")]);
  assert.deepEqual(changes, [], "the table is past these");
  network.connection.frame("positions", 15, [row(15, "b"), row(16, "c")]);
  await settle();
  assert.deepEqual([numbers, changes], [[11, 12, 13, 14, 15, 16], [16]]);
  assert.deepEqual([[...table.keys()], table.account.delivered], [["a", "b", "c"], 1]);
  gateway.close();
});

Deno.test("a log that begins in the past does not change a table beside it", async () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  const table = gateway.table("positions");
  network.connection.ack(10);
  network.connection.snapshot("positions", 10, [row(9, "a")]);
  const changes: number[] = [];
  table.on("change", ({ place }) => changes.push(place.seq));
  const log = gateway.log("positions", { since: { epoch: EPOCH, seq: 7 } });
  assert.deepEqual(asked(network), { since: { epoch: EPOCH, seq: 7 } });
  network.connection.ackUnsubscribe();
  network.connection.ack(7, { recovered: true });
  network.connection.frame("positions", 8, [row(8, "a"), row(9, "a"), row(10, "z")]);
  assert.deepEqual([changes, [...table.keys()]], [[], ["a"]]);
  assert.equal((await log.next()).value.seq, 8);
  gateway.close();
});

Deno.test("a log that ends with a Gap leaves a table beside it, which begins anew", async () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  const table = gateway.table("risk-alerts");
  network.connection.ack(10);
  network.connection.snapshot("risk-alerts", 10, [row(9, "a")]);
  const log = gateway.log("risk-alerts", { since: { epoch: "e0", seq: 99 } });
  network.connection.ackUnsubscribe();
  network.connection.ack(12, { recovered: false });
  await assert.rejects(log.next(), { code: "gap", reason: "epoch_changed" });
  network.connection.snapshot("risk-alerts", 12, [row(9, "a"), row(12, "b")]);
  assert.deepEqual([...table.keys()], ["a", "b"]);
  network.connection.frame("risk-alerts", 13, [row(13, "c")]);
  assert.deepEqual([...table.keys()], ["a", "b", "c"]);
  gateway.close();
});

Deno.test("a log ahead of the subscription has its place confirmed, and the table then catches up", async () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  const table = gateway.table("positions");
  network.connection.ack(10);
  network.connection.snapshot("positions", 10, []);
  const log = gateway.log("positions", { since: { epoch: EPOCH, seq: 12 } });
  network.connection.ackUnsubscribe();
  network.connection.ack(12, { recovered: true });
  assert.deepEqual(asked(network), { since: { epoch: EPOCH, seq: 10 } });
  network.connection.ackUnsubscribe();
  network.connection.ack(10, { recovered: true });
  network.connection.frame("positions", 11, [row(11, "a"), row(12, "b"), row(13, "c")]);
  assert.deepEqual([...table.keys()], ["a", "b", "c"]);
  assert.equal((await log.next()).value.seq, 13);
  gateway.close();
});

Deno.test("what is closed before its answer came leaves nothing behind", () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  gateway.table("positions").close();
  network.connection.ack(10);
  network.connection.snapshot("positions", 10, [row(9, "a")]);
  assert.equal(network.connection.requests("unsubscribe").length, 1);
  network.connection.ackUnsubscribe();
  const table = gateway.table("positions");
  network.connection.ack(10);
  network.connection.snapshot("positions", 10, [row(9, "a")]);
  assert.deepEqual([...table.keys()], ["a"]);
  gateway.close();
});
