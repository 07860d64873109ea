import assert from "node:assert/strict";
import {
  type ClosedPosition,
  ClosedTrades,
  MAX_CLOSED_TRADES,
} from "../../../../routes/pages/logic/closed_trades.ts";

function closed(id: string, timestamp: number, realizedPnL?: string): ClosedPosition {
  return {
    id,
    traderId: "t",
    symbol: "BTCUSDT",
    action: "LONG",
    quantity: "1",
    entryPrice: "1",
    currentPrice: "1",
    unrealizedPnL: "0",
    status: "CLOSED",
    trailingStopActivated: false,
    timestamp,
    updatedAt: new Date(timestamp).toISOString(),
    ...(realizedPnL !== undefined && { realizedPnL }),
  };
}

Deno.test("ClosedTrades sums up what trades came to, exactly, each of them once", () => {
  const trades = new ClosedTrades(0);
  assert.equal(trades.add(closed("a", 1, "0.1")), true);
  assert.equal(trades.add(closed("b", 2, "-0.3")), true);
  assert.equal(trades.add(closed("a", 1, "0.1")), false, "from history and from the stream");
  assert.equal(trades.add(closed("c", 3)), true);
  assert.deepEqual([trades.realized, trades.winners, trades.trades.size], ["-0.2", 1, 3]);
});

Deno.test("ClosedTrades counts an id that was opened and closed again twice", () => {
  const trades = new ClosedTrades(0);
  trades.add(closed("a", 1, "1"));
  trades.add(closed("a", 2, "2"));
  assert.deepEqual([trades.realized, trades.trades.size], ["3", 2]);
});

Deno.test("ClosedTrades takes neither what is open nor what was closed before", () => {
  const trades = new ClosedTrades(100);
  assert.equal(trades.add({ ...closed("a", 200, "1"), status: "UPDATED" }), false);
  assert.equal(trades.add(closed("b", 99, "1")), false);
  assert.equal(trades.add(closed("c", 100, "1")), true);
});

Deno.test("ClosedTrades forgets yesterday's when a day begins", () => {
  const trades = new ClosedTrades(0);
  trades.add(closed("a", 1, "1"));
  trades.add(closed("b", 50, "2"));
  trades.begin(50);
  assert.deepEqual([trades.realized, trades.winners, trades.trades.size], ["2", 1, 1]);
});

Deno.test("ClosedTrades keeps the latest when there are too many", () => {
  const trades = new ClosedTrades(0);
  for (let at = 0; at <= MAX_CLOSED_TRADES; at += 1) trades.add(closed("a", at, "1"));
  assert.equal(trades.trades.size, MAX_CLOSED_TRADES);
  assert.equal(trades.trades.has("a@0"), false);
  assert.equal(trades.realized, `${MAX_CLOSED_TRADES}`);
});
