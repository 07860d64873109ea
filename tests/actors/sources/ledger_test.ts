import assert from "node:assert/strict";
import fc from "fast-check";
import { Ledger } from "../../../actors/sources/ledger.ts";
import { Big } from "../../../actors/sources/money.ts";

const opened = { at: 1_000, time: "2026-01-01T00:00:01.000Z" };

Deno.test("Ledger adds up exactly, whatever is booked", () => {
  const cents = fc.array(fc.integer({ min: -1e9, max: 1e9 }), { maxLength: 50 });
  fc.assert(fc.property(cents, (trades) => {
    const ledger = new Ledger(opened);
    for (const trade of trades) ledger.record(new Big(trade).div(1_000));
    const metrics = ledger.metrics({ at: 16_000, time: "2026-01-01T00:00:16.000Z" });
    assert.equal(metrics.totalTrades, trades.length);
    assert.equal(metrics.totalTrades, metrics.winningTrades + metrics.losingTrades);
    const net = new Big(metrics.totalProfit).minus(metrics.totalLoss);
    assert.ok(net.eq(metrics.netProfit));
    assert.ok(net.eq(new Big(trades.reduce((sum, trade) => sum + trade, 0)).div(1_000)));
    assert.ok(new Big(metrics.totalLoss).gte(0) && new Big(metrics.maxDrawdown).gte(0));
    assert.ok(metrics.winRate >= 0 && metrics.winRate <= 1);
    assert.equal(metrics.uptime, "PT15S");
  }));
});

Deno.test("Ledger knows its averages, its drawdown and its last signal", () => {
  const ledger = new Ledger(opened);
  const empty = ledger.metrics(opened);
  assert.equal(empty.averageProfit, "0.00");
  assert.equal(empty.profitFactor, undefined);
  assert.equal(empty.sharpeRatio, undefined);
  assert.equal(empty.uptime, "PT0S");
  for (const amount of ["10", "-4", "-3", "6"]) ledger.record(new Big(amount));
  ledger.signal({ action: "BUY", confidence: 0.9 }, false, opened);
  ledger.signal({ action: "CLOSE", confidence: 0.7 }, true, opened);
  const metrics = ledger.metrics(opened);
  assert.equal(metrics.averageProfit, "8.00");
  assert.equal(metrics.averageLoss, "3.50");
  assert.equal(metrics.maxDrawdown, "7.00");
  assert.equal(metrics.profitFactor, 2.2857);
  assert.equal(metrics.winRate, 0.5);
  assert.equal(metrics.sharpeRatio, 0.3285);
  assert.equal(metrics.signalsExecuted, 1);
  assert.equal(metrics.closeSignalsExecuted, 1);
  assert.equal(metrics.lastSignalAction, "CLOSE");
  assert.equal(metrics.lastSignalTime, opened.time);
});
