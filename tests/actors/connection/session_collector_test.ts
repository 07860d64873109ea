import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { MAX_VIOLATIONS } from "../../../actors/connection/inbound_guard.ts";
import {
  MAX_PENDING_PUBLISHES,
  PENDING_RETRY_MILLIS,
} from "../../../actors/connection/session_collector.ts";
import { MESSAGE_BOUNDS, SMALL_SHARE } from "../../../actors/intake/byte_budget.ts";
import { PublishError } from "../../../actors/operations.ts";
import { HARD_CAP_BYTES } from "../../../actors/stream/subscriber.ts";
import type { ErrorCode } from "../../../protocol/api.ts";
import { MAX_TOLERATED_LENGTH } from "../../../protocol/client_action.ts";
import { VERSION } from "../../../protocol/version.ts";
import { CollectorHost } from "../../support/collector_host.ts";
import { marketData, position, removal, systemWarning } from "../../support/events.ts";
import { settle, TEST_EPOCH } from "../../support/test_clock.ts";

const PRICE = marketData("A", "1");

Deno.test("the welcome names every limit that holds", () => {
  const host = new CollectorHost({ maxBatchEvents: 7, maxMessageBytes: 65_536 });
  host.session.welcome();
  assert.deepEqual(host.messages, [{
    type: "welcome",
    protocol: "telemetry.collector",
    version: VERSION,
    clientId: "core-1",
    connectionId: "a1b2-00000001",
    heartbeatIntervalSeconds: 15,
    maxBatchEvents: 7,
    maxMessageBytes: 65_536,
    maxPendingPublishes: MAX_PENDING_PUBLISHES,
    timestamp: TEST_EPOCH,
  }]);
});

Deno.test("a batch is acknowledged after its commit, never before", async () => {
  const host = new CollectorHost();
  host.publish("7", PRICE, removal("positions", "p1"));
  await settle();
  assert.deepEqual(host.frames, []);
  assert.deepEqual(host.publications.map(({ principal, keys }) => [principal, keys]), [
    ["floor", ["A", "p1"]],
  ]);
  const last = { "market-data": { epoch: "e1", seq: 41 }, "positions": { epoch: "e1", seq: 9 } };
  await host.commit(0, { accepted: 1, duplicates: 1, last });
  assert.deepEqual(host.messages, [
    { type: "ack", id: "7", ok: true, accepted: 1, duplicates: 1, last },
  ]);
});

Deno.test("the ack names the fields that were left out", async () => {
  const host = new CollectorHost();
  host.publish("7", marketData("A", "1", { venue: "X" }));
  const ignored = ["events[0].data.venue"];
  assert.deepEqual(host.publications[0]?.ignored, [ignored]);
  await host.commit(0, { ignored });
  assert.deepEqual(host.messages, [
    { type: "ack", id: "7", ok: true, accepted: 1, duplicates: 0, last: {}, ignored },
  ]);
});

Deno.test("a session that rejects unknown fields refuses them", () => {
  const host = new CollectorHost({ unknownFields: "reject" });
  host.publish("7", marketData("A", "1", { venue: "X" }));
  assert.deepEqual(host.publications, []);
  assert.deepEqual(host.errors[0]?.faults, [
    { path: "events[0].data.venue", message: "unknown field" },
  ]);
});

Deno.test("batches are handed on in the order of their messages, and acknowledged as they commit", async () => {
  const host = new CollectorHost();
  for (const id of ["a", "b", "c"]) host.publish(id, marketData(id.toUpperCase(), "1"));
  assert.deepEqual(host.publications.map(({ keys }) => keys[0]), ["A", "B", "C"]);
  await host.commit(1);
  await host.commit(2);
  await host.commit(0);
  assert.deepEqual(host.acked, ["b", "c", "a"]);
});

Deno.test("anything invalid refuses the whole batch with the place of each fault", () => {
  const host = new CollectorHost();
  host.publish("7", PRICE, marketData("A", "1", { price: 1.5 }), "nonsense");
  host.publish("8");
  assert.deepEqual(host.publications, []);
  const [first, second] = host.errors;
  assert.deepEqual([first?.id, first?.code], ["7", "invalid_events"]);
  assert.match(first!.message, /nothing was stored; 2 faults, .*events\[1\]\.data\.price/);
  assert.deepEqual(first!.faults?.map(({ path }) => path), ["events[1].data.price", "events[2]"]);
  assert.deepEqual([second?.id, second?.faults?.[0]?.path], ["8", "events"]);
});

Deno.test("reading stops at a hundred faults, and the answer can always be sent", () => {
  const host = new CollectorHost();
  host.publish("7", ...new Array(250).fill({ ...PRICE, ["€".repeat(1_000)]: 1 }));
  const [error] = host.errors;
  assert.equal(error?.faults?.length, 100);
  assert.match(error!.message, /100 faults or more/);
  assert.ok(Buffer.byteLength(host.frames[0]!) < HARD_CAP_BYTES);
});

Deno.test("system-warnings are the gateway's alone, and nothing beside them is stored", () => {
  const host = new CollectorHost();
  host.publish("7", PRICE, { ...systemWarning("w"), channel: "system.warning" });
  assert.deepEqual(host.errors.map(({ id, code }) => [id, code]), [["7", "forbidden"]]);
  assert.deepEqual(host.publications, []);
});

Deno.test("a batch of too many events is too_large under its id", () => {
  const host = new CollectorHost({ maxBatchEvents: 2 });
  host.publish("7", PRICE, PRICE, PRICE);
  assert.deepEqual(host.errors.map(({ id, code }) => [id, code]), [["7", "too_large"]]);
  host.publish("8", PRICE, PRICE);
  assert.equal(host.publications.length, 1);
});

Deno.test("what the store or the collector refuses is answered with its word and when to come back", async () => {
  const fault = { path: "events[0].eventId", message: "was used" };
  const cases: readonly (readonly [ErrorCode, string, number | undefined, boolean])[] = [
    ["OVERLOADED", "overloaded", 1_000, false],
    ["STORE_UNAVAILABLE", "unavailable", 1_000, false],
    ["EVENT_ID_REUSED", "event_id_reused", undefined, true],
    ["SNAPSHOT_FULL", "snapshot_full", undefined, true],
  ];
  for (const [code, word, retryAfterMs, faulty] of cases) {
    const host = new CollectorHost();
    host.publish("7", PRICE);
    const refusal = new PublishError(code, "because", faulty ? [fault] : []);
    host.publications[0]!.done.reject(refusal);
    await settle();
    const [error] = host.errors;
    assert.deepEqual([error?.id, error?.code, error?.retryAfterMs], ["7", word, retryAfterMs]);
    assert.deepEqual(error?.faults, faulty ? [fault] : undefined);
    assert.deepEqual(host.endings, []);
  }
});

Deno.test("a failure of the gateway ends the connection, as nobody knows what was stored", async () => {
  const host = new CollectorHost();
  host.publish("7", PRICE);
  host.publications[0]!.done.reject(new TypeError("a bug"));
  await settle();
  assert.deepEqual(host.endings, ["internalError"]);
  assert.deepEqual(host.frames, []);
  const [line] = host.log.find({ message: "publishing failed" });
  assert.equal(line?.properties["connectionId"], host.id);
});

Deno.test("one publication too many in flight is rate_limited, and the next after an ack is taken", async () => {
  const host = new CollectorHost();
  for (let i = 0; i < MAX_PENDING_PUBLISHES; i++) host.publish(`${i}`, PRICE);
  assert.equal(host.errors.length, 0);
  host.publish("over", PRICE);
  assert.equal(host.publications.length, MAX_PENDING_PUBLISHES);
  const [error] = host.errors;
  assert.deepEqual(
    [error?.id, error?.code, error?.retryAfterMs],
    ["over", "rate_limited", PENDING_RETRY_MILLIS],
  );
  await host.commit(5);
  host.publish("next", PRICE);
  assert.equal(host.publications.length, MAX_PENDING_PUBLISHES + 1);
  host.publications[0]!.done.reject(new PublishError("OVERLOADED", "later"));
  await settle();
  host.publish("after a refusal", PRICE);
  assert.equal(host.publications.length, MAX_PENDING_PUBLISHES + 2);
});

Deno.test("what is in flight may have as many bytes as one message", async () => {
  const host = new CollectorHost({ maxMessageBytes: 2_000 });
  const large = marketData("A", "1", { source: "x".repeat(1_000) });
  host.publish("1", large);
  host.publish("2", large);
  assert.deepEqual(host.errors.map(({ id, code }) => [id, code]), [["2", "rate_limited"]]);
  host.publish("3", PRICE);
  await host.commit(0);
  await host.commit(1);
  host.publish("2", large);
  assert.deepEqual(host.publications.length, 3);
});

Deno.test("without room for a message its publisher is told when there may be some, not at once", async () => {
  const host = new CollectorHost();
  const { messages } = host.intake;
  const room = MESSAGE_BOUNDS.perPrincipal;
  messages.take("floor", room, 1);
  host.publish("7", PRICE);
  assert.equal(host.frames.length, 0);
  host.clock.advance(1_000);
  const [{ id, code, retryAfterMs } = { id: "", code: "", retryAfterMs: 0 }] = host.errors;
  assert.deepEqual([id, code, retryAfterMs], ["7", "overloaded", 1_000]);
  messages.give("floor", SMALL_SHARE);
  host.publish("8", PRICE);
  await host.commit(0);
  assert.deepEqual(host.acked, ["8"]);
  assert.equal(messages.held("floor"), room - SMALL_SHARE);
});

Deno.test("an event that is no JSON refuses its batch and is no violation", () => {
  const host = new CollectorHost();
  const text = '{"id":"7","action":"publish","events":[{"channel":}]}';
  for (let i = 0; i < 2 * MAX_VIOLATIONS; i++) host.say(text);
  assert.deepEqual(host.endings, []);
  assert.deepEqual(new Set(host.codes), new Set(["invalid_payload"]));
  assert.match(host.errors[0]!.message, /events\[0\] is not JSON/);
});

Deno.test("a stream of publications is no flood", async () => {
  const host = new CollectorHost({ messagesPerSecond: 1 });
  for (let i = 0; i < 2_000; i++) {
    host.publish(`${i}`, PRICE);
    await host.commit(i);
  }
  assert.equal(host.acked.length, 2_000);
  assert.deepEqual(host.endings, []);
});

Deno.test("a flood of heartbeats is told to slow down, then ended", () => {
  const host = new CollectorHost({ messagesPerSecond: 20 });
  const beat = () => host.say({ action: "heartbeat", id: "h", channels: ["positions"] });
  for (let i = 0; i < 40; i++) beat();
  assert.equal(host.declarations.length, 20);
  assert.deepEqual(host.codes, new Array(20).fill("rate_limited"));
  assert.deepEqual([host.errors[0]!.id, host.errors[0]!.retryAfterMs], ["h", 1_000]);
  assert.deepEqual(host.endings, []);
  beat();
  assert.deepEqual(host.endings, ["tooManyMessages"]);
});

Deno.test("every way to be malformed is answered with its code", () => {
  const cases: readonly (readonly [unknown, string, string | undefined])[] = [
    ["nonsense", "invalid_payload", undefined],
    ["[]", "invalid_payload", undefined],
    [{ id: "1" }, "invalid_payload", "1"],
    [{ id: "1", action: "subscribe", channels: ["positions"] }, "unknown_action", "1"],
    [{ action: "publish", events: [PRICE] }, "invalid_payload", undefined],
    [{ id: "1", action: "publish", events: PRICE }, "invalid_payload", "1"],
    [{ id: "1", action: "heartbeat", channels: ["weather"] }, "invalid_payload", "1"],
    ["€".repeat(400), "too_large", undefined],
    [new ArrayBuffer(2), "invalid_payload", undefined],
  ];
  for (const [message, code, id] of cases) {
    const host = new CollectorHost({ maxMessageBytes: 1_024 });
    host.say(message);
    assert.deepEqual(host.errors.map((error) => [error.code, error.id]), [[code, id]]);
    assert.deepEqual([host.publications, host.declarations, host.endings], [[], [], []]);
  }
});

Deno.test("malformed messages beyond measure end the connection, refused batches never do", () => {
  const host = new CollectorHost();
  for (let i = 0; i < 500; i++) host.publish("7", "nonsense");
  assert.deepEqual(host.endings, []);
  for (let i = 0; i < MAX_VIOLATIONS; i++) host.say("nonsense");
  assert.deepEqual(host.endings, []);
  host.say("nonsense");
  assert.deepEqual(host.endings, ["protocolViolation"]);
});

Deno.test("a message that nobody could mean ends with 1009; the limit grows with that of a message", () => {
  for (const maxMessageBytes of [1_024, MAX_TOLERATED_LENGTH]) {
    const tolerated = Math.max(MAX_TOLERATED_LENGTH, 2 * maxMessageBytes);
    for (const message of ["x".repeat(tolerated + 1), new ArrayBuffer(tolerated + 1)]) {
      const host = new CollectorHost({ maxMessageBytes });
      host.say(message);
      assert.deepEqual([host.endings, host.frames], [["messageTooLarge"], []]);
    }
    const host = new CollectorHost({ maxMessageBytes });
    host.say("x".repeat(tolerated));
    assert.deepEqual([host.endings, host.codes], [[], ["too_large"]]);
  }
});

Deno.test("a heartbeat declares the channels that it names, and is answered", () => {
  const host = new CollectorHost();
  host.clock.advance(1_234);
  host.say({ action: "heartbeat", id: "h1", channels: ["market.data", "positions", "position"] });
  host.say({ action: "heartbeat" });
  host.say({ action: "heartbeat", channels: [] });
  assert.deepEqual(host.declarations, [["market-data", "positions"]]);
  const ack = { type: "heartbeat", direction: "ack", timestamp: TEST_EPOCH + 1_234 };
  assert.deepEqual(host.messages, [{ ...ack, id: "h1" }, ack, ack]);
});

Deno.test("nobody declares the channel that the gateway publishes on", () => {
  const host = new CollectorHost();
  host.say({ action: "heartbeat", id: "h", channels: ["positions", "system-warnings"] });
  assert.deepEqual(host.errors.map(({ id, code }) => [id, code]), [["h", "forbidden"]]);
  assert.deepEqual(host.declarations, []);
});

Deno.test("a publisher is told before its connection is closed, and of nothing else", () => {
  const host = new CollectorHost();
  host.session.start({ channels: ["positions"], replay: true });
  host.session.flushProgress(15_000);
  host.session.sendStatus({ channel: "positions", state: "stale", lastEventAt: undefined });
  assert.deepEqual(host.frames, []);
  host.session.sendGoingAway(750);
  assert.deepEqual(host.messages, [{ type: "going_away", reconnectAfterMs: 750 }]);
});

Deno.test("removals and payloads of any channel may stand in one batch", () => {
  const host = new CollectorHost();
  host.publish("7", position("p1"), removal("trader-status", "42"), PRICE);
  assert.deepEqual(host.publications[0]?.keys, ["p1", "42", "A"]);
});
