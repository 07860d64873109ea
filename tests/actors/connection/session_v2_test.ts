import assert from "node:assert/strict";
import { MAX_VIOLATIONS } from "../../../actors/connection/inbound_guard.ts";
import type { SessionHost } from "../../../actors/connection/session.ts";
import type { SessionDeps } from "../../../actors/connection/session_deps.ts";
import { SessionV2 } from "../../../actors/connection/session_v2.ts";
import type { AlertReference, EventLog } from "../../../actors/log/event_log.ts";
import { type ChannelStatus, PublishError } from "../../../actors/operations.ts";
import type { AcknowledgedAlert, ErrorCode } from "../../../protocol/api.ts";
import type { Channel } from "../../../protocol/channels.ts";
import {
  MAX_CLIENT_MESSAGE_LENGTH,
  MAX_TOLERATED_LENGTH,
} from "../../../protocol/client_action.ts";
import type { EndingCause } from "../../../protocol/close_codes.ts";
import { encodeV2, ServerMessageV2 } from "../../../protocol/v2/server_message.ts";
import { VERSION } from "../../../protocol/version.ts";
import { V2_GOLDENS } from "../../protocol/golden/read.ts";
import { shortBatches } from "../../support/batch_notation.ts";
import { fakePeer, keyHolder } from "../../support/fake_gateway.ts";
import { sessionDeps } from "../../support/session_deps.ts";
import { EPOCH, FLUSH, type Reader, StreamFixture } from "../../support/stream_fixture.ts";
import { settle, TEST_EPOCH } from "../../support/test_clock.ts";

const readGolden = V2_GOLDENS.read;

type Acknowledgement = readonly [principal: string, alerts: readonly AlertReference[]];

interface HostOptions extends Partial<SessionDeps> {
  /** Most events in a ring. */
  readonly ring?: number;
  readonly mayAcknowledge?: boolean;
}

/** A connection that agrees to everything; answers and batches go to one socket. */
class Host implements SessionHost {
  readonly fixture: StreamFixture;
  readonly id = "a1b2-00000001";
  readonly clientId = "desk-7";
  readonly peer;
  readonly #reader: Reader;
  readonly session: SessionV2;
  readonly endings: EndingCause[] = [];
  readonly rollbacks: (readonly [Channel, number, number])[] = [];
  readonly acknowledgements: Acknowledgement[] = [];
  /** What acknowledging answers, or rejects with. */
  receipt: readonly AcknowledgedAlert[] | Error = [];
  status: Partial<Record<Channel, ChannelStatus>> = {};

  constructor({ ring = 4, mayAcknowledge = true, ...changes }: HostOptions = {}) {
    this.fixture = new StreamFixture(ring);
    this.#reader = this.fixture.reader();
    const scopes = mayAcknowledge ? ["subscribe", "acknowledge"] as const : ["subscribe"] as const;
    const principal = keyHolder("night-desk", [...scopes]);
    this.peer = fakePeer({ principal, protocol: "telemetry.v2" });
    this.session = new SessionV2(
      this,
      sessionDeps(this.fixture, {
        inboundMessagesPerSecond: 1_000,
        observer: { slowConsumer: () => {}, rolledBack: (...it) => this.rollbacks.push(it) },
        statusOf: (channel) =>
          this.status[channel] ?? { channel, state: "fresh", lastEventAt: undefined },
        eventLog: { append: (by, entries) => this.#append(by, entries) },
        ...changes,
      }),
    );
  }

  get clock() {
    return this.fixture.clock;
  }

  get subscriber() {
    return this.#reader.subscriber;
  }

  reply(frame: string): void {
    this.subscriber.socket.send(frame);
  }

  subscribed(): void {}

  unsubscribed(): void {}

  end(cause: EndingCause): void {
    this.endings.push(cause);
  }

  /** Sends a message of the client; what is not text is written as JSON. */
  say(message: unknown): void {
    this.session.receive(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** The texts since the last look. */
  frames(): string[] {
    return this.#reader.socket.take();
  }

  /** The messages since the last look. */
  messages(): ServerMessageV2[] {
    return this.frames().map((text) => ServerMessageV2.parse(JSON.parse(text)));
  }

  /** The messages since the last look, in short. */
  short(): string[] {
    return shortBatches(this.frames());
  }

  #append(...[principal, entries]: Parameters<EventLog["append"]>) {
    const alerts = entries.map((entry) => {
      assert.ok("acknowledge" in entry);
      return entry.acknowledge;
    });
    this.acknowledgements.push([principal, alerts]);
    const { receipt } = this;
    return receipt instanceof Error ? Promise.reject(receipt) : Promise.resolve({
      accepted: alerts.length,
      duplicates: 0,
      last: {},
      acknowledged: { alerts: receipt, changed: receipt.map(({ id }) => id) },
    });
  }
}

const ack = (id: string | undefined, channels: Readonly<Record<string, object>>) => ({
  type: "ack",
  ...(id && { id }),
  ok: true,
  channels: Object.fromEntries(
    Object.entries(channels).map(([name, place]) => [name, { epoch: EPOCH, ...place }]),
  ),
});

Deno.test("the welcome says who the client is, and how it is served", () => {
  const host = new Host();
  host.clock.advance(7);
  host.session.welcome();
  assert.deepEqual(host.messages(), [{
    ...JSON.parse(readGolden("welcome")),
    version: VERSION,
    timestamp: TEST_EPOCH + 7,
  }]);
});

Deno.test("the acknowledgement comes before the first frame of any of its channels", () => {
  const host = new Host();
  host.fixture.publish("positions", ["a"]);
  host.fixture.publish("market-data", ["b"]);
  const channels = [{ name: "position", snapshot: true }, { name: "market.data", snapshot: true }];
  host.say({ id: "1", action: "subscribe", channels });
  assert.deepEqual(host.short(), ["ack", "S1: 1", "S1: 1"]);
});

Deno.test("each channel is acked with its place, and with whether it was recovered if it asked", () => {
  const host = new Host();
  host.fixture.publish("positions", [..."abcdef"]);
  host.fixture.publish("risk-alerts", [..."abcdef"]);
  host.fixture.publish("trader-status", ["a"]);
  const channels = [
    "market-data",
    { name: "positions", since: { epoch: EPOCH, seq: 4 } },
    { name: "risk-alerts", since: { epoch: EPOCH, seq: 1 } },
    { name: "trader-status", since: { epoch: "e0", seq: 9 } },
  ];
  host.say({ id: "q", action: "subscribe", channels });
  const [first, ...frames] = host.frames();
  assert.deepEqual(
    JSON.parse(first!),
    ack("q", {
      "market-data": { seq: 0 },
      "positions": { seq: 4, recovered: true },
      "risk-alerts": { seq: 6, recovered: false, lost: 5 },
      "trader-status": { seq: 1, recovered: false },
    }),
  );
  assert.deepEqual(shortBatches(frames), ["r5-6: 5 6", "S6: 1 2 3 4 5 6", "S1: 1"]);
});

Deno.test("live batches follow the acknowledgement without a hole", () => {
  const host = new Host();
  host.fixture.publish("market-data", ["a"]);
  host.say({ id: "1", action: "subscribe", channels: ["market-data"] });
  host.fixture.publish("market-data", ["a"]);
  host.fixture.publish("market-data", ["a"]);
  host.clock.advance(FLUSH);
  host.clock.turns();
  assert.deepEqual(host.short(), ["ack", "2-2: 2", "3-3: 3"]);
});

Deno.test("a place beyond the head is told to the operators", () => {
  const host = new Host();
  host.fixture.publish("positions", ["a"]);
  const since = { epoch: EPOCH, seq: 9 };
  host.say({ id: "1", action: "subscribe", channels: [{ name: "positions", since }] });
  assert.deepEqual(host.rollbacks, [["positions", 9, 1]]);
  assert.deepEqual(host.short(), ["ack", "S1: 1"]);
});

Deno.test("subscribing again is acked with the place that the client has", () => {
  const host = new Host();
  const subscribe = (id: string, options = {}) =>
    host.say({ id, action: "subscribe", channels: [{ name: "positions", ...options }] });
  subscribe("1");
  host.fixture.publish("positions", ["a", "b"]);
  host.frames();
  subscribe("2", { filter: { symbols: ["X"] }, since: { epoch: "e0", seq: 1 } });
  assert.deepEqual(host.messages(), [ack("2", { positions: { seq: 2 } })]);
});

Deno.test("unsubscribing is acked with the place reached, or the head of what was not subscribed", () => {
  const host = new Host();
  host.say({ id: "1", action: "subscribe", channels: ["positions"] });
  host.fixture.publish("market-data", ["a", "b", "c"]);
  host.fixture.publish("positions", ["a"]);
  host.fixture.append("positions", "b");
  host.frames();
  host.say({ id: "2", action: "unsubscribe", channels: ["positions", "market-data"] });
  host.clock.turns();
  assert.deepEqual(host.messages(), [
    ack("2", { "positions": { seq: 1 }, "market-data": { seq: 3 } }),
  ]);
  assert.equal(host.subscriber.cursors.size, 0);
});

Deno.test("channels of the address are acked without an id, and begin with a snapshot if it says so", () => {
  for (const replay of [false, true]) {
    const host = new Host();
    host.fixture.publish("positions", ["a"]);
    host.session.start({ channels: ["Position", "weather", "weather2"], replay });
    const [first, ...rest] = host.frames();
    assert.deepEqual(JSON.parse(first!), ack(undefined, { positions: { seq: 1 } }));
    assert.deepEqual(shortBatches(rest), replay ? ["S1: 1", "error"] : ["error"]);
    assert.match(rest.at(-1)!, /"code":"invalid_channels","message":"[^"]*\b2\b/);
  }
});

Deno.test("an address without channels is answered with nothing", () => {
  const host = new Host();
  host.session.start({ channels: [], replay: true });
  assert.deepEqual(host.frames(), []);
});

Deno.test("a heartbeat is answered with its id, if it has one", () => {
  const host = new Host();
  host.clock.advance(15_004);
  host.say(readGolden("client_heartbeat"));
  host.say('{"action":"HEARTBEAT"}');
  const timestamp = TEST_EPOCH + 15_004;
  assert.deepEqual(host.messages(), [
    { ...JSON.parse(readGolden("heartbeat_ack")), timestamp },
    { ...JSON.parse(readGolden("heartbeat_ack_without_id")), timestamp },
  ]);
});

Deno.test("the tick advances every channel, though a filter lets nothing through", () => {
  const host = new Host({ ring: 1_000 });
  const filter = { symbols: ["X"] };
  const channels = [{ name: "market-data", filter }, { name: "positions", filter }];
  host.say({ action: "subscribe", channels });
  host.fixture.publish("market-data", ["a", "b"], { fields: { symbol: "Y" } });
  assert.deepEqual(host.short(), ["ack"]);
  host.session.flushProgress(0);
  assert.deepEqual(host.short(), ["1-2: f2"]);
  host.session.flushProgress(0);
  assert.deepEqual(host.frames(), []);
});

Deno.test("a status is told to who subscribes the channel, with an ISO time or null", () => {
  const host = new Host();
  host.say({ action: "subscribe", channels: ["market-data", "positions"] });
  host.frames();
  const lastEventAt = Date.parse("2026-01-31T12:00:00.101Z");
  host.session.sendStatus({ channel: "market-data", state: "stale", lastEventAt });
  host.session.sendStatus({ channel: "positions", state: "degraded", lastEventAt: undefined });
  host.session.sendStatus({ channel: "trader-status", state: "stale", lastEventAt });
  assert.deepEqual(host.frames(), [readGolden("status_stale"), readGolden("status_degraded")]);
});

Deno.test("who subscribes a channel that is not fresh is told before anything of it", () => {
  for (const state of ["stale", "degraded"] as const) {
    const host = new Host();
    host.fixture.publish("market-data", ["a"]);
    host.status = { "market-data": { channel: "market-data", state, lastEventAt: TEST_EPOCH } };
    const channels = ["positions", { name: "market-data", snapshot: true }];
    host.say({ action: "subscribe", channels });
    assert.deepEqual(host.short(), ["ack", "status", "S1: 1"]);
  }
});

Deno.test("it says when it is about to go", () => {
  const host = new Host();
  host.session.sendGoingAway(2_750);
  assert.deepEqual(host.frames(), [readGolden("going_away")]);
});

Deno.test("alerts are acknowledged in the name of the key, and acked with what became of them", async () => {
  const host = new Host();
  const { alerts } = JSON.parse(readGolden("ack_acknowledge"));
  host.receipt = alerts;
  host.say(readGolden("client_acknowledge"));
  assert.deepEqual(host.frames(), []);
  await settle();
  assert.deepEqual(host.frames(), [readGolden("ack_acknowledge")]);
  assert.deepEqual(host.acknowledgements, [
    ["night-desk", [{ id: "alert-9", seq: 17 }, { id: "alert-8" }]],
  ]);
});

Deno.test("acknowledging needs its scope", async () => {
  const host = new Host({ mayAcknowledge: false });
  host.say({ id: "10", action: "acknowledge", alerts: [{ id: "alert-9" }] });
  await settle();
  assert.deepEqual(host.frames(), [readGolden("error_forbidden")]);
  assert.deepEqual(host.acknowledgements, []);
});

Deno.test("what acknowledging is refused for becomes the code of an error", async () => {
  const cases: readonly (readonly [ErrorCode, string, string, string])[] = [
    ["ALERT_NOT_FOUND", 'no alert "alert-1" is known', "11", "error_not_found"],
    ["OVERLOADED", "too much is waiting to be stored", "12", "error_overloaded"],
    ["STORE_UNAVAILABLE", "events cannot be stored", "13", "error_unavailable"],
  ];
  for (const [code, message, id, golden] of cases) {
    const host = new Host();
    host.receipt = new PublishError(code, message);
    host.say({ id, action: "acknowledge", alerts: [{ id: "alert-1" }] });
    await settle();
    assert.deepEqual(host.frames(), [readGolden(golden)]);
    assert.deepEqual(host.endings, []);
  }
});

Deno.test("a failure that nobody foresaw ends the connection, and nothing else", async () => {
  const host = new Host();
  host.receipt = new TypeError("a bug");
  host.say({ id: "1", action: "acknowledge", alerts: [{ id: "alert-1" }] });
  await settle();
  assert.deepEqual([host.endings, host.frames()], [["internalError"], []]);
});

Deno.test("what is wrong with a message is said as in the golden errors, and nothing is done", () => {
  const host = new Host();
  const cases: readonly (readonly [string, unknown])[] = [
    ["error_invalid_payload", "nonsense"],
    ["error_invalid_channels", {
      id: "8",
      action: "subscribe",
      channels: ["positions", "weather"],
    }],
    ["error_unknown_action", { id: "9", action: "dance" }],
    ["error_too_large", "x".repeat(MAX_CLIENT_MESSAGE_LENGTH + 1)],
  ];
  for (const [golden, message] of cases) {
    host.say(message);
    assert.deepEqual(host.frames(), [readGolden(golden)]);
  }
  assert.equal(host.subscriber.cursors.size, 0);
});

Deno.test("too many messages are told when to go on, and are not looked at", () => {
  const host = new Host({ inboundMessagesPerSecond: 20 });
  for (let count = 0; count < 20; count++) host.say({ action: "heartbeat" });
  host.frames();
  host.say({ action: "subscribe", channels: ["positions"] });
  assert.deepEqual(host.frames(), [readGolden("error_rate_limited")]);
  assert.equal(host.subscriber.cursors.size, 0);
  for (let count = 0; count < 20; count++) host.say({ action: "heartbeat" });
  assert.deepEqual(host.endings, ["tooManyMessages"]);
});

Deno.test("nonsense is answered ten times a minute, then ends the connection", () => {
  const host = new Host();
  for (let count = 0; count < MAX_VIOLATIONS; count++) {
    host.say(count % 2 === 0 ? "nonsense" : { action: "subscribe", channels: ["weather"] });
  }
  assert.deepEqual([host.frames().length, host.endings], [MAX_VIOLATIONS, []]);
  host.session.receive(new ArrayBuffer(2));
  assert.deepEqual([host.frames(), host.endings], [[], ["protocolViolation"]]);
});

Deno.test("binary messages are faults, and what nobody could mean ends with 1009", () => {
  const host = new Host();
  host.session.receive(new ArrayBuffer(2));
  const [answer] = host.messages();
  assert.ok(answer?.type === "error" && answer.code === "invalid_payload");
  host.session.receive("x".repeat(MAX_TOLERATED_LENGTH + 1));
  assert.deepEqual([host.endings, host.frames()], [["messageTooLarge"], []]);
});

Deno.test("nothing that is absent is written", () => {
  const text = encodeV2({ type: "error", id: undefined, code: "not_found", message: "" });
  assert.equal(text, '{"type":"error","code":"not_found","message":""}');
});
