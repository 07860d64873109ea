import assert from "node:assert/strict";
import { PRODUCT_CHANNELS } from "../../../protocol/channel_set.ts";
import { type Channel, CHANNELS } from "../../../protocol/channels.ts";
import {
  type EventAttributes,
  readAttributes,
  shareAttributes,
} from "../../../protocol/events/attributes.ts";
import { parseSubmission } from "../../../protocol/publish.ts";
import { marketData, position, removal, riskAlert, traderStatus } from "../../support/events.ts";

const NOW = Date.parse("2026-01-31T12:00:00Z");

const PUBLISHED: Readonly<Record<Channel, readonly [unknown, EventAttributes]>> = {
  "risk-alerts": [
    riskAlert("a", { traderId: "42", severity: "CRITICAL" }),
    { traderId: "42", severity: 2 },
  ],
  "system-warnings": [
    {
      channel: "system-warnings",
      data: { id: "w", severity: "WARNING", code: "X", message: "m", details: {} },
    },
    { severity: 1 },
  ],
  "trader-status": [traderStatus("42", { symbol: "ethusdt" }), {
    symbol: "ETHUSDT",
    traderId: "42",
  }],
  "positions": [position("p"), { symbol: "BTCUSDT", traderId: "42" }],
  "market-data": [marketData("btcusdt", "1"), { symbol: "BTCUSDT" }],
};

for (const channel of CHANNELS) {
  Deno.test(`an event of ${channel} brings what filters read of it, as its JSON tells`, () => {
    const [body, expected] = PUBLISHED[channel];
    const parsed = parseSubmission(body, "event", NOW);
    assert.ok(parsed.ok, JSON.stringify(parsed));
    const { attributes, draft } = parsed.submission;
    assert.deepEqual(attributes, expected);
    const { filterFields } = PRODUCT_CHANNELS.get(channel);
    assert.deepEqual(readAttributes(JSON.parse(draft.data), filterFields), expected);
  });
}

Deno.test("a removal brings nothing: it passes every filter", () => {
  const parsed = parseSubmission(removal("positions", "p"), "event", NOW);
  assert.ok(parsed.ok);
  assert.deepEqual(Object.keys(parsed.submission), ["draft"]);
});

Deno.test("only alerts keep their data as a value", () => {
  for (const channel of CHANNELS) {
    const parsed = parseSubmission(PUBLISHED[channel][0], "event", NOW);
    assert.ok(parsed.ok);
    const { alert, draft } = parsed.submission;
    assert.deepEqual(alert, channel === "risk-alerts" ? JSON.parse(draft.data) : undefined);
  }
});

Deno.test("equal attributes are held once", () => {
  const known = { symbol: "A", traderId: "1" };
  assert.equal(shareAttributes(known, { symbol: "A", traderId: "1" }), known);
  for (
    const other of [{ symbol: "B", traderId: "1" }, { symbol: "A" }, { ...known, severity: 0 }]
  ) {
    assert.equal(shareAttributes(known, other), other);
  }
  assert.equal(shareAttributes(known, undefined), undefined);
  assert.equal(shareAttributes(undefined, known), known);
});
