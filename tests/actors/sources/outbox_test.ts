import assert from "node:assert/strict";
import { Outbox } from "../../../actors/sources/outbox.ts";
import type { MarketDataEvent } from "../../../actors/sources/publish.ts";

function price(symbol: string, amount: string): MarketDataEvent {
  return {
    channel: "market-data",
    data: { symbol, price: amount, source: "test", isSnapshot: false },
  };
}

const prices = (batch: readonly unknown[]) =>
  (batch as MarketDataEvent[]).map(({ data }) => `${data.symbol}=${data.price}`);

Deno.test("Outbox keeps the latest event of each key, in the order of those that remain", () => {
  const outbox = new Outbox();
  for (const event of [price("A", "1"), price("B", "1"), price("A", "2")]) outbox.add(event);
  assert.deepEqual(prices(outbox.take(10)), ["B=1", "A=2"]);
  assert.equal(outbox.size, 0);
});

Deno.test("Outbox puts back what failed, unless something newer came", () => {
  const outbox = new Outbox();
  for (const event of [price("A", "1"), price("B", "1")]) outbox.add(event);
  const failed = outbox.take(10);
  for (const event of [price("C", "1"), price("B", "2")]) outbox.add(event);
  outbox.putBack(failed);
  assert.deepEqual(prices(outbox.take(2)), ["A=1", "C=1"]);
  assert.deepEqual(prices(outbox.take(2)), ["B=2"]);
});

Deno.test("Outbox gives up the oldest key when it is full, and counts it", () => {
  const outbox = new Outbox(2);
  for (const symbol of ["A", "B", "C"]) outbox.add(price(symbol, "1"));
  assert.equal(outbox.lost, 1);
  assert.deepEqual(prices(outbox.take(10)), ["B=1", "C=1"]);
});
