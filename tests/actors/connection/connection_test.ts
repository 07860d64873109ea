import assert from "node:assert/strict";
import { HARD_CAP_BYTES } from "../../../actors/stream/subscriber.ts";
import {
  ANONYMOUS,
  FAKE_EPOCH,
  keyHolder,
  PeerSocket,
  withGateway,
} from "../../support/fake_gateway.ts";
import { marketData, position, riskAlert } from "../../support/events.ts";
import { fillBuffer } from "../../support/stream_fixture.ts";
import { TEST_EPOCH } from "../../support/test_clock.ts";

Deno.test("a client is welcomed with its id, the interval, its rate and its connection id", async () => {
  const config = { telemetry: { heartbeatIntervalSeconds: 0.5, rateLimitPerSecond: 7 } };
  await withGateway({ config }, (fake) => {
    const { connection, socket } = fake.connect({ clientId: "desk-7" });
    assert.deepEqual(socket.messages, [{
      type: "welcome",
      meta: {
        clientId: "desk-7",
        heartbeatIntervalSeconds: "0.5",
        rateLimitPerSecond: "7",
        connectionId: connection.id,
      },
      timestamp: TEST_EPOCH,
    }]);
    assert.equal(connection.state, "authenticated");
  });
});

Deno.test("the limit of a key counts instead of the configured one, in v1 and v2", async () => {
  const config = { telemetry: { rateLimitPerSecond: 1 } };
  const principal = { ...keyHolder("robot"), rateLimitPerSecond: 3 };
  await withGateway({ config }, async (fake) => {
    const { connection, socket } = fake.connect({ principal, channels: ["market-data"] });
    assert.equal(socket.messages[0]?.meta?.["rateLimitPerSecond"], "3");
    assert.equal(connection.describe().rateLimitPerSecond, 3);
    await fake.publish(...["A", "B", "C", "D"].map((symbol) => marketData(symbol, "1")));
    assert.equal(socket.events.length, 3);
    const v2 = fake.connect({ principal, protocol: "telemetry.v2" });
    assert.equal(JSON.parse(v2.socket.frames[0]!).rateLimitPerSecond, 3);
    const other = fake.connect({
      principal: { ...principal, name: "free", rateLimitPerSecond: 0 },
    });
    assert.equal(other.connection.describe().rateLimitPerSecond, 0);
    assert.equal(fake.connect().connection.describe().rateLimitPerSecond, 1);
  });
});

Deno.test("a client that gives no id is given one of its own", async () => {
  await withGateway({}, (fake) => {
    const ids = [fake.connect(), fake.connect()].map(({ socket }) =>
      socket.messages[0]?.meta?.["clientId"]
    );
    assert.ok(ids[0] && ids[1]);
    assert.notEqual(ids[0], ids[1]);
  });
});

Deno.test("channels of the address are subscribed after the welcome, replayed, then live", async () => {
  await withGateway({}, async (fake) => {
    await fake.publish(marketData("A", "1"), marketData("B", "2"), marketData("A", "3"));
    const { socket, connection } = fake.connect({ channels: ["market.data"], replay: true });
    await fake.publish(marketData("B", "4"));
    const [welcome, ack, ...events] = socket.messages;
    assert.equal(welcome?.type, "welcome");
    assert.deepEqual(ack, {
      type: "ack",
      channel: "subscription",
      replay: true,
      meta: { channels: "market-data" },
      timestamp: TEST_EPOCH,
    });
    // The latest state per symbol, oldest first; then what came later, once.
    assert.deepEqual(
      events.map(({ replay, meta, data }) => [replay, meta?.["seq"], data?.["price"]]),
      [[true, "2", "2"], [true, "3", "3"], [undefined, "4", "4"]],
    );
    for (const { meta } of events) assert.equal(meta?.["epoch"], FAKE_EPOCH);
    assert.equal(connection.state, "subscribed");
  });
});

Deno.test("without replay only what comes later is sent", async () => {
  await withGateway({}, async (fake) => {
    await fake.publish(marketData("A", "1"));
    const { socket } = fake.connect({ channels: ["market-data"] });
    assert.equal(socket.messages[1]?.replay, false);
    await fake.publish(marketData("A", "2"));
    assert.deepEqual(socket.events.map(({ data }) => data?.["price"]), ["2"]);
  });
});

Deno.test("a replay sends at most so many states of a channel, the newest", async () => {
  await withGateway({ config: { telemetry: { replayLimit: 2 } } }, async (fake) => {
    await fake.publish(riskAlert("a1"), riskAlert("a2"), riskAlert("a3"));
    await fake.publish(position("p1"), position("p2"), position("p3"));
    const { socket } = fake.connect({ channels: ["risk-alerts", "positions"], replay: true });
    assert.deepEqual(socket.events.map(({ data }) => data?.["id"]), ["a2", "a3", "p2", "p3"]);
  });
});

Deno.test("a closed position is not replayed", async () => {
  await withGateway({}, async (fake) => {
    await fake.publish(position("p1"), position("p2"));
    await fake.publish(position("p1", { status: "CLOSED" }));
    const { socket } = fake.connect({ channels: ["positions"], replay: true });
    assert.deepEqual(socket.events.map(({ data }) => data?.["id"]), ["p2"]);
  });
});

Deno.test("unknown channels among known ones are named, and the known are subscribed", async () => {
  await withGateway({}, (fake) => {
    const { socket, connection } = fake.connect({ channels: ["weather", "position"] });
    const [, ack, error] = socket.messages;
    assert.equal(ack?.meta?.["channels"], "positions");
    assert.equal(error?.meta?.["reason"], "invalid_channels");
    assert.match(error?.meta?.["message"] ?? "", /weather/);
    assert.deepEqual(connection.describe().subscribedChannels, ["positions"]);
  });
});

Deno.test("nothing but unknown channels is an error, and the connection lives", async () => {
  await withGateway({}, (fake) => {
    const { socket, connection } = fake.connect({ channels: ["weather"] });
    assert.deepEqual(socket.types, ["welcome", "error"]);
    assert.equal(connection.state, "authenticated");
    assert.deepEqual(socket.closings, []);
  });
});

Deno.test("a socket that opens after its handshake ended is closed with the reason", async () => {
  await withGateway({}, (fake) => {
    const admitted = fake.hub.admit({
      principal: ANONYMOUS,
      address: "10.0.0.1",
      protocol: "telemetry.v1",
    });
    assert.ok(admitted.ok);
    admitted.connection.end("goingAway");
    const socket = new PeerSocket();
    fake.hub.open(admitted.connection, socket, { channels: ["positions"], replay: true });
    assert.deepEqual(socket.codes, [1001]);
    assert.deepEqual(socket.frames, []);
    assert.equal(fake.hub.stats().accepted, 0);
  });
});

Deno.test("after the end nothing is read and nothing is sent", async () => {
  await withGateway({}, async (fake) => {
    const { connection, socket, say } = fake.connect({ channels: ["positions"] });
    connection.end("disconnected");
    const sent = socket.frames.length;
    say({ action: "heartbeat" });
    say("nonsense");
    await fake.publish(position("p1"));
    fake.clock.advance(60_000);
    assert.equal(socket.frames.length, sent);
    assert.deepEqual(socket.codes, [4410]);
  });
});

Deno.test("the first cause wins, and the socket is closed once", async () => {
  await withGateway({}, (fake) => {
    const { connection, socket } = fake.connect();
    connection.end("disconnected", "maintenance");
    connection.end("slowConsumer");
    connection.timeOut("heartbeatTimeout");
    connection.socketClosed(1006);
    assert.deepEqual(socket.closings, [{ code: 4410, reason: "maintenance" }]);
    assert.deepEqual(connection.cause, {
      by: "gateway",
      cause: "disconnected",
      detail: "maintenance",
    });
    assert.equal(connection.state, "gone");
  });
});

Deno.test("a peer that closes is not closed in return", async () => {
  await withGateway({}, (fake) => {
    const { connection, socket } = fake.connect();
    fake.hub.closed(connection, 1000);
    assert.deepEqual(socket.closings, []);
    assert.deepEqual(connection.cause, { by: "peer", code: 1000 });
  });
});

Deno.test("a reason that is too long for a Close frame is cut between two characters", async () => {
  await withGateway({}, (fake) => {
    const { connection, socket } = fake.connect();
    connection.end("disconnected", "ä".repeat(100));
    // 123 bytes are the most; "ä" has two.
    assert.deepEqual(socket.closings, [{ code: 4410, reason: "ä".repeat(61) }]);
  });
});

Deno.test("replies never take the buffer over the hard cap; one that does not fit ends it", async () => {
  const config = { telemetry: { inboundMessagesPerSecond: 1_000 } };
  await withGateway({ config }, (fake) => {
    const { connection, socket, say } = fake.connect();
    socket.readsAtOnce = false;
    fillBuffer({ socket, subscriber: connection.subscriber! }, HARD_CAP_BYTES - 1_000);
    let said = 0;
    for (; said < 100 && connection.cause === undefined; said++) say({ action: "heartbeat" });
    assert.ok(said > 1 && said < 100, `${said} replies`);
    assert.ok(socket.peak <= HARD_CAP_BYTES, `${socket.peak}`);
    assert.deepEqual(socket.codes, [4413]);
  });
});

Deno.test("a subscription whose ack does not fit opens no flood of events", async () => {
  await withGateway({}, async (fake) => {
    await fake.publish(riskAlert("a1"), riskAlert("a2"));
    const { connection, socket, say } = fake.connect();
    socket.readsAtOnce = false;
    fillBuffer({ socket, subscriber: connection.subscriber! }, HARD_CAP_BYTES - 10);
    say({ action: "subscribe", channels: ["risk-alerts"], replay: true });
    assert.deepEqual(socket.types, ["welcome"]);
    assert.deepEqual(socket.codes, [4413]);
    assert.equal(connection.state, "closed");
    assert.equal(fake.hub.stats().channels["risk-alerts"].subscribers, 0);
  });
});

Deno.test("a slow lossless reader ends with 4413", async () => {
  await withGateway({ config: { telemetry: { ringCapacity: 16 } } }, async (fake) => {
    const { connection, socket } = fake.connect({ channels: ["risk-alerts"] });
    socket.readsAtOnce = false;
    fillBuffer({ socket, subscriber: connection.subscriber! }, HARD_CAP_BYTES);
    for (let i = 0; i < 17; i++) await fake.publish(riskAlert(`a${i}`));
    await fake.clock.advanceAsync(1_000);
    assert.deepEqual(socket.codes, [4413]);
    assert.deepEqual(socket.events, []);
  });
});

Deno.test("subscriptions add up, unsubscribing takes away, and the last leads back", async () => {
  await withGateway({}, (fake) => {
    const { connection, socket, say } = fake.connect();
    const steps: readonly (readonly [string, readonly string[], readonly string[]])[] = [
      ["unsubscribe", ["positions"], []],
      ["subscribe", ["positions"], ["positions"]],
      ["subscribe", ["market-data", "positions"], ["positions", "market-data"]],
      ["unsubscribe", ["risk-alerts"], ["positions", "market-data"]],
      ["unsubscribe", ["positions", "risk-alerts"], ["market-data"]],
      ["unsubscribe", ["market-data", "positions"], []],
      ["subscribe", ["risk-alerts"], ["risk-alerts"]],
    ];
    for (const [action, channels, left] of steps) {
      const answered = socket.frames.length;
      say({ action, channels });
      const { state, subscribedChannels } = connection.describe();
      assert.deepEqual(subscribedChannels, left);
      assert.equal(state, left.length > 0 ? "subscribed" : "authenticated");
      assert.equal(socket.frames.length, answered + 1, `${action} ${channels} is answered`);
    }
  });
});

Deno.test("one that is throttled stays so until its last subscription is gone", async () => {
  await withGateway({ config: { telemetry: { rateLimitPerSecond: 1 } } }, async (fake) => {
    const { connection, say } = fake.connect({ channels: ["market-data", "positions"] });
    await fake.publish(marketData("A", "1"), marketData("A", "2"), marketData("A", "3"));
    assert.equal(connection.state, "throttled");
    say({ action: "unsubscribe", channels: ["positions"] });
    assert.equal(connection.state, "throttled");
    say({ action: "unsubscribe", channels: ["market-data"] });
    assert.equal(connection.state, "authenticated");
  });
});

Deno.test("administrators see who a connection is and how it fares", async () => {
  await withGateway({ config: { telemetry: { rateLimitPerSecond: 5 } } }, async (fake) => {
    fake.clock.advance(1_000);
    const { connection, socket, say } = fake.connect({
      clientId: "desk-7",
      address: "10.1.2.3",
      channels: ["market-data", "positions"],
    });
    fake.clock.advance(2_000);
    await fake.publish(marketData("A", "1"));
    say({ action: "heartbeat" });
    fake.clock.advance(500);
    socket.bufferedAmount = 321;
    assert.deepEqual(connection.describe(), {
      id: "desk-7",
      connectionId: connection.id,
      remoteAddress: "10.1.2.3",
      subscribedChannels: ["market-data", "positions"],
      connectedAtEpochMillis: TEST_EPOCH + 1_000,
      lastHeartbeatEpochMillis: TEST_EPOCH + 3_000,
      rateLimitPerSecond: 5,
      authenticated: true,
      isOpen: true,
      state: "subscribed",
      protocol: "telemetry.v1",
      principal: "desk",
      bufferedBytes: 321,
      lag: { "market-data": 0, "positions": 0 },
      eventsSent: 1,
      eventsSkipped: 0,
    });
  });
});

Deno.test("a handshake and an ended connection are not open", async () => {
  await withGateway({}, (fake) => {
    const admitted = fake.hub.admit({
      principal: ANONYMOUS,
      address: "10.0.0.1",
      protocol: "telemetry.v1",
    });
    assert.ok(admitted.ok);
    const { connection } = admitted;
    const before = connection.describe();
    assert.deepEqual([before.isOpen, before.state, before.authenticated, before.principal], [
      ...[false, "connecting", false, "anonymous"],
    ]);
    fake.hub.open(connection, new PeerSocket(), { channels: [], replay: false });
    assert.equal(connection.describe().isOpen, true);
    connection.end("disconnected");
    const after = connection.describe();
    assert.deepEqual([after.isOpen, after.state], [false, "closed"]);
    // Nothing was said: the last sign of life is the time of connecting.
    assert.equal(after.lastHeartbeatEpochMillis, TEST_EPOCH);
  });
});

Deno.test("a connection over its rate is throttled, logged once a minute, and recovers", async () => {
  const config = {
    telemetry: {
      rateLimitPerSecond: 4,
      heartbeatTimeoutSeconds: 3_600,
      heartbeatIntervalSeconds: 600,
    },
  };
  await withGateway({ config }, async (fake) => {
    const { connection, socket } = fake.connect({ channels: ["market-data"] });
    const burst = () =>
      fake.publish(...Array.from({ length: 20 }, (_, i) => marketData("A", `${i}`)));
    const throttledLines = () =>
      fake.log.find({ message: "throttled", connectionId: connection.id }).length;
    await burst();
    assert.equal(connection.state, "throttled");
    assert.equal(fake.hub.stats().throttled, 1);
    await fake.clock.advanceAsync(5_000);
    assert.equal(connection.state, "subscribed");
    await burst();
    assert.equal(connection.state, "throttled");
    assert.equal(throttledLines(), 1);
    await fake.clock.advanceAsync(60_000);
    await burst();
    assert.equal(throttledLines(), 2);
    await fake.clock.advanceAsync(5_000);
    const skipped = socket.events.reduce((n, { meta }) => n + Number(meta?.["skipped"] ?? 0), 0);
    assert.equal(socket.events.length + skipped, 60);
    assert.equal(socket.events.at(-1)?.data?.["price"], "19");
  });
});
