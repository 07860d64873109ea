import assert from "node:assert/strict";
import fc from "fast-check";
import { Big } from "../../../actors/sources/money.ts";
import { PaperPosition, type PositionTerms } from "../../../actors/sources/paper_position.ts";

const now = { at: 0, time: "2026-01-01T00:00:00.000Z" };

function terms(action: "LONG" | "SHORT"): PositionTerms {
  const direction = action === "LONG" ? 1 : -1;
  return {
    id: "p1",
    traderId: "t1",
    symbol: "BTCUSDT",
    action,
    quantity: new Big("0.3"),
    entryPrice: new Big(100),
    stopLossPrice: new Big(100 - 2 * direction),
    takeProfitPrice: new Big(100 + 4 * direction),
    trailAfter: new Big(2),
    trailDistance: new Big(1),
  };
}

Deno.test("PaperPosition opens, is updated and closes with its realised profit", () => {
  const position = new PaperPosition(terms("LONG"));
  assert.equal(position.toEvent(now).data.status, "OPEN");
  assert.equal(position.mark(new Big("100.7")), undefined);
  const updated = position.toEvent(now).data;
  assert.equal(updated.status, "UPDATED");
  assert.equal(updated.unrealizedPnL, "0.21");
  assert.equal(updated.realizedPnL, undefined);
  position.close("SIGNAL");
  const closed = position.toEvent(now).data;
  assert.equal(closed.status, "CLOSED");
  assert.equal(closed.isActive, false);
  assert.equal(closed.realizedPnL, "0.21");
  assert.equal(closed.unrealizedPnL, "0.00");
  assert.equal(closed.reason, "SIGNAL");
  assert.ok(position.notional.eq(0));
});

Deno.test("PaperPosition says when its stop or its target is reached, in both directions", () => {
  for (const [action, sign] of [["LONG", 1], ["SHORT", -1]] as const) {
    assert.equal(new PaperPosition(terms(action)).mark(new Big(100 - 2 * sign)), "STOP_LOSS");
    assert.equal(new PaperPosition(terms(action)).mark(new Big(100 + 4 * sign)), "TAKE_PROFIT");
    const trailed = new PaperPosition(terms(action));
    assert.equal(trailed.mark(new Big(100 + 3 * sign)), undefined);
    assert.equal(trailed.toEvent(now).data.stopLossPrice, String(100 + 2 * sign));
    assert.equal(trailed.mark(new Big(100 + 2 * sign)), "TRAILING_STOP");
  }
});

Deno.test("PaperPosition never moves its stop away from the price it protects", () => {
  const moves = fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 60 });
  fc.assert(fc.property(fc.constantFrom("LONG" as const, "SHORT" as const), moves, (action, m) => {
    const position = new PaperPosition(terms(action));
    const sign = action === "LONG" ? 1 : -1;
    let stop = Number(position.toEvent(now).data.stopLossPrice);
    let price = new Big(100);
    for (const move of m) {
      price = price.plus(new Big(move).div(100));
      position.mark(price);
      const next = Number(position.toEvent(now).data.stopLossPrice);
      assert.ok((next - stop) * sign >= 0);
      stop = next;
    }
  }));
});
