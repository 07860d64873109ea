import assert from "node:assert/strict";
import {
  MAX_VIOLATIONS,
  VIOLATION_WINDOW_MILLIS,
} from "../../../actors/connection/inbound_guard.ts";
import type { SessionHost } from "../../../actors/connection/session.ts";
import { SessionV1 } from "../../../actors/connection/session_v1.ts";
import type { Channel } from "../../../protocol/channels.ts";
import {
  MAX_CLIENT_MESSAGE_LENGTH,
  MAX_TOLERATED_LENGTH,
} from "../../../protocol/client_action.ts";
import type { EndingCause } from "../../../protocol/close_codes.ts";
import { decodeV1 } from "../../support/decode_v1.ts";
import { fakePeer } from "../../support/fake_gateway.ts";
import { sessionDeps } from "../../support/session_deps.ts";
import { StreamFixture } from "../../support/stream_fixture.ts";
import { TEST_EPOCH } from "../../support/test_clock.ts";
import { readGolden } from "../../protocol/golden/read.ts";

/** What a session asked of its connection. */
class Host implements SessionHost {
  readonly #fixture = new StreamFixture();
  readonly clock = this.#fixture.clock;
  readonly id = "a1b2-00000001";
  readonly clientId = "desk-7";
  readonly peer = fakePeer();
  readonly subscriber = this.#fixture.reader().subscriber;
  readonly session: SessionV1;
  readonly replies: string[] = [];
  readonly subscriptions: { channels: readonly Channel[]; replay: boolean }[] = [];
  readonly unsubscriptions: (readonly Channel[])[] = [];
  readonly endings: EndingCause[] = [];
  #reported: readonly [replay: boolean | undefined, channels: string] | undefined;

  constructor(messagesPerSecond = 1_000) {
    const deps = sessionDeps(this.#fixture, { inboundMessagesPerSecond: messagesPerSecond });
    this.session = new SessionV1(this, deps);
  }

  /** The ack of what was just reported is checked, and is not among the replies. */
  reply(frame: string): void {
    if (this.#reported === undefined) {
      this.replies.push(frame);
      return;
    }
    const { type, replay, meta } = decodeV1(frame);
    assert.deepEqual([type, replay, meta?.["channels"]], ["ack", ...this.#reported]);
    this.#reported = undefined;
  }

  subscribed(channels: readonly Channel[], replay: boolean): void {
    for (const channel of channels) assert.ok(this.subscriber.cursors.has(channel));
    this.#reported = [replay, channels.join(", ")];
    this.subscriptions.push({ channels, replay });
  }

  unsubscribed(channels: readonly Channel[]): void {
    for (const channel of channels) assert.ok(!this.subscriber.cursors.has(channel));
    this.#reported = [undefined, channels.join(", ")];
    this.unsubscriptions.push(channels);
  }

  end(cause: EndingCause): void {
    this.endings.push(cause);
  }

  get errors(): (readonly [string, string])[] {
    return this.replies.map(decodeV1).filter(({ type }) => type === "error").map((
      { meta },
    ) => [meta!["reason"]!, meta!["message"]!]);
  }

  get reasons(): string[] {
    return this.errors.map(([reason]) => reason);
  }
}

Deno.test("a heartbeat is answered with an ack at once", () => {
  const host = new Host();
  host.clock.advance(1_234);
  host.session.receive(readGolden("client_heartbeat"));
  assert.deepEqual(host.replies.map(decodeV1), [
    { type: "heartbeat", meta: { direction: "ack" }, timestamp: TEST_EPOCH + 1_234 },
  ]);
});

Deno.test("subscriptions are passed on by their wire names, with replay only when it is asked for", () => {
  const host = new Host();
  host.session.receive(readGolden("client_subscribe"));
  host.session.receive('{"action":"SUBSCRIBE","channels":["Risk.Alert","risk_alerts"]}');
  host.session.receive('{"action":"subscribe","channels":["position"],"replay":null}');
  assert.deepEqual(host.subscriptions, [
    { channels: ["trader-status", "risk-alerts"], replay: true },
    { channels: ["risk-alerts"], replay: false },
    { channels: ["positions"], replay: false },
  ]);
  assert.deepEqual(host.replies, []);
});

Deno.test("unsubscriptions are passed on by their wire names", () => {
  const host = new Host();
  host.session.receive(readGolden("client_unsubscribe"));
  host.session.receive('{"action":"Unsubscribe","channels":["market.data"]}');
  assert.deepEqual(host.unsubscriptions, [["trader-status", "risk-alerts"], ["market-data"]]);
  assert.deepEqual(host.replies, []);
});

Deno.test("known channels are unsubscribed, and unknown ones beside them named", () => {
  const host = new Host();
  host.session.receive('{"action":"unsubscribe","channels":["weather","positions"]}');
  assert.deepEqual(host.unsubscriptions, [["positions"]]);
  assert.equal(host.replies.length, 1);
  assert.match(JSON.stringify(host.replies[0]), /invalid_channels.*weather/);
});

Deno.test("known channels are subscribed, and unknown ones beside them named", () => {
  const host = new Host();
  host.session.receive('{"action":"subscribe","channels":["weather","positions","tides"]}');
  assert.deepEqual(host.subscriptions, [{ channels: ["positions"], replay: false }]);
  const [[reason, message] = ["", ""]] = host.errors;
  assert.equal(reason, "invalid_channels");
  assert.match(message, /weather, tides/);
});

Deno.test("a list without a known channel is an error that names the known ones", () => {
  const requests: readonly (readonly [action: string, channels: string[]])[] = [
    ["subscribe", ["weather"]],
    ["subscribe", []],
    ["unsubscribe", ["weather"]],
  ];
  for (const [action, channels] of requests) {
    const host = new Host();
    host.session.receive(JSON.stringify({ action, channels }));
    assert.deepEqual(host.reasons, ["invalid_channels"]);
    assert.match(host.errors[0]![1], /risk-alerts.*market-data/);
    assert.deepEqual(host.subscriptions, []);
    assert.deepEqual(host.unsubscriptions, []);
  }
});

Deno.test("an empty list unsubscribes nothing, is acknowledged, and is no violation", () => {
  const host = new Host();
  for (let count = 0; count <= MAX_VIOLATIONS; count++) {
    host.session.receive('{"action":"unsubscribe","channels":[]}');
  }
  const ack = { type: "ack", channel: "unsubscribe", meta: { channels: "" } };
  assert.deepEqual(
    host.replies.map(decodeV1),
    host.replies.map(() => ({ ...ack, timestamp: TEST_EPOCH })),
  );
  assert.equal(host.replies.length, MAX_VIOLATIONS + 1);
  assert.deepEqual([host.unsubscriptions, host.endings], [[], []]);
});

Deno.test("replay may be written as text, and is nothing but true or false", () => {
  const host = new Host();
  for (const replay of ["true", "TRUE", "false"]) {
    host.session.receive(JSON.stringify({ action: "subscribe", channels: ["positions"], replay }));
  }
  assert.deepEqual(host.subscriptions.map(({ replay }) => replay), [true, true, false]);
  for (const replay of ["yes", "", 1, ["true"], {}]) {
    host.session.receive(JSON.stringify({ action: "subscribe", channels: ["positions"], replay }));
  }
  assert.deepEqual(host.reasons, new Array(5).fill("invalid_payload"));
});

Deno.test("a long list of unknown names is not echoed in full", () => {
  const host = new Host();
  const channels = Array.from({ length: 60 }, (_, i) => `${i}`.repeat(60).slice(0, 120));
  host.session.receive(JSON.stringify({ action: "subscribe", channels }));
  assert.ok(host.errors[0]![1].length < 400);
});

Deno.test("every way to be malformed is answered with its reason", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    ["nonsense", "invalid_payload"],
    ["[]", "invalid_payload"],
    ["{}", "invalid_payload"],
    ['{"action":"dance"}', "unknown_action"],
    ['{"action":"subscribe"}', "invalid_channels"],
    [`"${"x".repeat(MAX_CLIENT_MESSAGE_LENGTH)}"`, "too_large"],
    [new ArrayBuffer(2), "invalid_payload"],
    [new Uint8Array([123, 125]), "invalid_payload"],
    [new Blob(["{}"]), "invalid_payload"],
  ];
  for (const [data, reason] of cases) {
    const host = new Host();
    host.session.receive(data);
    assert.deepEqual(host.reasons, [reason]);
    assert.deepEqual(host.endings, []);
  }
});

Deno.test("the errors that clients see are those of the golden messages", () => {
  const host = new Host();
  for (
    const data of [
      "nonsense",
      '{"action":"dance"}',
      '{"action":"subscribe","channels":["weather"]}',
      "x".repeat(MAX_CLIENT_MESSAGE_LENGTH + 1),
    ]
  ) host.session.receive(data);
  const names = ["invalid_payload", "unknown_action", "invalid_channels", "too_large"];
  assert.deepEqual(
    host.replies.map((text) => decodeV1(text).meta),
    names.map((name) => decodeV1(readGolden(`error_${name}`)).meta),
  );
});

Deno.test("the tenth malformed message within a minute is answered, the eleventh ends", () => {
  const host = new Host();
  for (let i = 0; i < MAX_VIOLATIONS; i++) {
    host.session.receive("nonsense");
    host.clock.advance(VIOLATION_WINDOW_MILLIS / MAX_VIOLATIONS - 1);
  }
  assert.equal(host.reasons.length, 10);
  assert.deepEqual(host.endings, []);
  host.session.receive("nonsense");
  assert.deepEqual(host.endings, ["protocolViolation"]);
  assert.equal(host.reasons.length, 10);
});

Deno.test("malformed messages of an earlier minute are forgiven", () => {
  const host = new Host();
  for (let minute = 0; minute < 3; minute++) {
    for (let i = 0; i < MAX_VIOLATIONS; i++) host.session.receive("nonsense");
    host.clock.advance(VIOLATION_WINDOW_MILLIS);
  }
  assert.deepEqual(host.endings, []);
  assert.equal(host.reasons.length, 30);
});

Deno.test("valid messages in between do not make malformed ones count less", () => {
  const host = new Host();
  for (let i = 0; i <= MAX_VIOLATIONS; i++) {
    host.session.receive("nonsense");
    host.session.receive('{"action":"heartbeat"}');
  }
  assert.deepEqual(host.endings, ["protocolViolation"]);
});

Deno.test("a message that nobody could mean ends the connection with 1009, text or binary", () => {
  for (
    const data of ["x".repeat(MAX_TOLERATED_LENGTH + 1), new ArrayBuffer(MAX_TOLERATED_LENGTH + 1)]
  ) {
    const host = new Host();
    host.session.receive(data);
    assert.deepEqual(host.endings, ["messageTooLarge"], typeof data);
    assert.deepEqual(host.replies, []);
  }
  const host = new Host();
  host.session.receive("x".repeat(MAX_TOLERATED_LENGTH));
  assert.deepEqual(host.reasons, ["too_large"]);
});

Deno.test("a flood is told to slow down for another second's worth, then ended", () => {
  const host = new Host(20);
  const beat = () => host.session.receive('{"action":"heartbeat"}');
  for (let i = 0; i < 20; i++) beat();
  assert.deepEqual(host.reasons, []);
  for (let i = 0; i < 20; i++) beat();
  assert.deepEqual(host.reasons, new Array(20).fill("rate_limited"));
  assert.deepEqual(host.endings, []);
  beat();
  assert.deepEqual(host.endings, ["tooManyMessages"]);
});

Deno.test("what is refused for its rate is not acted upon", () => {
  const host = new Host(1);
  host.session.receive('{"action":"heartbeat"}');
  host.session.receive('{"action":"subscribe","channels":["positions"]}');
  assert.deepEqual(host.subscriptions, []);
  assert.deepEqual(host.errors, [["rate_limited", "at most 1 messages per second"]]);
});

Deno.test("a client at its rate is served for ever", () => {
  const host = new Host(20);
  for (let i = 0; i < 2_000; i++) {
    host.session.receive('{"action":"heartbeat"}');
    host.clock.advance(50);
  }
  assert.deepEqual(host.reasons, []);
  assert.deepEqual(host.endings, []);
});

Deno.test("a client that calms down after a flood is forgiven", () => {
  const host = new Host(20);
  const beat = () => host.session.receive('{"action":"heartbeat"}');
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 35; i++) beat(); // 20 are served, 15 refused.
    host.clock.advance(1_000);
  }
  assert.deepEqual(host.endings, []);
  assert.equal(host.reasons.length, 75);
});

Deno.test("a flood that never pauses is ended even when it is barely over the rate", () => {
  const host = new Host(20);
  for (let i = 0; i < 1_000 && host.endings.length === 0; i++) {
    host.session.receive('{"action":"heartbeat"}');
    host.clock.advance(25); // 40 a second.
  }
  assert.deepEqual(host.endings, ["tooManyMessages"]);
});
