import assert from "node:assert/strict";
import { DEPLOYED_CLASSES, payloadFault } from "./decode_v1_payloads.ts";
import { EXAMPLES } from "../protocol/events/payloads.ts";
import type { Channel } from "../../protocol/channels.ts";

type Fields = Readonly<Record<string, unknown>>;

const TIME = "2026-01-31T12:00:00Z";

/** Data of each channel as v1 sends it, with every field. */
function dataOf(channel: string): Fields {
  const { required, defaults, optional } = EXAMPLES[channel as Channel];
  const { updatedAt: _, ...data }: Fields = { ...required, ...defaults, ...optional };
  const times = channel === "positions" || "createdAt" in data ? {} : { updatedAt: TIME };
  const violations = [{ type: "BUDGET", message: "m", details: { a: null } }];
  const more = channel === "risk-alerts"
    ? { violations }
    : channel === "market-data"
    ? { id: "BTC-PERP" }
    : {};
  return { ...data, ...more, ...times, timestamp: 1 };
}

const fault = (channel: string, data: Fields) => payloadFault(channel, data, TIME);

for (const [channel, fields] of Object.entries(DEPLOYED_CLASSES)) {
  Deno.test(`the double of the deployed decoder takes ${channel} as the gateway sends it`, () => {
    assert.equal(fault(channel, dataOf(channel)), undefined);
  });

  Deno.test(`the double of the deployed decoder rejects an unknown key of ${channel}`, () => {
    assert.match(fault(channel, { ...dataOf(channel), extra: 1 })!, /data\.extra: unknown key/);
  });

  Deno.test(`the double of the deployed decoder rejects ${channel} with a field missing or of another type`, () => {
    for (const [name, { optional }] of Object.entries(fields)) {
      const { [name]: _, ...rest } = dataOf(channel);
      assert.equal(fault(channel, rest) === undefined, optional === true, `${name} missing`);
      for (const value of [[1], { a: 1 }, name === "traderId" ? 1 : null]) {
        const wrong = { ...dataOf(channel), [name]: value };
        assert.notEqual(fault(channel, wrong), undefined, `${name}: ${JSON.stringify(value)}`);
      }
    }
  });
}

Deno.test("the double of the deployed decoder rejects what the deployed classes do", () => {
  const trader = dataOf("trader-status");
  const metrics = trader["metrics"] as Fields;
  const wrong: readonly (readonly [string, Fields])[] = [
    ["lastSignalAction", { lastSignalAction: "CLOSE_LONG" }],
    ["totalLoss", { totalLoss: "-60.10" }],
    ["totalProfit", { totalProfit: "-0.01" }],
    ["totalTrades", { totalTrades: 2 ** 31 }],
    ["totalTrades", { totalTrades: 3, winningTrades: 2, losingTrades: 2 }],
    ["winRate", { winRate: 58.33 }],
    ["uptime", { uptime: "P1Y2M" }],
    ["uptime", { uptime: "P2W" }],
    ["uptime", { uptime: "PT" }],
    ["uptime", { uptime: "PT0.1234567890S" }],
    ["startTime", { startTime: "2026-01-31T12:00:00.1234567890Z" }],
    ["startTime", { startTime: "2026-01-31T12:00Z" }],
  ];
  for (const [name, change] of wrong) {
    const data = { ...trader, metrics: { ...metrics, ...change } };
    assert.match(fault("trader-status", data)!, new RegExp(`^data\\.metrics\\.${name}: `));
  }
  const alert = dataOf("risk-alerts");
  const violations = [{ type: "BUDGET", message: "m", details: { share: 1.04 } }];
  assert.match(fault("risk-alerts", { ...alert, violations })!, /violations/);
  assert.match(payloadFault("positions", dataOf("positions"))!, /meta\.updatedAt/);
  assert.match(payloadFault("positions", dataOf("positions"), "noon")!, /meta\.updatedAt/);
});
