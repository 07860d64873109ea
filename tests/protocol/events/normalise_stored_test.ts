import assert from "node:assert/strict";
import fc from "fast-check";
import { PRODUCT_CHANNELS } from "../../../protocol/channel_set.ts";
import type { Channel } from "../../../protocol/channels.ts";
import { normaliseStored, type StoredPayload } from "../../../protocol/events/normalise_stored.ts";
import { parseSubmission } from "../../../protocol/publish.ts";
import { CORE_PAYLOADS } from "../../support/core_payloads.ts";
import { payloadFault } from "../../support/decode_v1_payloads.ts";
import { riskAlert, traderMetrics, traderStatus } from "../../support/events.ts";

type Fields = Readonly<Record<string, unknown>>;

const TIME = "2026-11-23T12:00:00Z";

function stored(channel: Channel, payload: Fields, time = TIME) {
  return { channel, time, data: JSON.stringify(payload) };
}

function normalise<E extends StoredPayload & { readonly channel: Channel }>(event: E): E {
  return normaliseStored(event, PRODUCT_CHANNELS.get(event.channel).repair);
}

/** Data of an event as it is read. */
function read(channel: Channel, payload: Fields, time = TIME): Fields {
  return JSON.parse(normalise(stored(channel, payload, time)).data) as Fields;
}

function trader(metrics: Fields): Fields {
  const { data } = traderStatus("7", { metrics: traderMetrics(metrics) });
  return { ...data, updatedAt: TIME, timestamp: Date.parse(TIME) };
}

/** The metrics of a stored trader as they are read. */
function readMetrics(metrics: Fields): Fields {
  const data = read("trader-status", trader(metrics));
  assert.equal(payloadFault("trader-status", data), undefined);
  return data["metrics"] as Fields;
}

Deno.test("what is accepted today is read as it was stored, the object itself", () => {
  const violation = {
    type: "BUDGET",
    message: 'a text like ":1 or "traderId": changes nothing',
    details: { n: 1, none: null, text: '":true' },
  };
  const events = [
    ...CORE_PAYLOADS,
    riskAlert("a", { violations: [violation], message: '{"id":"x","n":1}' }),
    traderStatus("7", { metrics: traderMetrics({ totalLoss: "-0.00" }) }),
  ];
  for (const { channel, data } of events) {
    const result = parseSubmission({ channel, data }, "e", 0);
    assert.ok(result.ok);
    const event = { ...result.submission.draft };
    assert.equal(normalise(event), event, event.data);
  }
});

Deno.test("property: alerts with any details are read as they were stored, or decode after it", () => {
  const value = fc.oneof(fc.string(), fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
  const details = fc.dictionary(fc.string({ minLength: 1 }), value);
  const alert = fc.record({ message: fc.string(), details, traderId: fc.option(fc.string()) });
  fc.assert(fc.property(alert, ({ message, details, traderId }) => {
    const violations = [{ type: "BUDGET", message, details }];
    const time = { createdAt: TIME, timestamp: Date.parse(TIME) };
    const { data } = riskAlert("a", { message, violations });
    const { traderId: _own, ...rest } = data as Fields & { traderId: string };
    const who = traderId === null ? {} : { traderId };
    const { id, ...others } = rest as Fields & { id: string };
    const event = stored("risk-alerts", { id, ...who, ...others, ...time });
    const normal = normalise(event);
    assert.equal(payloadFault("risk-alerts", JSON.parse(normal.data)), undefined);
    assert.equal(normalise(normal), normal, "twice changes nothing more");
    const sound = traderId !== null &&
      Object.values(details).every((one) => one === null || typeof one === "string");
    return !sound || normal === event;
  }));
});

Deno.test("an older alert without a trader says so, in the place where alerts say it", () => {
  const { traderId: _, ...alert } = riskAlert("a").data as Fields & { traderId: string };
  const data = read("risk-alerts", { ...alert, createdAt: TIME, timestamp: 0 });
  assert.deepEqual(Object.keys(data).slice(0, 2), ["id", "traderId"]);
  assert.equal(data["traderId"], null);
  assert.equal(payloadFault("risk-alerts", data), undefined);
});

Deno.test("numbers and booleans in older details are read as text", () => {
  const details = { count: 3, share: 0.5, final: true, none: null, text: "1" };
  const warning = { id: "w", severity: "WARNING", code: "C", message: "m", details };
  const data = read("system-warnings", { ...warning, createdAt: TIME, timestamp: 0 });
  assert.deepEqual(data["details"], {
    count: "3",
    share: "0.5",
    final: "true",
    none: null,
    text: "1",
  });
  assert.equal(payloadFault("system-warnings", data), undefined);
});

Deno.test("older metrics are read within the bounds of the deployed class", () => {
  const cases: readonly (readonly [stored: Fields, read: Fields])[] = [
    [{ totalLoss: "-60.10" }, { totalLoss: "60.10" }],
    [{ totalProfit: "-1.5" }, { totalProfit: "0" }],
    [{ netProfit: "-1.5", averageLoss: "-2" }, { netProfit: "-1.5", averageLoss: "-2" }],
    [{ lastSignalAction: "CLOSE_LONG" }, { lastSignalAction: "CLOSE" }],
    [{ lastSignalAction: "close_short" }, { lastSignalAction: "CLOSE" }],
    [{ lastSignalAction: "buy" }, { lastSignalAction: "BUY" }],
    [{ lastSignalAction: "REDUCE" }, { lastSignalAction: undefined }],
    [{ signalsExecuted: 4_294_967_296 }, { signalsExecuted: 2_147_483_647 }],
    [
      { totalTrades: 1, winningTrades: 3, losingTrades: 4 },
      { totalTrades: 7, winningTrades: 3, losingTrades: 4 },
    ],
    [
      { totalTrades: 9e9, winningTrades: 9e9, losingTrades: 4 },
      { totalTrades: 2_147_483_647, winningTrades: 2_147_483_647, losingTrades: 0 },
    ],
    [{ winRate: 58.33, totalTrades: 12, winningTrades: 6 }, { winRate: 0.5 }],
    [{ winRate: -1, totalTrades: 0, winningTrades: 0, losingTrades: 0 }, { winRate: 0 }],
    [{ uptime: "P2W" }, { uptime: "PT1209600S" }],
    // A year of `java.time` has 31,556,952 s, a month a twelfth of them.
    [{ uptime: "P1Y2M" }, { uptime: "PT36816444S" }],
    [{ uptime: "P1Y1DT1H1M1.5S" }, { uptime: "PT31647013.5S" }],
    [{ uptime: "PT0.1234567891S" }, { uptime: "PT0.123456789S" }],
    [{ uptime: "P9999999999999999999Y" }, { uptime: "PT0S" }],
    [{ uptime: "PT15S" }, { uptime: "PT15S" }],
    [{ startTime: "2026-01-31T12:00:00.1234567891+01:00" }, {
      startTime: "2026-01-31T12:00:00.123456789+01:00",
    }],
    [{ lastSignalTime: "2026-01-31T12:00:00.9999999999Z" }, {
      lastSignalTime: "2026-01-31T12:00:00.999999999Z",
    }],
  ];
  for (const [before, after] of cases) {
    const metrics = readMetrics(before);
    for (const [key, value] of Object.entries(after)) {
      assert.deepEqual(metrics[key], value, JSON.stringify(before));
    }
  }
});

Deno.test("an older time is read with nine digits of fraction, in the payload and beside it", () => {
  const time = "2026-11-23T12:00:00.0123456789Z";
  const price = { id: "A", symbol: "A", price: "1", source: "s", isSnapshot: false };
  const event = stored("market-data", { ...price, updatedAt: time, timestamp: 12 }, time);
  const normal = normalise(event);
  assert.equal(normal.time, "2026-11-23T12:00:00.012345678Z");
  assert.equal(JSON.parse(normal.data).updatedAt, normal.time);
});

Deno.test("removals and what is damaged are left as they are", () => {
  const removal = {
    ...stored("risk-alerts", { id: "a", removed: true }),
    ends: "removed" as const,
  };
  assert.equal(normalise(removal), removal);
  for (const data of ['{"metrics":{', "[1]", "null", '{"id":"x","metrics":{}', ""]) {
    for (const channel of ["trader-status", "risk-alerts", "system-warnings"] as const) {
      const event = { channel, time: TIME, data };
      assert.equal(normalise(event), event, data);
    }
  }
});
