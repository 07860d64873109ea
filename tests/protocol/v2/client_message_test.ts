import assert from "node:assert/strict";
import { CHANNELS } from "../../../protocol/channels.ts";
import { MAX_CHANNEL_NAMES, MAX_MESSAGE_ID_LENGTH } from "../../../protocol/client_action.ts";
import {
  type ChannelSubscription,
  type ClientFaultV2,
  MAX_ACKNOWLEDGED_ALERTS,
  MAX_FILTER_VALUES,
  MAX_INTERVAL_MILLIS,
  parseClientMessageV2,
} from "../../../protocol/v2/client_message.ts";

function faultOf(message: unknown): ClientFaultV2 {
  const result = parseClientMessageV2(JSON.stringify(message));
  assert.ok(!result.ok, JSON.stringify(message).slice(0, 200));
  return result.fault;
}

const faultIn = (options: object) =>
  faultOf({ id: "1", action: "subscribe", channels: [{ name: "positions", ...options }] });

function subscriptionOf(channel: unknown): ChannelSubscription {
  const result = parseClientMessageV2(
    JSON.stringify({ action: "subscribe", channels: [channel] }),
  );
  assert.ok(result.ok && result.message.action === "subscribe", JSON.stringify(result));
  return result.message.subscriptions[0]!;
}

Deno.test("a plain name asks for everything that comes, at the pace of the gateway", () => {
  const expected = { channel: "risk-alerts", snapshot: false, intervalMs: 0, conflate: false };
  for (const name of ["risk-alerts", "Risk.Alert", "RISK_ALERTS", { name: "risk-alert" }]) {
    assert.deepEqual(subscriptionOf(name), expected);
  }
});

Deno.test("an empty filter is none", () => {
  assert.equal("filter" in subscriptionOf({ name: "positions", filter: {} }), false);
});

Deno.test("a place is an epoch and a number from 0 on", () => {
  const since = { epoch: "e1", seq: 0 };
  assert.deepEqual(subscriptionOf({ name: "positions", since }).since, since);
  for (
    const wrong of [
      {},
      { epoch: "e1" },
      { seq: 1 },
      { epoch: "", seq: 1 },
      { epoch: "e".repeat(129), seq: 1 },
      { epoch: "e1", seq: -1 },
      { epoch: "e1", seq: 1.5 },
      { epoch: "e1", seq: "1" },
      { epoch: "e1", seq: 2 ** 53 },
      { epoch: "e1", seq: 1, at: 2 },
    ]
  ) {
    const { code, message } = faultIn({ since: wrong });
    assert.equal(code, "invalid_payload");
    assert.match(message, /^channels\[0\]\.since/);
  }
});

Deno.test("a mistyped option is a fault, as it would silently do nothing", () => {
  for (
    const options of [
      { intervalMS: 5 },
      { snapshot: "yes" },
      { conflate: 1 },
      { filter: { symbol: ["BTC"] } },
      { filter: { minSeverity: "warning" } },
      { filter: { symbols: [] } },
      { filter: { traderIds: [7] } },
      { filter: { symbols: "BTC" } },
    ]
  ) {
    const { code, message, id } = faultIn(options);
    assert.deepEqual([code, id], ["invalid_payload", "1"], JSON.stringify(options));
    assert.match(message, /^channels\[0\]/);
  }
  assert.equal(faultOf({ action: "heartbeat", now: 1 }).code, "invalid_payload");
});

Deno.test("limits are kept, and reached", () => {
  const values = (count: number) => Array.from({ length: count }, (_, index) => `S${index}`);
  assert.equal(
    subscriptionOf({ name: "positions", intervalMs: MAX_INTERVAL_MILLIS }).intervalMs,
    MAX_INTERVAL_MILLIS,
  );
  for (const intervalMs of [-1, MAX_INTERVAL_MILLIS + 1, 0.5, "50"]) {
    assert.match(faultIn({ intervalMs }).message, /^channels\[0\]\.intervalMs/);
  }
  const filter = { symbols: values(MAX_FILTER_VALUES) };
  assert.deepEqual(subscriptionOf({ name: "positions", filter }).filter, filter);
  assert.match(
    faultIn({ filter: { traderIds: values(MAX_FILTER_VALUES + 1) } }).message,
    /^channels\[0\]\.filter\.traderIds/,
  );
  for (const action of ["subscribe", "unsubscribe"]) {
    for (
      const channels of [[], new Array(MAX_CHANNEL_NAMES + 1).fill("positions"), ["x".repeat(129)]]
    ) {
      assert.match(faultOf({ action, channels }).message, /^channels/);
    }
  }
  const alerts = values(MAX_ACKNOWLEDGED_ALERTS + 1).map((id) => ({ id }));
  assert.match(faultOf({ action: "acknowledge", alerts }).message, /^alerts/);
  assert.equal(
    parseClientMessageV2(JSON.stringify({ action: "acknowledge", alerts: alerts.slice(1) })).ok,
    true,
  );
  for (const alerts of [[], [{}], [{ id: "" }], [{ id: "a", seq: 0 }], [{ id: "a", key: 1 }]]) {
    assert.match(faultOf({ action: "acknowledge", alerts }).message, /^alerts/);
  }
  assert.match(
    faultOf({ action: "heartbeat", id: "x".repeat(MAX_MESSAGE_ID_LENGTH + 1) }).message,
    /^id/,
  );
});

Deno.test("one unknown channel refuses the whole message, and is named beside the known ones", () => {
  for (const action of ["subscribe", "unsubscribe"]) {
    const { code, message, id } = faultOf({ id: "3", action, channels: ["positions", "weather"] });
    assert.deepEqual([code, id], ["invalid_channels", "3"]);
    assert.match(message, /"weather"/);
    for (const channel of CHANNELS) assert.ok(message.includes(channel), channel);
  }
});

Deno.test("a long list of unknown names is not echoed in full", () => {
  const channels = Array.from({ length: MAX_CHANNEL_NAMES }, (_, index) => `${index}`.repeat(60));
  assert.ok(faultOf({ action: "unsubscribe", channels }).message.length < 1_000);
});

Deno.test("a channel cannot be subscribed twice at once, in whatever spelling", () => {
  const { code, message } = faultOf({
    action: "subscribe",
    channels: ["positions", { name: "Position", snapshot: true }],
  });
  assert.deepEqual([code, message], ["invalid_channels", "a channel is named twice"]);
});

Deno.test("to unsubscribe twice is to unsubscribe", () => {
  const text = '{"action":"unsubscribe","channels":["positions","position","market.data"]}';
  assert.deepEqual(parseClientMessageV2(text), {
    ok: true,
    message: { action: "unsubscribe", channels: ["positions", "market-data"] },
  });
});
