import { CHANNEL_SPECS } from "../../protocol/channels.ts";
import assert from "node:assert/strict";
import { EMPTY_FRAME_RANGE } from "../../actors/stream/cursor_v2.ts";
import { MAX_ROWS_PER_TICK } from "../../actors/stream/backlog_reader.ts";
import { PAGE_EVENTS } from "../../actors/stream/backlog.ts";
import { MAX_LOSSLESS_LAG, PARK_MILLIS } from "../../actors/stream/delivery.ts";
import { HARD_CAP_BYTES } from "../../actors/stream/subscriber.ts";
import { type ErrorCode, ERRORS } from "../../protocol/errors.ts";
import {
  MAX_CHANNEL_NAMES,
  MAX_CLIENT_MESSAGE_LENGTH,
  MAX_MESSAGE_ID_LENGTH,
  MAX_TOLERATED_LENGTH,
} from "../../protocol/client_action.ts";
import {
  Filter,
  MAX_ACKNOWLEDGED_ALERTS,
  MAX_FILTER_VALUES,
  MAX_INTERVAL_MILLIS,
  parseClientMessageV2,
  SubscriptionOptions,
} from "../../protocol/v2/client_message.ts";
import { type Ending, ENDINGS, type Reconnect } from "../../protocol/close_codes.ts";
import { Config } from "../../protocol/config.ts";
import { findOption } from "../../protocol/config/options.ts";
import {
  CHANNEL_STATES,
  ERROR_CODES_V2,
  EventsV2,
  ServerMessageV2,
  SnapshotV2,
} from "../../protocol/v2/server_message.ts";
import { literalsIn, MarkdownDocument } from "../support/markdown.ts";

const GUIDE = new MarkdownDocument("docs/websocket_guide.md");
const DELIVERY = new MarkdownDocument("docs/websocket_delivery.md");
const BOTH = [GUIDE, DELIVERY];
const WORDS = BOTH.map(({ text }) => text).join("\n");

const README = new MarkdownDocument("README.md");

const EXAMPLES = [...BOTH, README].flatMap((document) => document.code("json"));
const SENT = EXAMPLES.filter((text) => "type" in JSON.parse(text));
const RECEIVED = EXAMPLES.filter((text) => "action" in JSON.parse(text));

const TYPES = ServerMessageV2.options.map(({ shape }) => shape.type.value);

/** What stands in backquotes in the first cells of a table. */
function names(document: MarkdownDocument, header: string): string[] {
  return document.table(header).flatMap(([cell]) => literalsIn(cell!));
}

Deno.test("every message that the guide shows is one of the gateway, with no key more", () => {
  for (const text of SENT) {
    // Parsing drops what the schema does not know, and keeps the order of what it does.
    assert.equal(JSON.stringify(ServerMessageV2.parse(JSON.parse(text))), text);
  }
  assert.deepEqual(new Set(SENT.map((text) => JSON.parse(text).type)), new Set(TYPES));
});

Deno.test("every event that the guide shows could have been published", () => {
  let events = 0;
  for (const text of SENT) {
    const message = ServerMessageV2.parse(JSON.parse(text));
    if (message.type !== "events" && message.type !== "snapshot") continue;
    for (const { data } of message.events) {
      events += 1;
      if (data["removed"] === true) continue;
      const { timestamp, ...payload } = data;
      CHANNEL_SPECS[message.channel].payload.parse(payload);
      assert.equal(timestamp, Date.parse(String(payload["updatedAt"])));
    }
  }
  assert.ok(events >= 4);
});

Deno.test("every request that the guide shows is understood, and each action is shown", () => {
  for (const text of RECEIVED) assert.ok(parseClientMessageV2(text).ok, text);
  const shown = new Set(RECEIVED.map((text) => JSON.parse(text).action));
  assert.deepEqual(
    shown,
    new Set(["subscribe", "unsubscribe", "acknowledge", "heartbeat"]),
  );
  assert.deepEqual(new Set(names(GUIDE, "you send, `action`")), shown);
});

Deno.test("the guide's tables have every type, error, option, condition and state, and no other", () => {
  const sorted = (values: Iterable<string>) => [...values].sort();
  assert.deepEqual(sorted(names(GUIDE, "you get, `type`")), sorted(TYPES));
  assert.deepEqual(names(GUIDE, "`code`"), [...ERROR_CODES_V2]);
  const options = names(GUIDE, "option of a channel");
  assert.deepEqual(sorted(options), sorted(Object.keys(SubscriptionOptions.shape)));
  assert.deepEqual(names(DELIVERY, "condition"), Object.keys(Filter.shape));
  assert.deepEqual(names(DELIVERY, "`state`"), [...CHANNEL_STATES]);
});

Deno.test("the guide describes every key of the messages that carry events", () => {
  for (const key of [...Object.keys(EventsV2.shape), ...Object.keys(SnapshotV2.shape)]) {
    assert.ok(GUIDE.literals.has(key) || SENT.some((text) => key in JSON.parse(text)), key);
  }
  assert.ok(GUIDE.text.includes("number of `events` + `skipped` + `filtered` = `to` − `from` + 1"));
});

const RECONNECT_WORDS: Readonly<Record<Reconnect, string>> = {
  "yes": "yes",
  "after-hint": "yes, after a pause",
  "later": "yes, later",
  "no": "no",
};

Deno.test("the guide's table of close codes is the catalogue", () => {
  const expected = Object.entries<Ending>(ENDINGS).map(([cause, { code, reason, reconnect }]) => [
    String(code),
    reason,
    `\`${cause}\``,
    RECONNECT_WORDS[reconnect],
  ]);
  assert.deepEqual(GUIDE.rows(/^\| [14]\d{3} \|/), expected);
});

Deno.test("the guide names error codes of HTTP that exist, with their status", () => {
  const named = GUIDE.rows(/^\| [2345]\d\d \|/).flatMap(([status, codes]) =>
    [...codes!.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => [code!, Number(status)] as const)
  );
  for (const [code, status] of named) {
    assert.equal(ERRORS[code as ErrorCode].status, status, code);
  }
  assert.ok(named.length >= 11);
});

Deno.test("the guide names options that exist, with their defaults", () => {
  const { telemetry } = Config.parse({});
  const options = [...WORDS.matchAll(/`((?:telemetry|security|server|store)\.(?!v\d|key)\w+)`/g)];
  for (const [, path] of options) assert.ok(findOption(path!), path);
  const defaults: Readonly<Record<string, number>> = {
    "`telemetry.replayLimit` (": telemetry.replayLimit,
    "`telemetry.ringCapacity` (": telemetry.ringCapacity,
    "`telemetry.flushIntervalMs` (": telemetry.flushIntervalMs,
    "`telemetry.heartbeatTimeoutSeconds` (": telemetry.heartbeatTimeoutSeconds,
    "`telemetry.incidentGapSeconds` (": telemetry.incidentGapSeconds,
    "Every `heartbeatIntervalSeconds` (": telemetry.heartbeatIntervalSeconds,
    "More than ": telemetry.inboundMessagesPerSecond,
  };
  for (const [before, value] of Object.entries(defaults)) {
    assert.ok(WORDS.includes(before + value.toLocaleString("en")), `${before}${value}`);
  }
});

Deno.test("the guide names the limits as they are", () => {
  const limits: Readonly<Record<string, number>> = {
    "# characters and": MAX_CLIENT_MESSAGE_LENGTH,
    "more than # characters is not answered": MAX_TOLERATED_LENGTH,
    "1 to # characters, which its answer repeats": MAX_MESSAGE_ID_LENGTH,
    "# channel names": MAX_CHANNEL_NAMES,
    "at most #. You still get": MAX_INTERVAL_MILLIS,
    "1 to # values": MAX_FILTER_VALUES,
    "up to # alerts in a message": MAX_ACKNOWLEDGED_ALERTS,
    "more than # behind": MAX_LOSSLESS_LAG,
    "more than # *live* alerts": MAX_LOSSLESS_LAG,
    "up to # KiB are on their way": HARD_CAP_BYTES / 1_024,
    "for # ms, these three channels": PARK_MILLIS,
    "up to # for each connection": PAGE_EVENTS,
    "# for all connections": MAX_ROWS_PER_TICK,
    "# numbers of which your filter": EMPTY_FRAME_RANGE,
  };
  for (const [words, limit] of Object.entries(limits)) {
    const expected = words.replace("#", limit.toLocaleString("en"));
    assert.ok(WORDS.includes(expected), expected);
  }
});
