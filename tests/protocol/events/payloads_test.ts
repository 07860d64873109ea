import assert from "node:assert/strict";
import { PRODUCT_CHANNELS } from "../../../protocol/channel_set.ts";
import { type Channel, CHANNEL_SPECS, CHANNELS } from "../../../protocol/channels.ts";
import { MAX_ID_LENGTH, MAX_TEXT_LENGTH } from "../../../protocol/events/fields.ts";
import { draftEvent, draftRemoval, type EventDraft } from "../../../protocol/events/mod.ts";
import { MAX_VIOLATIONS } from "../../../protocol/events/risk_alert.ts";
import {
  DEFAULT_METRICS,
  EXAMPLES,
  METRICS,
  MONEY_METRICS,
  OPTIONAL_METRICS,
  without,
} from "./payloads.ts";

/** A draft without what folds read of it. */
function draftOf(...args: Parameters<typeof draftEvent>): EventDraft {
  return draftEvent(...args).draft;
}

const accepts = (channel: Channel, payload: unknown) =>
  CHANNEL_SPECS[channel].payload.safeParse(payload).success;

for (const channel of CHANNELS) {
  const { required, optional, defaults, money } = EXAMPLES[channel];
  const full = { ...required, ...defaults, ...optional };

  Deno.test(`a full payload of ${channel} is accepted as it is`, () => {
    assert.deepEqual(CHANNEL_SPECS[channel].payload.parse(full), full);
  });

  Deno.test(`a payload of ${channel} with nothing but what it needs gets its defaults`, () => {
    assert.deepEqual(CHANNEL_SPECS[channel].payload.parse(required), { ...required, ...defaults });
  });

  Deno.test(`every field of ${channel} that is needed is missed, every other is not`, () => {
    for (const key of Object.keys(required)) {
      assert.equal(accepts(channel, without(full, key)), false, key);
    }
    for (const key of Object.keys({ ...optional, ...defaults })) {
      assert.equal(accepts(channel, without(full, key)), true, key);
    }
  });

  Deno.test(`a key that ${channel} does not know is a fault`, () => {
    assert.equal(accepts(channel, { ...full, stopLosPrice: "1" }), false);
    assert.equal(accepts(channel, { ...full, timestamp: 1 }), false);
  });

  Deno.test(`money on ${channel} is never a float, an integer or an exponent`, () => {
    for (const key of money) {
      for (const value of [9750.25, 9750, "9.75e3", ""]) {
        assert.equal(accepts(channel, { ...full, [key]: value }), false, `${key}: ${value}`);
      }
    }
  });

  Deno.test(`ids and texts of ${channel} have their longest length`, () => {
    for (const [key, value] of Object.entries(full)) {
      if (!/^(id|traderId|symbol|code)$/.test(key) || typeof value !== "string") continue;
      assert.equal(accepts(channel, { ...full, [key]: "x".repeat(MAX_ID_LENGTH) }), true, key);
      assert.equal(accepts(channel, { ...full, [key]: "x".repeat(MAX_ID_LENGTH + 1) }), false, key);
      assert.equal(accepts(channel, { ...full, [key]: "" }), false, key);
    }
    for (const key of ["message", "reason", "source", "name"].filter((key) => key in full)) {
      assert.equal(accepts(channel, { ...full, [key]: "x".repeat(MAX_TEXT_LENGTH) }), true, key);
      assert.equal(accepts(channel, { ...full, [key]: "x".repeat(MAX_TEXT_LENGTH + 1) }), false);
    }
  });

  Deno.test(`times on ${channel} are in ISO-8601 with an offset`, () => {
    const key = "createdAt" in optional ? "createdAt" : "updatedAt";
    for (const time of ["2026-01-31T12:00:00", "2026-01-31", "noon", 1_769_860_800_000, ""]) {
      assert.equal(accepts(channel, { ...full, [key]: time }), false, String(time));
    }
  });
}

Deno.test("enumerations take the values of the contract and no others", () => {
  const values: readonly (readonly [Channel, string, readonly string[]])[] = [
    ["trader-status", "status", [
      ...["IDLE", "STARTING", "RUNNING", "PAUSED", "STOPPING", "STOPPED", "ERROR"],
    ]],
    ["positions", "action", ["LONG", "SHORT"]],
    ["positions", "status", ["OPEN", "UPDATED", "CLOSED"]],
    ["risk-alerts", "severity", ["INFO", "WARNING", "CRITICAL"]],
    ["risk-alerts", "recommendation", ["ALLOW", "WARN", "BLOCK", "EMERGENCY_STOP"]],
  ];
  for (const [channel, key, allowed] of values) {
    const { required } = EXAMPLES[channel];
    for (const value of allowed) assert.ok(accepts(channel, { ...required, [key]: value }), value);
    for (const value of ["OTHER", allowed[0]!.toLowerCase(), "", 1]) {
      assert.equal(accepts(channel, { ...required, [key]: value }), false, `${key}: ${value}`);
    }
  }
});

Deno.test("the metrics of a trader are checked like the rest", () => {
  const { required } = EXAMPLES["trader-status"];
  const withMetrics = (metrics: unknown) => accepts("trader-status", { ...required, metrics });
  const full = { ...METRICS, ...OPTIONAL_METRICS };
  const parsed = CHANNEL_SPECS["trader-status"].payload.parse({ ...required, metrics: {} });
  assert.deepEqual(parsed.metrics, DEFAULT_METRICS);
  for (const key of Object.keys(full)) {
    const counted = /^(winning|losing|total)Trades$/.test(key);
    const rest = counted ? { ...without(full, key), winningTrades: 0, losingTrades: 0 } : full;
    assert.equal(withMetrics(without(rest, key)), true, key);
  }
  for (const key of MONEY_METRICS) assert.equal(withMetrics({ ...full, [key]: 1.5 }), false, key);
  for (
    const wrong of [{ uptime: "15s" }, { totalTrades: -1 }, { totalTrades: 1.5 }, { extra: 1 }]
  ) {
    assert.equal(withMetrics({ ...full, ...wrong }), false, JSON.stringify(wrong));
  }
});

Deno.test("metrics are within the bounds that the deployed class checks", () => {
  const { required } = EXAMPLES["trader-status"];
  const withMetrics = (metrics: unknown) => accepts("trader-status", { ...required, metrics });
  const good = [
    { totalTrades: 2_147_483_647, signalsExecuted: 2_147_483_647 },
    { totalTrades: 3, winningTrades: 1, losingTrades: 2 },
    { totalProfit: "0", totalLoss: "-0.00", netProfit: "-5", averageLoss: "-1", maxDrawdown: "-1" },
    { winRate: 0 },
    { winRate: 1 },
    ...["BUY", "SELL", "HOLD", "CLOSE"].map((lastSignalAction) => ({ lastSignalAction })),
    { startTime: "2026-01-31T12:00:00.123456789Z", uptime: "PT-1.5S" },
    { profitFactor: 1.0E300, sharpeRatio: -1.0E20 },
  ];
  for (const metrics of good) assert.equal(withMetrics(metrics), true, JSON.stringify(metrics));
  const bad = [
    { totalTrades: 2_147_483_648 },
    { closeSignalsExecuted: 4_294_967_296 },
    { totalTrades: 2, winningTrades: 1, losingTrades: 2 },
    { totalProfit: "-0.01" },
    { totalLoss: "-60.10" },
    { winRate: 1.01 },
    { winRate: -0.01 },
    { lastSignalAction: "CLOSE_LONG" },
    { lastSignalAction: "buy" },
    { startTime: "2026-01-31T12:00:00.1234567891Z" },
    { uptime: "P1Y2M" },
  ];
  for (const metrics of bad) assert.equal(withMetrics(metrics), false, JSON.stringify(metrics));
});

Deno.test("the violations of an alert are of known types, flat, and not too many", () => {
  const { required } = EXAMPLES["risk-alerts"];
  const violation = { type: "BUDGET", message: "m", details: {} };
  const withAll = (violations: unknown) => accepts("risk-alerts", { ...required, violations });
  for (const type of ["BUDGET", "LEVERAGE", "EXPOSURE", "DAILY_LOSS", "STOP_LOSS", "EMERGENCY"]) {
    assert.equal(withAll([{ ...violation, type }]), true, type);
  }
  assert.equal(withAll([{ ...violation, type: "UNKNOWN" }]), true);
  assert.equal(withAll([{ ...violation, type: "WEATHER" }]), false);
  assert.equal(withAll([{ ...violation, details: { nested: {} } }]), false);
  assert.equal(withAll([{ ...violation, extra: 1 }]), false);
  assert.equal(withAll([]), true);
  assert.equal(withAll(new Array(MAX_VIOLATIONS).fill(violation)), true);
  assert.equal(withAll(new Array(MAX_VIOLATIONS + 1).fill(violation)), false);
});

const NOON = Date.parse("2026-01-31T12:00:00Z");

Deno.test("outgoing data ends with its ISO time and the same time in epoch ms", () => {
  for (const channel of CHANNELS) {
    const { required, optional } = EXAMPLES[channel];
    const draft = draftOf(
      PRODUCT_CHANNELS.get(channel),
      CHANNEL_SPECS[channel].payload.parse({ ...required, ...optional }),
      0,
    );
    const data = JSON.parse(draft.data);
    const timeKey = "createdAt" in optional ? "createdAt" : "updatedAt";
    assert.deepEqual(Object.keys(data).slice(-2), [timeKey, "timestamp"], channel);
    assert.equal(data[timeKey], optional[timeKey]);
    assert.equal(data.timestamp, Date.parse(optional[timeKey] as string));
    assert.equal(draft.time, optional[timeKey]);
  }
});

Deno.test("times default to now, and a price's id to its symbol in upper case", () => {
  const { required } = EXAMPLES["market-data"];
  const draft = draftOf(
    PRODUCT_CHANNELS.get("market-data"),
    CHANNEL_SPECS["market-data"].payload.parse(required),
    NOON,
  );
  assert.equal(draft.key, "BTCUSDT");
  assert.deepEqual(JSON.parse(draft.data), {
    id: "BTCUSDT",
    ...required,
    isSnapshot: false,
    updatedAt: "2026-01-31T12:00:00.000Z",
    timestamp: NOON,
  });
});

Deno.test("only a closed position ends its key", () => {
  for (const channel of CHANNELS) {
    const draft = draftOf(
      PRODUCT_CHANNELS.get(channel),
      CHANNEL_SPECS[channel].payload.parse(EXAMPLES[channel].required),
      NOON,
    );
    assert.equal("ends" in draft, false, channel);
  }
  const closed = { ...EXAMPLES.positions.required, status: "CLOSED" };
  assert.equal(
    draftOf(
      PRODUCT_CHANNELS.get("positions"),
      CHANNEL_SPECS.positions.payload.parse(closed),
      NOON,
    ).ends,
    "closed",
  );
  const stopped = { ...EXAMPLES["trader-status"].required, status: "STOPPED" };
  const trader = draftOf(
    PRODUCT_CHANNELS.get("trader-status"),
    CHANNEL_SPECS["trader-status"].payload.parse(stopped),
    NOON,
  );
  assert.equal("ends" in trader, false);
});

Deno.test("a removal ends its key and names it", () => {
  const draft = draftRemoval(PRODUCT_CHANNELS.get("positions"), "pos-1", NOON);
  assert.equal(draft.ends, "removed");
  assert.equal(draft.key, "pos-1");
  assert.equal(draft.channel, "positions");
});

Deno.test("a position is active unless it is closed, when it does not say", () => {
  const isActive = (fields: object) => {
    const payload = CHANNEL_SPECS.positions.payload.parse({
      ...EXAMPLES.positions.required,
      ...fields,
    });
    return JSON.parse(draftOf(PRODUCT_CHANNELS.get("positions"), payload, NOON).data).isActive;
  };
  assert.equal(isActive({}), true);
  assert.equal(isActive({ status: "UPDATED" }), true);
  assert.equal(isActive({ status: "CLOSED" }), false);
  assert.equal(isActive({ status: "CLOSED", isActive: true }), true, "what it says counts");
});

Deno.test("an alert that concerns nobody says so", () => {
  const { required } = EXAMPLES["risk-alerts"];
  const dataOf = (fields: object) => {
    const payload = CHANNEL_SPECS["risk-alerts"].payload.parse({ ...required, ...fields });
    return JSON.parse(draftOf(PRODUCT_CHANNELS.get("risk-alerts"), payload, NOON).data);
  };
  assert.equal(dataOf({}).traderId, null);
  assert.deepEqual(Object.keys(dataOf({})).slice(0, 2), ["id", "traderId"]);
  assert.equal(dataOf({ traderId: "42" }).traderId, "42");
});
