/**
 * A publisher's connection in a whole gateway: it lives and ends like any other.
 *
 * @module
 */
import assert from "node:assert/strict";
import { MAX_PENDING_PUBLISHES } from "../../../actors/connection/session_collector.ts";
import { WAVE_MILLIS, WAVE_SIZE } from "../../../actors/hub/drain.ts";
import type { StoredEvent } from "../../../actors/ports.ts";
import { MemoryStore } from "../../../actors/store/memory.ts";
import { CollectorServerMessage } from "../../../protocol/collector/message.ts";
import { marketData } from "../../support/events.ts";
import {
  FAKE_EPOCH,
  type FakeClient,
  type FakeGateway,
  keyHolder,
  withGateway,
} from "../../support/fake_gateway.ts";

const PRINCIPAL = keyHolder("floor", ["publish"]);

function connect(fake: FakeGateway): FakeClient {
  return fake.connect({
    clientId: "core-1",
    principal: PRINCIPAL,
    protocol: "telemetry.collector",
  });
}

function messagesOf({ socket }: FakeClient): CollectorServerMessage[] {
  return socket.frames.map((frame) => CollectorServerMessage.parse(JSON.parse(frame)));
}

const publish = (id: string, ...events: readonly unknown[]) => ({ id, action: "publish", events });
const headOf = (fake: FakeGateway) => fake.hub.stats().channels["market-data"].head;

/** A store whose commits wait for the test. */
class SlowStore extends MemoryStore {
  readonly gate = Promise.withResolvers<void>();

  override async commit(batch: readonly StoredEvent[]): Promise<void> {
    await this.gate.promise;
    await super.commit(batch);
  }
}

Deno.test("what is published is acknowledged with its number, and reaches subscribers", async () => {
  await withGateway({}, async (fake) => {
    const watcher = fake.connect({ channels: ["market-data"] });
    const collector = connect(fake);
    collector.say(publish("1", marketData("A", "1"), marketData("B", "2")));
    await fake.clock.advanceAsync(0);
    assert.deepEqual(messagesOf(collector).at(-1), {
      type: "ack",
      id: "1",
      ok: true,
      accepted: 2,
      duplicates: 0,
      last: { "market-data": { epoch: FAKE_EPOCH, seq: 2 } },
    });
    assert.deepEqual(watcher.socket.events.map(({ data }) => data?.["id"]), ["A", "B"]);
  });
});

Deno.test("an eventId is recognised on whichever way the same key brings it again", async () => {
  await withGateway({}, async (fake) => {
    const collector = connect(fake);
    const event = { ...marketData("A", "1"), eventId: "e-1" };
    collector.say(publish("1", event));
    collector.say(publish("2", event));
    await fake.clock.advanceAsync(0);
    const acks = messagesOf(collector).filter((message) => message.type === "ack");
    assert.deepEqual(acks.map(({ accepted, duplicates }) => [accepted, duplicates]), [[1, 0], [
      0,
      1,
    ]]);
    assert.equal(headOf(fake), 1);
  });
});

Deno.test("a publisher stays authenticated, and administrators see what it speaks", async () => {
  await withGateway({}, async (fake) => {
    const collector = connect(fake);
    collector.say(publish("1", marketData("A", "1")));
    await fake.clock.advanceAsync(0);
    const [client] = fake.hub.clientsById("core-1");
    const { state, protocol, principal, subscribedChannels } = client!;
    assert.deepEqual([state, protocol, principal], [
      "authenticated",
      "telemetry.collector",
      "floor",
    ]);
    assert.deepEqual(subscribedChannels, []);
    assert.equal(fake.hub.disconnect("core-1", "enough", 0, "ops"), 1);
    assert.deepEqual(collector.socket.codes, [4410]);
  });
});

Deno.test("the tick is spoken in the words of publishers, and silence is a timeout where it is one", async () => {
  const telemetry = { requireClientHeartbeat: true };
  await withGateway({ config: { telemetry } }, async (fake) => {
    const collector = connect(fake);
    await fake.clock.advanceAsync(15_500);
    const [, tick] = messagesOf(collector);
    assert.deepEqual([tick?.type, tick?.type === "heartbeat" && tick.direction], [
      "heartbeat",
      "server",
    ]);
    collector.say({ action: "heartbeat" });
    await fake.clock.advanceAsync(40_000);
    assert.deepEqual(collector.socket.codes, []);
    await fake.clock.advanceAsync(10_000);
    assert.deepEqual(collector.socket.codes, [4408]);
  });
});

Deno.test("an ack that comes after the end is dropped, and what it is about is stored", async () => {
  const store = new SlowStore(16, FAKE_EPOCH);
  await withGateway({ store }, async (fake) => {
    const collector = connect(fake);
    collector.say(publish("1", marketData("A", "1")));
    await fake.clock.advanceAsync(0);
    fake.hub.closed(collector.connection, 1006);
    store.gate.resolve();
    await fake.clock.advanceAsync(0);
    assert.equal(headOf(fake), 1);
    assert.deepEqual(messagesOf(collector).map(({ type }) => type), ["welcome"]);
    assert.deepEqual(collector.connection.cause, { by: "peer", code: 1006 });
    assert.deepEqual(fake.hub.stats().endings, { peer: 1 });
    assert.equal(fake.hub.stats().failures, 0);
  });
});

Deno.test("what a connection that ended still sends is not stored", async () => {
  await withGateway({}, async (fake) => {
    const collector = connect(fake);
    collector.connection.end("goingAway");
    collector.say(publish("1", marketData("A", "1")));
    await fake.clock.advanceAsync(0);
    assert.equal(headOf(fake), 0);
  });
});

Deno.test("a publisher that never reads its acks is ended, not buffered for", async () => {
  await withGateway({}, async (fake) => {
    const collector = connect(fake);
    collector.socket.readsAtOnce = false;
    for (let i = 0; i < 10_000 && collector.socket.codes.length === 0; i++) {
      collector.say(publish(`${i}`, marketData("A", "1")));
      if (i % MAX_PENDING_PUBLISHES === 0) await fake.clock.advanceAsync(0);
    }
    assert.deepEqual(collector.socket.codes, [4413]);
    assert.ok(collector.socket.peak <= 256 * 1_024, `${collector.socket.peak}`);
  });
});

Deno.test("a store that fails refuses with unavailable, and takes the retry once it is back", async () => {
  class FickleStore extends MemoryStore {
    broken = true;

    override commit(batch: readonly StoredEvent[]): Promise<void> {
      return this.broken ? Promise.reject(new Error("disk full")) : super.commit(batch);
    }
  }
  const store = new FickleStore(16, FAKE_EPOCH);
  await withGateway({ store }, async (fake) => {
    const collector = connect(fake);
    const batch = publish("1", { ...marketData("A", "1"), eventId: "e-1" });
    collector.say(batch);
    await fake.clock.advanceAsync(0);
    store.broken = false;
    collector.say(batch);
    await fake.clock.advanceAsync(0);
    const [, error, ack] = messagesOf(collector);
    assert.ok(error?.type === "error" && error.code === "unavailable");
    assert.equal(error.retryAfterMs, 1_000);
    assert.ok(ack?.type === "ack" && ack.accepted === 1);
    assert.equal(headOf(fake), 1);
  });
});

Deno.test("a declared channel lives on the heartbeats of its collector, and is stale without them", async () => {
  await withGateway({}, async (fake) => {
    const collector = connect(fake);
    const stateOf = () => fake.gateway.health.status("positions").state;
    await fake.clock.advanceAsync(60_000);
    assert.equal(stateOf(), "fresh", "nobody promised anything");
    for (let beat = 0; beat < 4; beat++) {
      collector.say({ action: "heartbeat", channels: ["positions"] });
      await fake.clock.advanceAsync(20_000);
      assert.equal(stateOf(), "fresh");
    }
    collector.say({ action: "heartbeat" });
    await fake.clock.advanceAsync(20_000);
    assert.equal(stateOf(), "stale");
    collector.say({ action: "heartbeat", channels: ["positions"] });
    await fake.clock.advanceAsync(1_000);
    assert.equal(stateOf(), "fresh");
  });
});

Deno.test("during a drain publishers are told when to come back, and served until they are closed", async () => {
  await withGateway({}, async (fake) => {
    for (let i = 0; i < WAVE_SIZE; i++) fake.connect({ protocol: "telemetry.v2" });
    const collector = connect(fake);
    const drained = fake.hub.drain(10_000);
    collector.say(publish("1", marketData("A", "1")));
    await fake.clock.advanceAsync(0);
    assert.deepEqual(messagesOf(collector).map(({ type }) => type), ["welcome", "ack"]);
    await fake.clock.advanceAsync(WAVE_MILLIS);
    assert.equal(messagesOf(collector).at(-1)?.type, "going_away");
    assert.deepEqual(collector.socket.codes, [1001]);
    collector.say(publish("2", marketData("A", "2")));
    await fake.clock.advanceAsync(10_000);
    await drained;
    assert.equal(headOf(fake), 1);
  });
});
