import assert from "node:assert/strict";
import { encodeEventV1, spliceV1, timeInMetaOf } from "../../protocol/v1/event_frame.ts";
import { PRODUCT_CHANNELS } from "../../protocol/channel_set.ts";
import { parseClientMessage } from "../../protocol/v1/client_message.ts";
import {
  encodeV1,
  ENVELOPE_KEYS,
  errorMessage,
  type ErrorReason,
  heartbeat,
  notice,
  ServerMessageV1,
  subscriptionAck,
  unsubscribeAck,
  welcome,
} from "../../protocol/v1/server_message.ts";
import { decodeV1 } from "../support/decode_v1.ts";
import {
  CLOSED_POSITION,
  ETHER,
  MARKET_DATA,
  NOON,
  POSITION,
  type Published,
  RISK_ALERT,
  STOPPED_TRADER,
  stored,
  SYSTEM_WARNING,
  TRADER_STATUS,
} from "./golden/published.ts";
import { GOLDEN_NAMES, readGolden, SERVER_GOLDEN_NAMES } from "./golden/read.ts";

/** The way of an event from the publisher to the wire. */
function encodeEvent(event: Published, replay = false, skipped = 0): string {
  const frame = encodeEventV1(
    stored(event),
    "e9c0de",
    timeInMetaOf(PRODUCT_CHANNELS.get(event.channel)),
  );
  return replay || skipped > 0 ? spliceV1(frame, replay, skipped) : frame.text;
}

/** A warning that could not be stored. */
const STORE_FAILING = {
  createdAt: "2026-01-31T12:00:30.000Z",
  details: { count: "1" },
  message: "events cannot be stored",
  code: "STORE_FAILING",
  severity: "CRITICAL",
  id: "STORE_FAILING:store:29497680",
} as const;

const WELCOME_META = {
  clientId: "desk-7",
  heartbeatIntervalSeconds: "15",
  rateLimitPerSecond: "120",
  connectionId: "a1b2-00000001",
};

const CHANNEL_LIST =
  "known are risk-alerts, system-warnings, trader-status, positions, market-data";

/** Every message of the gateway, encoded by the product. */
const ENCODED: Readonly<Record<string, () => string>> = {
  welcome: () => welcome(WELCOME_META, NOON),
  ack_subscription: () => subscriptionAck(["trader-status", "risk-alerts"], false, NOON + 1),
  ack_subscription_replay: () => subscriptionAck(["market-data"], true, NOON + 2),
  ack_unsubscribe: () => unsubscribeAck(["trader-status", "risk-alerts"], NOON + 3),
  heartbeat_server: () => heartbeat("server", NOON + 15_000),
  heartbeat_ack: () => heartbeat("ack", NOON + 15_004),
  event_risk_alerts: () => encodeEvent(RISK_ALERT),
  event_risk_alerts_replayed: () => encodeEvent(RISK_ALERT, true),
  event_system_warnings: () => encodeEvent(SYSTEM_WARNING),
  event_system_warnings_replayed: () => encodeEvent(SYSTEM_WARNING, true),
  event_trader_status: () => encodeEvent(TRADER_STATUS),
  event_trader_status_replayed: () => encodeEvent(TRADER_STATUS, true),
  event_trader_status_skipped: () => encodeEvent(STOPPED_TRADER, false, 3),
  event_positions: () => encodeEvent(POSITION),
  event_positions_replayed: () => encodeEvent(POSITION, true),
  event_positions_skipped: () => encodeEvent(CLOSED_POSITION, false, 5),
  event_market_data: () => encodeEvent(MARKET_DATA),
  event_market_data_replayed: () => encodeEvent(MARKET_DATA, true),
  event_market_data_skipped: () => encodeEvent(ETHER, false, 1_158),
  notice_store_failing: () => notice(STORE_FAILING, "e9c0de", NOON + 30_001),
  error_invalid_payload: () => encodeError(0, "invalid_payload", "not JSON"),
  error_invalid_channels: () =>
    encodeError(1, "invalid_channels", `unknown channels: weather; ${CHANNEL_LIST}`),
  error_unknown_action: () =>
    encodeError(
      2,
      "unknown_action",
      "unknown action; use one of subscribe, unsubscribe, heartbeat",
    ),
  error_unauthorized: () => encodeError(3, "unauthorized", "the key has expired"),
  error_forbidden: () => encodeError(4, "forbidden", "this key may not subscribe to positions"),
  error_rate_limited: () => encodeError(5, "rate_limited", "at most 20 messages per second"),
  error_too_large: () => encodeError(6, "too_large", "a message may have 16384 characters"),
};

function encodeError(offset: number, reason: ErrorReason, message: string): string {
  return errorMessage(reason, message, NOON + 20_000 + offset);
}

Deno.test("there is a golden for every message that the gateway sends, and for nothing else", () => {
  assert.deepEqual([...SERVER_GOLDEN_NAMES], Object.keys(ENCODED).sort());
});

for (const [name, encode] of Object.entries(ENCODED)) {
  Deno.test(`the encoder writes the bytes of ${name}`, () => {
    assert.equal(encode(), readGolden(name));
  });
}

Deno.test("deployed clients decode every golden", () => {
  for (const name of SERVER_GOLDEN_NAMES) {
    const text = readGolden(name);
    const message = decodeV1(text);
    assert.deepEqual(ServerMessageV1.parse(JSON.parse(text)), message, name);
  }
});

Deno.test("the keys of every golden stand in the order of the contract, channel before data", () => {
  const order = ["type", "channel", "data", "replay", "meta", "timestamp"];
  assert.deepEqual([...ENVELOPE_KEYS], order);
  for (const name of SERVER_GOLDEN_NAMES) {
    const keys = Object.keys(JSON.parse(readGolden(name)));
    assert.deepEqual(keys, order.filter((key) => keys.includes(key)), name);
  }
});

Deno.test("events carry replay only when they are replayed, and skipped only after a gap", () => {
  for (const name of SERVER_GOLDEN_NAMES.filter((name) => name.startsWith("event_"))) {
    const { replay, meta } = decodeV1(readGolden(name));
    assert.equal(replay, name.endsWith("_replayed") ? true : undefined, name);
    assert.equal(meta?.["skipped"] !== undefined, name.endsWith("_skipped"), name);
  }
});

Deno.test("the decoder rejects a seventh key", () => {
  for (const name of SERVER_GOLDEN_NAMES) {
    const message = { ...JSON.parse(readGolden(name)), seq: "1" };
    assert.equal(ServerMessageV1.safeParse(message).success, false, name);
  }
});

Deno.test("the decoder rejects a meta value that is not a string", () => {
  for (const value of [1, true, null, {}, ["1"]]) {
    const message = JSON.parse(readGolden("event_market_data"));
    message.meta.seq = value;
    assert.equal(ServerMessageV1.safeParse(message).success, false, JSON.stringify(value));
  }
});

Deno.test("the decoder rejects an unknown type and a timestamp that is not whole", () => {
  const message = JSON.parse(readGolden("heartbeat_server"));
  assert.equal(ServerMessageV1.safeParse({ ...message, type: "status" }).success, false);
  assert.equal(ServerMessageV1.safeParse({ ...message, timestamp: 0.5 }).success, false);
  assert.equal(ServerMessageV1.safeParse({ ...message, timestamp: "0" }).success, false);
});

Deno.test("the encoder orders the keys whatever the order in which they were given", () => {
  const message = ServerMessageV1.parse(JSON.parse(readGolden("event_positions_replayed")));
  const reversed = Object.fromEntries(Object.entries(message).reverse()) as typeof message;
  assert.equal(encodeV1(reversed), readGolden("event_positions_replayed"));
});

Deno.test("the gateway understands every golden of a client", () => {
  const channels = ["trader-status", "risk-alerts"];
  const expected: Record<string, unknown> = {
    client_subscribe: { action: "subscribe", channels, replay: true },
    client_unsubscribe: { action: "unsubscribe", channels },
    client_heartbeat: { action: "heartbeat" },
  };
  const names = GOLDEN_NAMES.filter((name) => name.startsWith("client_"));
  assert.deepEqual(names, Object.keys(expected).sort());
  for (const [name, message] of Object.entries(expected)) {
    assert.deepEqual(parseClientMessage(readGolden(name)), { ok: true, message }, name);
    assert.equal(JSON.stringify(message), readGolden(name));
  }
});
