import assert from "node:assert/strict";
import type { LoggedEvent } from "../../../actors/stream/channel_log.ts";
import { EventFilter } from "../../../actors/stream/event_filter.ts";
import { PRODUCT_CHANNELS } from "../../../protocol/channel_set.ts";
import type { Channel } from "../../../protocol/channels.ts";
import type { Filter } from "../../../protocol/v2/client_message.ts";
import { type EventOptions, storedEvent } from "../../support/stream_fixture.ts";

function logged(channel: Channel, key: string, options: EventOptions = {}): LoggedEvent {
  const v1 = { text: "", bytes: 0, replayAt: 0, skippedAt: 0 };
  const stored = storedEvent(channel, 1, key, options);
  return { stored, seq: 1, v1, dataBytes: stored.data.length, attributes: undefined };
}

const filterOf = (filter: Filter, channel: Channel) =>
  new EventFilter(filter, PRODUCT_CHANNELS.get(channel).filterFields);

const admits = (filter: Filter, channel: Channel, fields: EventOptions["fields"], key = "k") =>
  filterOf(filter, channel).admits(logged(channel, key, { fields: fields! }));

Deno.test("symbols are compared without regard to their case", () => {
  const filter = { symbols: ["btcUSDT"] };
  assert.equal(admits(filter, "market-data", { symbol: "BTCusdt" }), true);
  assert.equal(admits(filter, "market-data", { symbol: "ETHUSDT" }), false);
  assert.equal(admits(filter, "positions", { symbol: "BTCUSDT", traderId: "1" }), true);
  assert.equal(admits(filter, "trader-status", { symbol: "SOLUSDT" }), false);
});

Deno.test("a trader is named by traderId, on trader-status by the id; its case matters", () => {
  const filter = { traderIds: ["t1"] };
  assert.equal(admits(filter, "positions", { traderId: "t1" }), true);
  assert.equal(admits(filter, "positions", { traderId: "T1" }), false);
  assert.equal(admits(filter, "trader-status", {}, "t1"), true);
  assert.equal(admits(filter, "trader-status", {}, "t2"), false);
  // The id of a position is not that of a trader.
  assert.equal(admits(filter, "positions", { traderId: "t2" }, "t1"), false);
});

Deno.test("a severity admits itself and what is graver", () => {
  const admitted = (minSeverity: Filter["minSeverity"]) =>
    ["INFO", "WARNING", "CRITICAL"].filter((severity) =>
      admits({ minSeverity }, "risk-alerts", { severity })
    );
  assert.deepEqual(admitted("INFO"), ["INFO", "WARNING", "CRITICAL"]);
  assert.deepEqual(admitted("WARNING"), ["WARNING", "CRITICAL"]);
  assert.deepEqual(admitted("CRITICAL"), ["CRITICAL"]);
});

Deno.test("every condition must hold", () => {
  const filter = { symbols: ["BTC"], traderIds: ["t1", "t2"] };
  assert.equal(admits(filter, "positions", { symbol: "BTC", traderId: "t2" }), true);
  assert.equal(admits(filter, "positions", { symbol: "BTC", traderId: "t3" }), false);
  assert.equal(admits(filter, "positions", { symbol: "ETH", traderId: "t1" }), false);
});

Deno.test("a condition about something that an event does not have excludes nothing", () => {
  const filter: Filter = { symbols: ["BTC"], traderIds: ["t1"], minSeverity: "CRITICAL" };
  assert.equal(admits(filter, "risk-alerts", { severity: "CRITICAL" }), true);
  assert.equal(admits(filter, "market-data", { symbol: "BTC" }), true);
  assert.equal(admits(filter, "risk-alerts", { severity: "WARNING" }), false);
});

Deno.test("a removal always passes: whoever holds the key must learn that it is gone", () => {
  const wanted: Filter = { symbols: ["BTC"], traderIds: ["t1"], minSeverity: "CRITICAL" };
  for (const channel of ["positions", "trader-status", "market-data"] as const) {
    const filter = filterOf(wanted, channel);
    assert.equal(filter.admits(logged(channel, "x", { ends: "removed" })), true, channel);
  }
});

Deno.test("a closing is judged like any state", () => {
  const closed = (symbol: string) =>
    logged("positions", "p", { ends: "closed", fields: { symbol } });
  const filter = filterOf({ symbols: ["BTC"] }, "positions");
  assert.deepEqual([closed("BTC"), closed("ETH")].map((it) => filter.admits(it)), [true, false]);
});

Deno.test("filters that admit the same have the same key, whatever their order, case and repeats", () => {
  const key = (filter: Filter) => filterOf(filter, "positions").key;
  const one = key({ symbols: ["BTC", "ETH"], traderIds: ["1", "2"] });
  assert.equal(key({ traderIds: ["2", "1", "2"], symbols: ["eth", "btc", "BTC"] }), one);
  const others: readonly Filter[] = [
    { symbols: ["BTC", "ETH"] },
    { symbols: ["1", "2"], traderIds: ["BTC", "ETH"] },
    { symbols: ["BTC,ETH"], traderIds: ["1", "2"] },
    { symbols: ["BTC", "ETH"], traderIds: ["1", "2"], minSeverity: "WARNING" },
  ];
  assert.equal(new Set([one, ...others.map(key)]).size, others.length + 1);
});

Deno.test("what an event says is read once, for all filters", () => {
  const event = logged("market-data", "BTC", { fields: { symbol: "BTC" } });
  const parse = JSON.parse;
  let parsed = 0;
  JSON.parse = (...rest) => {
    parsed += 1;
    return parse(...rest);
  };
  try {
    for (const symbol of ["BTC", "ETH", "SOL"]) {
      filterOf({ symbols: [symbol] }, "market-data").admits(event);
    }
  } finally {
    JSON.parse = parse;
  }
  assert.equal(parsed, 1);
});
