import assert from "node:assert/strict";
import {
  encodeEventsFrame,
  encodeEventV2,
  encodeSnapshot,
  type EventsFrameHeader,
} from "../../protocol/v2/event_frames.ts";
import { type Channel, CHANNELS } from "../../protocol/channels.ts";
import { parseClientMessageV2 } from "../../protocol/v2/client_message.ts";
import {
  CHANNEL_STATES,
  encodeV2,
  ERROR_CODES_V2,
  type ErrorCodeV2,
  FEATURES_V2,
  ServerMessageV2,
} from "../../protocol/v2/server_message.ts";
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
import { V2_GOLDENS } from "./golden/read.ts";

const { names: NAMES, serverNames: SERVER_NAMES, read: readGolden } = V2_GOLDENS;

const EPOCH = "e9c0de";

const REMOVAL = encodeEventV2({
  seq: 15,
  timestamp: NOON + 5_000,
  data: '{"id":"pos-1","removed":true}',
});

const CHANNEL_LIST =
  "known are risk-alerts, system-warnings, trader-status, positions, market-data";

/** Events joined as a frame has them. */
const join = (...events: readonly Published[]) =>
  events.map((event) => encodeEventV2(stored(event))).join(",");

/** A live batch that is nothing but its events, with what differs from that. */
function batch(events: readonly Published[], changes: Partial<EventsFrameHeader> = {}): string {
  const header: EventsFrameHeader = {
    channel: events[0]?.channel ?? "market-data",
    from: events[0]?.seq ?? 1,
    to: events.at(-1)?.seq ?? 1,
    skipped: 0,
    filtered: 0,
    replay: false,
    ...changes,
  };
  return encodeEventsFrame(header, join(...events));
}

function subscribed(id: string | undefined, channels: Partial<Record<Channel, object>>): string {
  const places = Object.entries(channels).map((
    [name, place],
  ) => [name, { epoch: EPOCH, ...place }]);
  return encodeV2({ type: "ack", id, ok: true, channels: Object.fromEntries(places) });
}

function error(
  code: ErrorCodeV2,
  message: string,
  { id, retryAfterMs }: { id?: string; retryAfterMs?: number } = {},
): string {
  return encodeV2({ type: "error", id, code, message, retryAfterMs });
}

const heartbeat = (direction: "server" | "ack", millis: number, id?: string) =>
  encodeV2({ type: "heartbeat", id, direction, timestamp: NOON + millis });

/** Every message of the gateway, encoded by the product. */
const ENCODED: Readonly<Record<string, () => string>> = {
  welcome: () =>
    encodeV2({
      type: "welcome",
      protocol: "telemetry.v2",
      version: "0.1.0",
      features: [...FEATURES_V2],
      clientId: "desk-7",
      connectionId: "a1b2-00000001",
      heartbeatIntervalSeconds: 15,
      rateLimitPerSecond: 120,
      flushIntervalMs: 50,
      timestamp: NOON,
    }),
  ack_subscribe: () => subscribed("1", { "market-data": { seq: 41 } }),
  ack_subscribe_address: () =>
    subscribed(undefined, { "trader-status": { seq: 5 }, "risk-alerts": { seq: 17 } }),
  ack_subscribe_recovered: () => subscribed("2", { "risk-alerts": { seq: 12, recovered: true } }),
  ack_subscribe_lost: () => subscribed("3", { positions: { seq: 14, recovered: false, lost: 9 } }),
  ack_subscribe_other_epoch: () =>
    subscribed("4", { positions: { seq: 14, recovered: false, lost: undefined } }),
  ack_unsubscribe: () => subscribed("5", { "market-data": { seq: 1_200 } }),
  ack_acknowledge: () =>
    encodeV2({
      type: "ack",
      id: "6",
      ok: true,
      alerts: [{
        id: "alert-9",
        seq: 18,
        status: "ACKNOWLEDGED",
        acknowledgedBy: "night-desk",
        acknowledgedAt: "2026-01-31T12:01:00.000Z",
      }],
    }),
  heartbeat_server: () => heartbeat("server", 15_000),
  heartbeat_ack: () => heartbeat("ack", 15_004, "7"),
  heartbeat_ack_without_id: () => heartbeat("ack", 15_004),
  status_fresh: () =>
    encodeV2({
      type: "status",
      channel: "market-data",
      state: "fresh",
      lastEventAt: "2026-01-31T12:00:01.007Z",
    }),
  status_stale: () =>
    encodeV2({
      type: "status",
      channel: "market-data",
      state: "stale",
      lastEventAt: "2026-01-31T12:00:00.101Z",
    }),
  status_degraded: () =>
    encodeV2({ type: "status", channel: "positions", state: "degraded", lastEventAt: null }),
  going_away: () => encodeV2({ type: "going_away", reconnectAfterMs: 2_750 }),
  events_risk_alerts: () => batch([RISK_ALERT]),
  events_system_warnings: () => batch([SYSTEM_WARNING]),
  events_trader_status: () => batch([TRADER_STATUS]),
  events_positions: () => batch([POSITION]),
  events_positions_removed: () =>
    encodeEventsFrame(
      { channel: "positions", from: 15, to: 15, skipped: 0, filtered: 0, replay: false },
      REMOVAL,
    ),
  events_market_data: () => batch([MARKET_DATA]),
  events_several: () => batch([POSITION, CLOSED_POSITION], { skipped: 5 }),
  events_replayed: () => batch([RISK_ALERT], { replay: true }),
  events_skipped: () => batch([STOPPED_TRADER], { from: 6, skipped: 3 }),
  events_filtered: () => batch([ETHER], { from: 42, filtered: 1_158 }),
  events_skipped_and_filtered: () =>
    batch([MARKET_DATA, ETHER], { skipped: 1_000, filtered: 158, replay: true }),
  events_empty: () => batch([], { from: 1_201, to: 1_456, filtered: 256 }),
  snapshot_part: () => encodeSnapshot("market-data", EPOCH, 1_200, join(MARKET_DATA), false),
  snapshot_last: () => encodeSnapshot("market-data", EPOCH, 1_200, join(ETHER), true),
  snapshot_empty: () => encodeSnapshot("positions", EPOCH, 15, "", true),
  error_invalid_payload: () => error("invalid_payload", "not JSON"),
  error_invalid_channels: () =>
    error("invalid_channels", `unknown: "weather"; nothing was changed; ${CHANNEL_LIST}`, {
      id: "8",
    }),
  error_unknown_action: () => {
    const message = "unknown action; use one of subscribe, unsubscribe, heartbeat, acknowledge";
    return error("unknown_action", message, { id: "9" });
  },
  error_too_large: () => error("too_large", "a message may have 16384 characters"),
  error_forbidden: () => error("forbidden", 'this needs the scope "acknowledge"', { id: "10" }),
  error_scope_changed: () =>
    encodeV2({
      type: "error",
      code: "scope_changed",
      channel: "positions",
      message: "this key may not use positions any more",
    }),
  error_not_found: () => error("not_found", 'no alert "alert-1" is known', { id: "11" }),
  error_rate_limited: () =>
    error("rate_limited", "at most 20 messages per second", { retryAfterMs: 1_000 }),
  error_overloaded: () =>
    error("overloaded", "too much is waiting to be stored", { id: "12", retryAfterMs: 1_000 }),
  error_unavailable: () =>
    error("unavailable", "events cannot be stored", { id: "13", retryAfterMs: 1_000 }),
};

Deno.test("there is a v2 golden for every message that the gateway sends, and for nothing else", () => {
  assert.deepEqual([...SERVER_NAMES], Object.keys(ENCODED).sort());
});

for (const [name, encode] of Object.entries(ENCODED)) {
  Deno.test(`the v2 encoder writes the bytes of ${name}`, () => {
    assert.equal(encode(), readGolden(name));
  });
}

Deno.test("the schema reads every v2 golden, and knows every key of it", () => {
  for (const name of SERVER_NAMES) {
    const value = JSON.parse(readGolden(name));
    assert.deepEqual(ServerMessageV2.parse(value), value, name);
  }
});

Deno.test("there is a v2 golden for every type, channel, state and code", () => {
  const messages = SERVER_NAMES.map((name) => ServerMessageV2.parse(JSON.parse(readGolden(name))));
  const of = (key: string) =>
    new Set(messages.map((message) => (message as Record<string, unknown>)[key]));
  const types = ServerMessageV2.options.map((option) => option.shape.type.value);
  assert.deepEqual([...of("type")].sort(), types.sort());
  for (const state of CHANNEL_STATES) assert.ok(of("state").has(state), state);
  for (const code of ERROR_CODES_V2) assert.ok(of("code").has(code), code);
  const live = messages.flatMap((message) => message.type === "events" ? [message.channel] : []);
  for (const channel of CHANNELS) assert.ok(live.includes(channel), channel);
});

Deno.test("what a v2 golden must have, no message may lack, and a sum must come out right", () => {
  for (const name of SERVER_NAMES) {
    const value = JSON.parse(readGolden(name));
    const optional = ["id", "recovered", "lost", "retryAfterMs", "channels", "alerts"];
    if (value.type === "error") optional.push("channel");
    for (const key of Object.keys(value).filter((key) => !optional.includes(key))) {
      const { [key]: _, ...rest } = value;
      assert.equal(ServerMessageV2.safeParse(rest).success, false, `${name} without ${key}`);
    }
    if (value.type !== "events") continue;
    for (const key of ["from", "to", "skipped", "filtered"]) {
      const wrong = { ...value, [key]: value[key] + 1 };
      assert.equal(ServerMessageV2.safeParse(wrong).success, false, `${name}: ${key}`);
    }
  }
});

Deno.test("decoders ignore keys of a v2 message that they do not know", () => {
  for (const name of SERVER_NAMES) {
    const value = JSON.parse(readGolden(name));
    assert.deepEqual(ServerMessageV2.parse({ ...value, news: 1 }), value, name);
  }
});

Deno.test("the gateway understands every v2 golden of a client", () => {
  const plain = { snapshot: false, intervalMs: 0, conflate: false };
  const expected: Record<string, unknown> = {
    client_acknowledge: {
      id: "6",
      action: "acknowledge",
      alerts: [{ id: "alert-9", seq: 17 }, { id: "alert-8" }],
    },
    client_heartbeat: { id: "7", action: "heartbeat" },
    client_subscribe: {
      id: "1",
      action: "subscribe",
      subscriptions: [{
        channel: "market-data",
        since: { epoch: EPOCH, seq: 41 },
        snapshot: true,
        filter: { symbols: ["BTCUSDT"], traderIds: ["42"], minSeverity: "WARNING" },
        intervalMs: 250,
        conflate: true,
      }],
    },
    client_subscribe_plain: {
      id: "2",
      action: "subscribe",
      subscriptions: [
        { channel: "trader-status", ...plain },
        { channel: "risk-alerts", ...plain, snapshot: true },
      ],
    },
    client_unsubscribe: { id: "5", action: "unsubscribe", channels: ["market-data"] },
  };
  assert.deepEqual(NAMES.filter((name) => !SERVER_NAMES.includes(name)), Object.keys(expected));
  for (const [name, message] of Object.entries(expected)) {
    assert.deepEqual(parseClientMessageV2(readGolden(name)), { ok: true, message }, name);
  }
});
