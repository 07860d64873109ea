import assert from "node:assert/strict";
import { HANDSHAKE_MILLIS } from "../../../actors/connection/actor.ts";
import { LINGER_MILLIS } from "../../../actors/hub/sweeper.ts";
import { HARD_CAP_BYTES } from "../../../actors/stream/subscriber.ts";
import { fakePeer, PeerSocket, withGateway } from "../../support/fake_gateway.ts";
import { marketData } from "../../support/events.ts";
import { fillBuffer } from "../../support/stream_fixture.ts";
import { TEST_EPOCH } from "../../support/test_clock.ts";

/** A heartbeat every second, a timeout after three. */
const SECONDS = { telemetry: { heartbeatIntervalSeconds: 1, heartbeatTimeoutSeconds: 3 } };

const PATIENT = { telemetry: { ...SECONDS.telemetry, requireClientHeartbeat: true } };

Deno.test("a heartbeat is sent every interval, counted from the opening", async () => {
  await withGateway({ config: SECONDS }, (fake) => {
    fake.clock.advance(500);
    const { socket } = fake.connect();
    fake.clock.advance(999);
    assert.deepEqual(socket.heartbeats, []);
    fake.clock.advance(251); // A sweep comes at the latest a quarter of a second after it is due.
    assert.deepEqual(socket.heartbeats, ["server"]);
    fake.clock.advance(9_000);
    assert.equal(socket.heartbeats.length, 10);
  });
});

Deno.test("heartbeats never drift: a late one does not delay the next", async () => {
  // No multiple of the time between sweeps, so that each heartbeat is a little late.
  const config = { telemetry: { heartbeatIntervalSeconds: 1.1, heartbeatTimeoutSeconds: 3 } };
  await withGateway({ config }, (fake) => {
    const { socket } = fake.connect();
    fake.clock.advance(600 * 1_100 + 250);
    assert.equal(socket.heartbeats.length, 600);
  });
});

Deno.test("heartbeats are not suppressed by traffic in either direction", async () => {
  await withGateway({ config: SECONDS }, async (fake) => {
    const { socket, say } = fake.connect({ channels: ["market-data"] });
    for (let i = 0; i < 50; i++) {
      await fake.publish(marketData("A", `${i}`));
      say({ action: "heartbeat" });
      await fake.clock.advanceAsync(100);
    }
    const ticks = socket.heartbeats.filter((direction) => direction === "server");
    assert.equal(ticks.length, 5);
  });
});

Deno.test("those that are due in one sweep are sent the same frame, stamped with its time", async () => {
  await withGateway({ config: SECONDS }, (fake) => {
    const sockets = Array.from({ length: 3 }, () => fake.connect().socket);
    fake.clock.advance(1_250);
    const frames = sockets.map(({ frames }) => frames.at(-1));
    assert.equal(new Set(frames).size, 1);
    const { type, timestamp } = sockets[0]!.messages.at(-1)!;
    assert.equal(type, "heartbeat");
    assert.ok(timestamp >= TEST_EPOCH + 1_000 && timestamp <= TEST_EPOCH + 1_250, `${timestamp}`);
  });
});

Deno.test("after a sleep of the process one heartbeat is sent, not all that were missed", async () => {
  await withGateway({ config: SECONDS }, (fake) => {
    const { connection, socket } = fake.connect();
    connection.nextHeartbeatAt -= 60_000; // As if the clock had jumped.
    fake.clock.advance(250);
    assert.deepEqual(socket.heartbeats, ["server"]);
    fake.clock.advance(999);
    assert.deepEqual(socket.heartbeats, ["server"]);
    fake.clock.advance(251);
    assert.deepEqual(socket.heartbeats, ["server", "server"]);
  });
});

Deno.test("short intervals are kept as well", async () => {
  const config = { telemetry: { heartbeatIntervalSeconds: 0.1, heartbeatTimeoutSeconds: 3 } };
  await withGateway({ config }, (fake) => {
    const { socket } = fake.connect();
    fake.clock.advance(1_050);
    assert.equal(socket.heartbeats.length, 10);
  });
});

Deno.test("a passive client that answers pings stays connected", async () => {
  await withGateway({ config: SECONDS }, (fake) => {
    const { socket } = fake.connect();
    fake.clock.advance(3_600_000);
    assert.deepEqual(socket.closings, []);
  });
});

Deno.test("when clients must speak, silence ends with 4408 in timed-out", async () => {
  await withGateway({ config: PATIENT }, (fake) => {
    const { connection, socket } = fake.connect();
    fake.clock.advance(2_999);
    assert.deepEqual(socket.closings, []);
    fake.clock.advance(251);
    assert.deepEqual(socket.closings, [{ code: 4408, reason: "heartbeat timeout" }]);
    assert.equal(connection.state, "timed-out");
    const lines = fake.log.find({ message: "heartbeat timeout", connectionId: connection.id });
    assert.equal(lines.length, 1);
    assert.deepEqual(fake.hub.stats().endings, { heartbeatTimeout: 1 });
  });
});

Deno.test("when clients must speak, any message is a sign of life, even a malformed one", async () => {
  for (const message of ['{"action":"heartbeat"}', "nonsense"]) {
    await withGateway({ config: PATIENT }, (fake) => {
      const { socket, say } = fake.connect();
      for (let i = 0; i < 8; i++) {
        fake.clock.advance(2_900);
        say(message);
      }
      assert.deepEqual(socket.closings, []);
    });
  }
});

Deno.test("a buffer that does not shrink for the timeout ends in timed-out", async () => {
  await withGateway({ config: SECONDS }, async (fake) => {
    const { connection, socket } = fake.connect({ channels: ["market-data"] });
    socket.readsAtOnce = false;
    await fake.publish(marketData("A", "1"));
    fake.clock.advance(2_750);
    assert.deepEqual(socket.closings, []);
    fake.clock.advance(1_250); // The timeout of 3 s, a quarter of it, and a sweep.
    assert.deepEqual(socket.codes, [1001]);
    assert.equal(connection.state, "timed-out");
    assert.deepEqual(fake.hub.stats().endings, { stalled: 1 });
    assert.equal(fake.log.find({ message: "stalled", connectionId: connection.id }).length, 1);
  });
});

Deno.test("a peer that reads a little now and then is slow, not stalled", async () => {
  await withGateway({ config: SECONDS }, async (fake) => {
    const { socket } = fake.connect({ channels: ["market-data"] });
    socket.readsAtOnce = false;
    await fake.publish(...Array.from({ length: 100 }, (_, i) => marketData(`S${i}`, "1")));
    for (let i = 0; i < 20; i++) {
      await fake.clock.advanceAsync(2_000);
      assert.ok(socket.bufferedAmount > 1);
      socket.drain(1);
    }
    assert.deepEqual(socket.closings, []);
  });
});

Deno.test("new frames do not hide that nothing is read", async () => {
  await withGateway({ config: SECONDS }, async (fake) => {
    const { connection, socket } = fake.connect({ channels: ["market-data"] });
    socket.readsAtOnce = false;
    for (let i = 0; i < 40; i++) {
      await fake.publish(marketData("A", `${i}`));
      await fake.clock.advanceAsync(100);
    }
    assert.equal(connection.cause?.by, "gateway");
    assert.equal(connection.state, "timed-out");
  });
});

Deno.test("a socket that the runtime is closing behind blocked writes ends in timed-out", async () => {
  await withGateway({ config: SECONDS }, async (fake) => {
    const { connection, socket, say } = fake.connect({ channels: ["market-data"] });
    await fake.publish(marketData("A", "1"));
    // It takes nothing more of what was sent.
    fillBuffer({ socket, subscriber: connection.subscriber! }, Infinity);
    for (let i = 0; i < 3; i++) await fake.publish(marketData("A", `${i}`));
    await fake.clock.advanceAsync(2_750);
    assert.equal(connection.cause, undefined);
    assert.equal(socket.events.length, 1);
    assert.ok(Number.isSafeInteger(connection.describe().bufferedBytes));
    await fake.clock.advanceAsync(500);
    assert.equal(connection.state, "timed-out");
    say({ action: "heartbeat" });
    assert.deepEqual(fake.hub.stats().endings, { stalled: 1 });
  });
});

Deno.test("a heartbeat that does not fit into the buffer is left out", async () => {
  const config = { telemetry: { heartbeatIntervalSeconds: 1, heartbeatTimeoutSeconds: 60 } };
  await withGateway({ config }, (fake) => {
    const { socket, connection } = fake.connect();
    socket.readsAtOnce = false;
    fillBuffer({ socket, subscriber: connection.subscriber! }, HARD_CAP_BYTES - 10);
    fake.clock.advance(5_000);
    assert.deepEqual(socket.heartbeats, []);
    assert.deepEqual(socket.closings, []);
    socket.drain();
    fake.clock.advance(1_250);
    assert.ok(socket.heartbeats.length >= 1);
  });
});

Deno.test("a handshake that is not finished in time is ended", async () => {
  await withGateway({ config: SECONDS }, (fake) => {
    const admitted = fake.hub.admit(fakePeer());
    assert.ok(admitted.ok);
    const { connection } = admitted;
    assert.equal(fake.hub.stats().connecting, 1);
    fake.clock.advance(HANDSHAKE_MILLIS - 1);
    assert.equal(connection.state, "connecting");
    fake.clock.advance(251);
    assert.equal(connection.state, "gone");
    assert.equal(fake.hub.stats().connecting, 0);
    assert.deepEqual(fake.hub.stats().endings, { handshakeTimeout: 1 });
    const socket = new PeerSocket();
    fake.hub.open(connection, socket, { channels: [], replay: false });
    assert.deepEqual(socket.codes, [1001]);
  });
});

Deno.test("a handshake that is held has its time after the hold", async () => {
  await withGateway({ config: SECONDS }, (fake) => {
    const closed = fake.connect({ clientId: "desk-7" }).connection;
    closed.end("slowConsumer");
    fake.hub.closed(closed, 4413);
    const admitted = fake.hub.admit(closed.peer);
    assert.ok(admitted.ok);
    const { connection, holdMillis } = admitted;
    assert.equal(holdMillis, 1_000);
    fake.clock.advance(HANDSHAKE_MILLIS + 1_000 - 1);
    assert.equal(connection.state, "connecting");
    fake.clock.advance(251);
    assert.deepEqual(connection.cause, { by: "gateway", cause: "handshakeTimeout" });
  });
});

Deno.test("a peer that holds the socket of an ended connection gives its seat back after a minute", async () => {
  await withGateway({ config: { server: { maxConnections: 1 } } }, (fake) => {
    const { connection } = fake.connect();
    connection.end("slowConsumer");
    fake.clock.advance(LINGER_MILLIS - 1);
    assert.equal(LINGER_MILLIS, 60_000);
    assert.equal(connection.state, "closed");
    assert.equal(fake.hub.admit(fakePeer()).ok, false);
    fake.clock.advance(251);
    assert.equal(connection.state, "abandoned");
    // The socket still counts, the seat does not.
    assert.equal(fake.hub.stats().lingering, 1);
    assert.deepEqual([...fake.hub.clients("", "closed")], []);
    fake.connect();
    fake.hub.closed(connection, 1006);
    assert.equal(fake.hub.stats().lingering, 0);
    assert.equal(fake.hub.admit(fakePeer()).ok, false);
    assert.equal(fake.log.find({ message: "socket still held" }).length, 1);
  });
});

Deno.test("the time in the handshake is not silence of the client", async () => {
  await withGateway({ config: PATIENT }, (fake) => {
    const admitted = fake.hub.admit(fakePeer());
    assert.ok(admitted.ok);
    fake.clock.advance(HANDSHAKE_MILLIS - 1_000);
    const socket = new PeerSocket();
    fake.hub.open(admitted.connection, socket, { channels: [], replay: false });
    fake.clock.advance(2_750);
    assert.deepEqual(socket.closings, []);
  });
});
