import assert from "node:assert/strict";
import { encodeEventV1, spliceV1 } from "../../actors/stream/encoder_v1.ts";
import type { Channel } from "../../protocol/channels.ts";
import { parseClientMessage } from "../../protocol/client_message_v1.ts";
import { parseSubmission } from "../../protocol/publish.ts";
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
} from "../../protocol/server_message_v1.ts";
import { decodeV1 } from "../support/decode_v1.ts";
import { GOLDEN_NAMES, readGolden, SERVER_GOLDEN_NAMES } from "./golden/read.ts";

/** 2026-01-31T12:00:00Z */
const NOON = 1_769_860_800_000;

/** An event as its publisher wrote it, with the number and the time that it was given. */
interface Published {
  readonly channel: Channel;
  readonly seq: number;
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>>;
}

const RISK_ALERT: Published = {
  channel: "risk-alerts",
  seq: 17,
  at: NOON + 260,
  data: {
    createdAt: "2026-01-31T12:00:00.250Z",
    status: "ACTIVE",
    violations: [{
      details: { limit: "500.00", share: 1.04, final: true },
      message: "limit 500.00",
      type: "DAILY_LOSS",
    }],
    message: "daily loss over its limit",
    recommendation: "BLOCK",
    severity: "CRITICAL",
    traderId: "42",
    id: "alert-9",
  },
};

const SYSTEM_WARNING: Published = {
  channel: "system-warnings",
  seq: 2,
  at: NOON + 10_001,
  data: {
    id: "stale-market-data",
    code: "STALE_CHANNEL",
    severity: "WARNING",
    message: "no event on market-data for 10 s",
    details: { channel: "market-data", count: 3 },
    createdAt: "2026-01-31T12:00:10Z",
  },
};

const TRADER_STATUS: Published = {
  channel: "trader-status",
  seq: 5,
  at: NOON + 4,
  data: {
    updatedAt: "2026-01-31T12:00:00Z",
    metrics: {
      uptime: "PT15S",
      startTime: "2026-01-31T11:59:45Z",
      totalTrades: 12,
      winningTrades: 7,
      losingTrades: 5,
      winRate: 0.5833,
      totalProfit: "181.25",
      totalLoss: "-60.10",
      netProfit: "121.15",
      averageProfit: "25.89",
      averageLoss: "-12.02",
      profitFactor: 3.01,
      maxDrawdown: "33.00",
      sharpeRatio: 1.4,
      signalsExecuted: 24,
      closeSignalsExecuted: 12,
      lastSignalAction: "BUY",
      lastSignalConfidence: 0.83,
      lastSignalTime: "2026-01-31T11:59:59.9Z",
    },
    id: "42",
    name: "Momentum BTC",
    status: "RUNNING",
    exchange: "BINANCE",
    symbol: "BTCUSDT",
    strategy: "momentum",
    reason: "signal above threshold",
  },
};

const POSITION: Published = {
  channel: "positions",
  seq: 8,
  at: NOON + 5,
  data: {
    id: "pos-1",
    traderId: "42",
    symbol: "BTCUSDT",
    action: "LONG",
    status: "OPEN",
    isActive: true,
    quantity: "0.250",
    entryPrice: "9682.00",
    currentPrice: "9690.50",
    unrealizedPnL: "2.125",
    stopLossPrice: "9500.00",
    takeProfitPrice: "9900.00",
    trailingStopActivated: false,
    updatedAt: "2026-01-31T12:00:00Z",
  },
};

const MARKET_DATA: Published = {
  channel: "market-data",
  seq: 41,
  at: NOON + 101,
  data: {
    symbol: "btcusdt",
    price: "9750.25",
    source: "binance",
    change24h: 1.25,
    isSnapshot: false,
    updatedAt: "2026-01-31T12:00:00.100Z",
  },
};

const STOPPED_TRADER: Published = {
  channel: "trader-status",
  seq: 9,
  at: NOON + 3_002,
  data: {
    id: "42",
    name: "Momentum BTC",
    status: "STOPPED",
    exchange: "BINANCE",
    symbol: "BTCUSDT",
    strategy: "momentum",
    reason: "stopped by an operator",
    updatedAt: "2026-01-31T12:00:03Z",
  },
};

const CLOSED_POSITION: Published = {
  channel: "positions",
  seq: 14,
  at: NOON + 4_001,
  data: {
    id: "pos-1",
    traderId: "42",
    symbol: "BTCUSDT",
    action: "LONG",
    quantity: "0.250",
    entryPrice: "9682.00",
    currentPrice: "9702.00",
    unrealizedPnL: "0",
    realizedPnL: "5.00",
    status: "CLOSED",
    reason: "take profit",
    trailingStopActivated: true,
    isActive: false,
    updatedAt: "2026-01-31T13:00:04+01:00",
  },
};

const ETHER: Published = {
  channel: "market-data",
  seq: 1_200,
  at: NOON + 1_007,
  data: {
    id: "ETH-PERP",
    symbol: "ETHUSDT",
    price: "201.10",
    source: "binance",
    isSnapshot: true,
    updatedAt: "2026-01-31T12:00:01Z",
  },
};

/** The way of an event from the publisher to the wire, without numbering and storing. */
function encodeEvent({ channel, seq, at, data }: Published, replay = false, skipped = 0): string {
  const result = parseSubmission({ channel, data }, "event", at);
  assert.ok(result.ok, JSON.stringify(result));
  const { draft } = result.submission;
  const frame = encodeEventV1({ ...draft, seq, timestamp: at }, "e9c0de");
  return replay || skipped > 0 ? spliceV1(frame, replay, skipped) : frame.text;
}

/** A warning that could not be stored. */
const STORE_FAILING = {
  createdAt: "2026-01-31T12:00:30.000Z",
  details: { count: 1 },
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
