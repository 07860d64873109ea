import assert from "node:assert/strict";
import { MAX_PENDING_PUBLISHES } from "../../actors/connection/session_collector.ts";
import { MAX_KEYS } from "../../actors/stream/latest_states.ts";
import { type ErrorCode, ERRORS } from "../../protocol/errors.ts";
import { MAX_TOLERATED_LENGTH } from "../../protocol/client_action.ts";
import {
  COLLECTOR_ERROR_CODES,
  CollectorServerMessage,
  parseCollectorMessage,
} from "../../protocol/collector/message.ts";
import { Config } from "../../protocol/config.ts";
import { findOption } from "../../protocol/config/options.ts";
import { parseBatch } from "../../protocol/publish_batch.ts";
import { projectPath } from "../support/paths.ts";

const GUIDE = Deno.readTextFileSync(projectPath("docs/publishing_guide.md"));

/** The JSON examples of the guide, each a line of its own. */
const EXAMPLES = [...GUIDE.matchAll(/^```json\n(.*)\n```$/gm)].map(([, text]) => text!);

/** Those with a key. */
const withKey = (key: string) => EXAMPLES.filter((text) => key in JSON.parse(text));

Deno.test("what the guide shows of the gateway is what the gateway sends", () => {
  const messages = withKey("type").map((text) => {
    const message = CollectorServerMessage.parse(JSON.parse(text));
    assert.deepEqual(message, JSON.parse(text));
    return message.type;
  });
  const types = ["welcome", "ack", "heartbeat", "heartbeat", "error", "going_away"];
  assert.deepEqual(messages.sort(), types.sort());
});

Deno.test("what the guide tells publishers to send is accepted", () => {
  const events = withKey("channel").map((text) => JSON.parse(text));
  assert.equal(events.length, 2);
  assert.ok(parseBatch(events, 10, 0).ok);
  const actions = withKey("action").map((text) => {
    const result = parseCollectorMessage(text, 10_000, 10);
    assert.ok(result.ok, text);
    const { message } = result;
    if (message.action === "publish") {
      const { events } = message;
      const values = events.list.map(({ start, end }) => JSON.parse(text.slice(start, end)));
      assert.ok(parseBatch(values, 10, 0).ok);
    }
    return message.action;
  });
  assert.deepEqual(actions, ["publish", "heartbeat"]);
});

Deno.test("the guide describes every code of an error, and no other", () => {
  const section = GUIDE.slice(GUIDE.indexOf("## Errors on the socket"));
  const codes = [...section.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, code]) => code!);
  assert.deepEqual(codes.sort(), [...COLLECTOR_ERROR_CODES].sort());
});

Deno.test("the guide names the codes of answers with their status", () => {
  const rows = [...GUIDE.matchAll(/^\| (\d{3}) \| (.*?) \|/gm)];
  const named = rows.flatMap(([, status, codes]) =>
    [...codes!.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => [code!, Number(status)] as const)
  );
  assert.ok(named.length >= 10);
  for (const [code, status] of named) {
    assert.equal(ERRORS[code as ErrorCode].status, status, code);
  }
});

Deno.test("the guide names options that exist, with their defaults", () => {
  const { server, telemetry } = Config.parse({});
  for (const [, path] of GUIDE.matchAll(/`((?:telemetry|server)\.(?!collector)\w+)`/g)) {
    assert.ok(findOption(path!), path);
  }
  const defaults: Readonly<Record<string, string>> = {
    "`telemetry.dedupeWindowSeconds` (": String(telemetry.dedupeWindowSeconds),
    "`telemetry.inboundMessagesPerSecond` (": String(telemetry.inboundMessagesPerSecond),
    "`telemetry.declaredMaxAgeSeconds` (": String(telemetry.declaredMaxAgeSeconds),
    "`telemetry.marketDataMaxAgeSeconds` (": String(telemetry.marketDataMaxAgeSeconds),
    "`server.maxBatchEvents` (": server.maxBatchEvents.toLocaleString("en"),
    "`server.maxBodyBytes` (": `${server.maxBodyBytes / 1_048_576} MiB`,
    '"maxMessageBytes":': String(server.maxBodyBytes),
    '"maxBatchEvents":': String(server.maxBatchEvents),
    '"heartbeatIntervalSeconds":': String(telemetry.heartbeatIntervalSeconds),
  };
  for (const [before, value] of Object.entries(defaults)) {
    assert.ok(GUIDE.includes(before + value), `${before}${value}`);
  }
});

Deno.test("the guide names the limits as they are", () => {
  assert.ok(GUIDE.includes(`"maxPendingPublishes":${MAX_PENDING_PUBLISHES},`));
  assert.ok(GUIDE.includes(`| ${MAX_PENDING_PUBLISHES}, and as many bytes`));
  assert.ok(GUIDE.includes(`| ${MAX_KEYS.toLocaleString("en")} |`));
  assert.ok(GUIDE.includes(`${MAX_TOLERATED_LENGTH.toLocaleString("en")} characters`));
});
