/**
 * Whatever a v2 client sends is answered, and what it asks is what is understood.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { CHANNELS } from "../../../protocol/channels.ts";
import { MAX_CLIENT_MESSAGE_LENGTH } from "../../../protocol/client_action.ts";
import { SEVERITIES } from "../../../protocol/events/attributes.ts";
import {
  type ClientMessageV2,
  MAX_ACKNOWLEDGED_ALERTS,
  MAX_FILTER_VALUES,
  MAX_INTERVAL_MILLIS,
  parseClientMessageV2,
} from "../../../protocol/v2/client_message.ts";
import { ERROR_CODES_V2 } from "../../../protocol/v2/server_message.ts";

const RUNS = { numRuns: 1_000 };

/** It did not throw, and if it refused, it said why in words that an `error` may carry. */
function isAnswered(text: string): boolean {
  const result = parseClientMessageV2(text);
  if (result.ok) return true;
  const { code, message, id } = result.fault;
  return ERROR_CODES_V2.includes(code) && message.length > 0 && message.length < 2_000 &&
    (id === undefined || (id.length > 0 && id.length <= 128));
}

function faultOf(message: unknown) {
  const text = typeof message === "string" ? message : JSON.stringify(message);
  const result = parseClientMessageV2(text);
  assert.ok(!result.ok, `understood: ${text.slice(0, 200)}`);
  return result.fault;
}

/** Every spelling of every channel that deployed clients use. */
const SPELLINGS = CHANNELS.flatMap((channel) => {
  const singular = channel === "trader-status" ? channel : channel.replace(/s$/, "");
  const names = [channel, singular];
  return names.flatMap((name) => [name, name.replaceAll("-", "."), name.toUpperCase()])
    .map((name) => ({ channel, name }));
});

const id = fc.string({ minLength: 1, maxLength: 128 });
const values = fc.array(id, { minLength: 1, maxLength: 5 });
const filter = fc.record({
  symbols: values,
  traderIds: values,
  minSeverity: fc.constantFrom(...SEVERITIES),
}, { requiredKeys: [] });

const asked = fc.record({
  name: fc.constantFrom(...SPELLINGS.map(({ name }) => name)),
  since: fc.record({ epoch: id, seq: fc.nat() }),
  snapshot: fc.boolean(),
  filter,
  intervalMs: fc.nat(MAX_INTERVAL_MILLIS),
  conflate: fc.boolean(),
}, { requiredKeys: ["name"] });

const channelOf = (name: string) => SPELLINGS.find((one) => one.name === name)!.channel;

Deno.test("nothing that a v2 client sends makes the parser throw", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), isAnswered), RUNS);
});

Deno.test("nothing near a valid v2 message makes the parser throw", () => {
  const nearly = fc.record({
    id: fc.oneof(id, fc.jsonValue()),
    action: fc.constantFrom("subscribe", "UNSUBSCRIBE", "heartbeat", "acknowledge", "x", 1, null),
    channels: fc.oneof(fc.array(fc.oneof(asked, fc.jsonValue())), fc.jsonValue()),
    alerts: fc.oneof(fc.array(fc.oneof(fc.record({ id, seq: fc.integer() }), fc.jsonValue()))),
  }, { requiredKeys: [] });
  fc.assert(fc.property(nearly, (message) => isAnswered(JSON.stringify(message))), RUNS);
});

Deno.test("a subscription is understood as it was asked, in any spelling", () => {
  const message = fc.record({
    id: fc.option(id, { nil: undefined }),
    channels: fc.uniqueArray(asked, {
      minLength: 1,
      maxLength: CHANNELS.length,
      selector: ({ name }) => channelOf(name),
    }),
  });
  const property = fc.property(message, ({ id, channels }) => {
    const text = JSON.stringify({ id, action: "Subscribe", channels });
    fc.pre(text.length <= MAX_CLIENT_MESSAGE_LENGTH);
    const subscriptions = channels.map(({ name, since, filter, ...rest }) => ({
      channel: channelOf(name),
      snapshot: rest.snapshot ?? false,
      intervalMs: rest.intervalMs ?? 0,
      conflate: rest.conflate ?? false,
      ...(since !== undefined && { since }),
      ...(filter !== undefined && Object.keys(filter).length > 0 && { filter }),
    }));
    const expected: ClientMessageV2 = {
      ...(id !== undefined && { id }),
      action: "subscribe",
      subscriptions: JSON.parse(JSON.stringify(subscriptions)),
    };
    assert.deepEqual(JSON.parse(JSON.stringify(parseClientMessageV2(text))), {
      ok: true,
      message: JSON.parse(JSON.stringify(expected)),
    });
  });
  fc.assert(property, RUNS);
});

Deno.test("a plain name is the short form of a subscription without options", () => {
  for (const { channel, name } of SPELLINGS) {
    const short = parseClientMessageV2(JSON.stringify({ action: "subscribe", channels: [name] }));
    const long = parseClientMessageV2(
      JSON.stringify({ action: "subscribe", channels: [{ name }] }),
    );
    assert.deepEqual(short, long, name);
    assert.deepEqual(short, {
      ok: true,
      message: {
        action: "subscribe",
        subscriptions: [{ channel, snapshot: false, intervalMs: 0, conflate: false }],
      },
    });
  }
});

Deno.test("acknowledgements are understood as they were asked", () => {
  const alerts = fc.array(
    fc.record({ id, seq: fc.integer({ min: 1 }) }, { requiredKeys: ["id"] }),
    {
      minLength: 1,
      maxLength: MAX_ACKNOWLEDGED_ALERTS,
    },
  );
  const property = fc.property(alerts, (alerts) => {
    const text = JSON.stringify({ id: "1", action: "acknowledge", alerts });
    fc.pre(text.length <= MAX_CLIENT_MESSAGE_LENGTH);
    assert.deepEqual(
      JSON.parse(JSON.stringify(parseClientMessageV2(text))),
      JSON.parse(JSON.stringify({ ok: true, message: { id: "1", action: "acknowledge", alerts } })),
    );
  });
  fc.assert(property, { numRuns: 300 });
});

Deno.test("every message is refused by one key that it may not have", () => {
  const valid = [
    { action: "subscribe", channels: ["positions"] },
    { action: "subscribe", channels: [{ name: "positions", filter: { traderIds: ["1"] } }] },
    { action: "unsubscribe", channels: ["positions"] },
    { action: "heartbeat" },
    { action: "acknowledge", alerts: [{ id: "a" }] },
  ];
  for (const message of valid) {
    assert.ok(parseClientMessageV2(JSON.stringify(message)).ok, JSON.stringify(message));
    assert.equal(faultOf({ ...message, replay: true }).code, "invalid_payload");
  }
  const filter = { symbol: ["X"] };
  const mistyped = { action: "subscribe", channels: [{ name: "positions", filter }] };
  assert.equal(faultOf(mistyped).code, "invalid_payload");
  assert.match(faultOf(mistyped).message, /channels\[0\]\.filter.*symbol/);
});

Deno.test("limits hold, and a fault carries the id of its message", () => {
  const many = new Array(MAX_FILTER_VALUES + 1).fill("X");
  const bad: readonly (readonly [code: string, rest: Record<string, unknown>])[] = [
    ["invalid_payload", { channels: [{ name: "positions", filter: { symbols: many } }] }],
    ["invalid_payload", { channels: [{ name: "positions", filter: { symbols: [] } }] }],
    ["invalid_payload", { channels: [{ name: "positions", filter: { minSeverity: "BAD" } }] }],
    ["invalid_payload", { channels: [{ name: "positions", intervalMs: -1 }] }],
    ["invalid_payload", { channels: [{ name: "positions", intervalMs: 60_001 }] }],
    ["invalid_payload", { channels: [{ name: "positions", intervalMs: 1.5 }] }],
    ["invalid_payload", { channels: [{ name: "positions", since: { epoch: "e", seq: -1 } }] }],
    ["invalid_payload", { channels: [{ name: "positions", since: { seq: 1 } }] }],
    ["invalid_payload", { channels: [] }],
    ["invalid_payload", { channels: [7] }],
    ["invalid_payload", {}],
    ["invalid_channels", { channels: ["positions", "candles"] }],
    ["invalid_channels", { channels: ["positions", { name: "position" }] }],
  ];
  for (const [code, rest] of bad) {
    const fault = faultOf({ id: "7", action: "subscribe", ...rest });
    assert.equal(fault.code, code, JSON.stringify(rest));
    assert.equal(fault.id, "7");
  }
  assert.equal(faultOf({ id: "7", action: "publish" }).code, "unknown_action");
  assert.equal(faultOf({ id: "7", action: "publish" }).id, "7");
  for (const one of ["", "x".repeat(129), 7, null, {}]) {
    assert.equal(faultOf({ id: one, action: "publish" }).id, undefined);
    assert.equal(faultOf({ id: one, action: "heartbeat" }).code, "invalid_payload");
  }
  const alerts = new Array(MAX_ACKNOWLEDGED_ALERTS + 1).fill({ id: "a" });
  assert.equal(faultOf({ action: "acknowledge", alerts }).code, "invalid_payload");
  assert.equal(faultOf(" ".repeat(MAX_CLIENT_MESSAGE_LENGTH + 1)).code, "too_large");
});
