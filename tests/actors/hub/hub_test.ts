import assert from "node:assert/strict";
import { LINGER_MILLIS } from "../../../actors/hub/sweeper.ts";
import {
  ANONYMOUS,
  FAKE_EPOCH,
  fakePeer,
  keyHolder,
  withGateway,
} from "../../support/fake_gateway.ts";
import { marketData, position, riskAlert } from "../../support/events.ts";
import { settle } from "../../support/test_clock.ts";

Deno.test("ids are unique, and sort in the order of the handshakes", async () => {
  await withGateway({}, (fake) => {
    const ids = Array.from({ length: 200 }, () => fake.connect().connection.id);
    assert.equal(new Set(ids).size, 200);
    assert.deepEqual(ids, [...ids].sort());
    assert.deepEqual([...fake.hub.clients()].map(({ connectionId }) => connectionId), ids);
  });
});

Deno.test("the list goes on behind a connection, also when that has ended meanwhile", async () => {
  await withGateway({}, (fake) => {
    const clients = Array.from({ length: 5 }, () => fake.connect());
    const [, second, ...rest] = clients.map(({ connection }) => connection);
    fake.hub.closed(second!, 1000);
    assert.deepEqual(
      [...fake.hub.clients(second!.id)].map(({ connectionId }) => connectionId),
      rest.map(({ id }) => id),
    );
  });
});

Deno.test("an id names a connection first, else every connection of that clientId", async () => {
  await withGateway({}, (fake) => {
    const a = fake.connect({ clientId: "desk-7", principal: keyHolder("a") });
    const b = fake.connect({ clientId: "desk-7", principal: ANONYMOUS });
    // A client may call itself like another's connection: the connection goes first.
    const impostor = fake.connect({ clientId: a.connection.id });
    const idsOf = (id: string) => fake.hub.clientsById(id).map(({ connectionId }) => connectionId);
    assert.deepEqual(idsOf("desk-7"), [a.connection.id, b.connection.id]);
    assert.deepEqual(idsOf(a.connection.id), [a.connection.id]);
    assert.deepEqual(idsOf(impostor.connection.id), [impostor.connection.id]);
    assert.deepEqual(idsOf("nobody"), []);
  });
});

Deno.test("a disconnect ends whom it names with 4410 and the reason, and counts them", async () => {
  await withGateway({}, (fake) => {
    const a = fake.connect({ clientId: "desk-7", principal: keyHolder("a") });
    const b = fake.connect({ clientId: "desk-7", principal: keyHolder("b") });
    const other = fake.connect({ clientId: "desk-8" });
    assert.equal(fake.hub.disconnect("desk-7", "maintenance", 0, "ops"), 2);
    for (const { socket } of [a, b]) {
      assert.deepEqual(socket.closings, [{ code: 4410, reason: "maintenance" }]);
    }
    assert.deepEqual(other.socket.closings, []);
    assert.equal(fake.hub.disconnect("desk-7", "again", 0, "ops"), 0);
    assert.equal(fake.log.find({ message: "forced disconnect" }).length, 2);
    assert.deepEqual(fake.hub.stats().endings, { disconnected: 2 });
  });
});

Deno.test("the numbers of the moment add up", async () => {
  await withGateway({ config: { telemetry: { rateLimitPerSecond: 2 } } }, async (fake) => {
    const reader = fake.connect({ channels: ["market-data", "risk-alerts"] });
    const gone = fake.connect({ channels: ["market-data"] });
    fake.hub.admit(fakePeer());
    gone.connection.end("slowConsumer");
    await fake.publish(marketData("A", "1"), marketData("B", "2"), marketData("A", "3"));
    await fake.publish(riskAlert("a1"));
    const stats = fake.hub.stats();
    assert.deepEqual(
      [stats.status, stats.activeConnections, stats.connecting, stats.lingering, stats.accepted],
      ["running", 1, 1, 1, 2],
    );
    assert.equal(stats.throttled, 1);
    assert.equal(stats.failures, 0);
    assert.deepEqual(stats.endings, { slowConsumer: 1 });
    const { head, epoch, subscribers, snapshotSize, ringEvents, published, sent, shed } =
      stats.channels["market-data"];
    assert.deepEqual(
      { head, epoch, subscribers, snapshotSize, ringEvents, published, sent, shed },
      {
        head: 3,
        epoch: FAKE_EPOCH,
        subscribers: 1,
        snapshotSize: 2,
        ringEvents: 3,
        published: 3,
        sent: 2,
        shed: { rate_limit: 0, slow_consumer: 0, ring_overrun: 0 },
      },
    );
    assert.equal(stats.channels["risk-alerts"].sent, 1);
    assert.equal(reader.socket.events.length, 3);
    assert.equal(stats.uptimeMillis, fake.clock.now());
  });
});

Deno.test("close events that come twice change nothing the second time", async () => {
  await withGateway({}, (fake) => {
    const { connection } = fake.connect();
    const before = fake.hub.stats();
    for (const code of [1001, 1005, 1005]) fake.hub.closed(connection, code);
    const after = fake.hub.stats();
    assert.deepEqual(after.endings, { peer: 1 });
    assert.equal(after.activeConnections, before.activeConnections - 1);
    assert.equal(after.lingering, 0);
    assert.deepEqual(connection.cause, { by: "peer", code: 1001 });
    assert.equal(fake.log.find({ message: "closed", connectionId: connection.id }).length, 1);
  });
});

Deno.test("seats stay right however often close events repeat", async () => {
  await withGateway({ config: { server: { maxConnections: 2 } } }, (fake) => {
    const { connection } = fake.connect();
    connection.end("slowConsumer");
    for (const code of [1001, 1005]) fake.hub.closed(connection, code);
    fake.connect();
    fake.connect();
    assert.equal(fake.hub.admit(fakePeer()).ok, false);
  });
});

Deno.test("a drain ends everyone at once with 1001 and waits until the sockets are gone", async () => {
  await withGateway({}, async (fake) => {
    const clients = Array.from({ length: 3 }, () => fake.connect());
    const handshake = fake.hub.admit(fakePeer());
    assert.ok(handshake.ok);
    let left: number | undefined;
    const drained = fake.hub.drain(10_000).then((result) => left = result);
    assert.equal(fake.hub.status, "draining");
    for (const { socket } of clients) {
      assert.deepEqual(socket.closings, [{ code: 1001, reason: "server going away" }]);
    }
    assert.deepEqual(handshake.connection.cause, { by: "gateway", cause: "goingAway" });
    for (const { connection } of clients) {
      await settle();
      assert.equal(left, undefined);
      fake.hub.closed(connection, 1001);
    }
    await drained;
    assert.equal(left, 0);
  });
});

Deno.test("a drain of nobody is over at once", async () => {
  await withGateway({}, async (fake) => {
    assert.equal(await fake.hub.drain(10_000), 0);
  });
});

Deno.test("a drain ends at its deadline although a peer holds its socket", async () => {
  await withGateway({}, async (fake) => {
    const { connection } = fake.connect();
    let left: number | undefined;
    const drained = fake.hub.drain(10_000).then((result) => left = result);
    await fake.clock.advanceAsync(9_999);
    assert.equal(left, undefined);
    await fake.clock.advanceAsync(1);
    await drained;
    assert.equal(left, 1);
    fake.hub.closed(connection, 1006); // Late, and harmless.
    assert.equal(fake.hub.stats().lingering, 0);
  });
});

Deno.test("two drains at once are both over when everybody is gone", async () => {
  await withGateway({}, async (fake) => {
    const { connection } = fake.connect();
    const results: number[] = [];
    const drains = [fake.hub.drain(10_000), fake.hub.drain(10_000)];
    for (const drain of drains) drain.then((result) => void results.push(result));
    fake.hub.closed(connection, 1001);
    await settle();
    assert.deepEqual(results, [0, 0]);
  });
});

Deno.test("while draining, handshakes are refused and told when to come back", async () => {
  await withGateway({}, async (fake) => {
    await fake.hub.drain(10_000);
    const refused = fake.hub.admit(fakePeer());
    assert.ok(!refused.ok);
    assert.equal(refused.code, "DRAINING");
    assert.ok(refused.retryAfterSeconds! > 0);
    // What is left of the hub goes on: the ticker still runs until it is stopped.
    assert.equal(fake.hub.status, "draining");
  });
});

Deno.test("a stopped hub stays stopped", async () => {
  await withGateway({}, async (fake) => {
    fake.hub.stop();
    assert.equal(fake.hub.status, "stopped");
    await fake.hub.drain(1);
    assert.equal(fake.hub.status, "stopped");
  });
});

Deno.test("when everything is over nothing is left: no connection, no cursor, no timer", async () => {
  await withGateway({ config: { telemetry: { rateLimitPerSecond: 1 } } }, async (fake) => {
    const principals = [ANONYMOUS, keyHolder("a"), keyHolder("b")];
    const clients = Array.from({ length: 60 }, (_, i) =>
      fake.connect({
        principal: principals[i % 3]!,
        clientId: `c${i % 20}`,
        address: `10.0.0.${i % 7}`,
        channels: ["positions", "market-data", "risk-alerts"],
        replay: i % 2 === 0,
      }));
    for (let i = 0; i < 10; i++) await fake.publish(marketData("A", `${i}`), position(`p${i}`));
    await fake.clock.advanceAsync(20_000);
    const drained = fake.hub.drain(10_000);
    for (const { connection } of clients) fake.hub.closed(connection, 1001);
    assert.equal(await drained, 0);
    const { activeConnections, connecting, lingering, throttled, accepted, endings, channels } =
      fake.hub.stats();
    assert.deepEqual({ activeConnections, connecting, lingering, throttled, accepted }, {
      activeConnections: 0,
      connecting: 0,
      lingering: 0,
      throttled: 0,
      accepted: 60,
    });
    assert.equal(Object.values(endings).reduce((sum, count) => sum + count, 0), 60);
    for (const { subscribers } of Object.values(channels)) assert.equal(subscribers, 0);
    assert.deepEqual([...fake.hub.clients()], []);
    fake.hub.stop();
    fake.clock.advance(0); // What was deferred to the end of the turn.
    assert.equal(fake.clock.pendingTimers, 0);
  });
});

Deno.test("every way to end writes one closed line with the code and the totals", async () => {
  await withGateway({}, async (fake) => {
    const { connection } = fake.connect({ clientId: "desk-7", channels: ["positions"] });
    await fake.publish(position("p1"), position("p2"));
    fake.clock.advance(1_500);
    connection.end("slowConsumer");
    const peer = fake.connect({ clientId: "desk-8" });
    fake.hub.closed(peer.connection, 1006);
    const [first, second, ...more] = fake.log.find({ message: "closed" });
    assert.deepEqual(first?.properties, {
      connectionId: connection.id,
      by: "gateway",
      cause: "slowConsumer",
      code: 4413,
      clientId: "desk-7",
      principal: "desk",
      eventsSent: 2,
      eventsSkipped: 0,
      seconds: 1.5,
    });
    assert.equal(second?.properties["code"], 1006);
    assert.deepEqual([first?.level, second?.level], ["warn", "info"]);
    assert.deepEqual(more, []);
  });
});

Deno.test("a peer that holds its socket gives its seat back after a minute, and goes on being counted", async () => {
  await withGateway({ config: { server: { maxConnections: 1 } } }, (fake) => {
    const { connection } = fake.connect();
    connection.end("disconnected");
    fake.clock.advance(LINGER_MILLIS - 1_000);
    assert.equal(fake.hub.admit(fakePeer()).ok, false);
    fake.clock.advance(2_000);
    const admitted = fake.hub.admit(fakePeer());
    assert.equal(admitted.ok, true);
    assert.equal(fake.hub.stats().lingering, 1);
    fake.hub.closed(connection, 1006);
    fake.hub.closed(connection, 1005); // It may come twice.
    assert.equal(fake.hub.stats().lingering, 0);
    assert.equal(fake.hub.admit(fakePeer()).ok, false, "the seat is given back once");
  });
});

Deno.test("a drain does not wait for sockets that have lost their seats, but counts them", async () => {
  await withGateway({}, async (fake) => {
    const { connection } = fake.connect();
    connection.end("disconnected");
    await fake.clock.advanceAsync(LINGER_MILLIS + 1_000);
    assert.equal(await fake.hub.drain(10_000), 1);
  });
});
