import assert from "node:assert/strict";
import { MemoryStore } from "../../../actors/store/memory.ts";
import { CHANNELS } from "../../../protocol/channels.ts";
import { marketData, position, riskAlert } from "../../support/events.ts";
import {
  FAKE_EPOCH,
  type FakeGateway,
  keyHolder,
  withGateway,
} from "../../support/fake_gateway.ts";

const PATH = "/api/v1/telemetry";

/** Begins a new epoch, and lets clients learn of it. */
async function rotate(fake: FakeGateway): Promise<string> {
  await fake.settled(fake.gateway.eventLog.rotateEpoch());
  await fake.clock.advanceAsync(100);
  return fake.hub.stats().channels["positions"].epoch;
}

/** The frames that a socket got since the last call. */
// deno-lint-ignore no-explicit-any -- asserted on, not typed
function take({ socket }: { socket: { frames: string[] } }): any[] {
  return socket.frames.splice(0).map((frame) => JSON.parse(frame));
}

Deno.test("v2 clients get a snapshot that nobody asked for, and then what follows it", async () => {
  await withGateway({}, async (fake) => {
    const client = fake.connect({ protocol: "telemetry.v2", channels: ["positions"] });
    await fake.publish(position("p1"), position("p2"), position("p1", { status: "CLOSED" }));
    await fake.clock.advanceAsync(100);
    take(client);
    const epoch = await rotate(fake);
    assert.notEqual(epoch, FAKE_EPOCH);
    const [snapshot, ...others] = take(client);
    assert.deepEqual(others, []);
    const { type, channel, seq, events, last } = snapshot;
    assert.deepEqual([type, channel, snapshot.epoch, seq, last], [
      "snapshot",
      "positions",
      epoch,
      3,
      true,
    ]);
    assert.deepEqual(events.map((event: { seq: number }) => event.seq), [2]);
    await fake.publish(position("p3"));
    await fake.clock.advanceAsync(100);
    assert.deepEqual(take(client).map(({ from, to }) => [from, to]), [[4, 4]]);
  });
});

Deno.test("v2 clients of a lossless channel get its last events, each client once", async () => {
  await withGateway({}, async (fake) => {
    const clients = [0, 1].map(() =>
      fake.connect({ protocol: "telemetry.v2", channels: ["risk-alerts"] })
    );
    await fake.publish(riskAlert("a"), riskAlert("b"), riskAlert("a"));
    await fake.clock.advanceAsync(100);
    for (const client of clients) take(client);
    const epoch = await rotate(fake);
    for (const client of clients) {
      const [snapshot, ...others] = take(client);
      assert.deepEqual([snapshot.epoch, snapshot.seq, others], [epoch, 3, []]);
      assert.deepEqual(snapshot.events.map((event: { seq: number }) => event.seq), [2, 3]);
    }
  });
});

Deno.test("holders of a key limited to traders get a snapshot of their rows alone", async () => {
  await withGateway({}, async (fake) => {
    const principal = { ...keyHolder("desk"), traders: new Set(["7"]) };
    const client = fake.connect({ protocol: "telemetry.v2", channels: ["positions"], principal });
    await fake.publish(position("p1", { traderId: "7" }), position("p2"));
    await fake.clock.advanceAsync(100);
    take(client);
    const epoch = await rotate(fake);
    const [snapshot, ...others] = take(client);
    assert.deepEqual([snapshot.epoch, snapshot.seq, others], [epoch, 2, []]);
    assert.deepEqual(snapshot.events.map((event: { seq: number }) => event.seq), [1]);
    await fake.publish(position("p3"), position("p1", { traderId: "7", reason: "moved" }));
    await fake.clock.advanceAsync(100);
    const frames = take(client);
    assert.equal(frames.at(-1).to, 4);
    const seen = frames.flatMap(({ events }) => events.map((event: { seq: number }) => event.seq));
    assert.deepEqual(seen, [4]);
  });
});

Deno.test("v1 clients see the new epoch in meta, and miss nothing", async () => {
  await withGateway({}, async (fake) => {
    const client = fake.connect({ channels: ["risk-alerts"] });
    await fake.publish(riskAlert("a"));
    const seen = () => client.socket.events.map(({ meta }) => [meta!["seq"], meta!["epoch"]]);
    assert.deepEqual(seen(), [["1", FAKE_EPOCH]]);
    const epoch = await rotate(fake);
    await fake.publish(riskAlert("b"));
    assert.deepEqual(seen(), [["1", FAKE_EPOCH], ["2", epoch]]);
  });
});

Deno.test("what a v1 client was still owed comes in the new epoch", async () => {
  await withGateway({}, async (fake) => {
    const client = fake.connect({ channels: ["risk-alerts"] });
    client.socket.bufferedAmount = 1e9; // It does not read.
    for (let n = 0; n < 300; n++) {
      await fake.publish(riskAlert(`a${n}`, { message: "x".repeat(900) }));
    }
    const before = client.socket.events.length;
    assert.ok(before < 300);
    const epoch = await rotate(fake);
    client.socket.bufferedAmount = 0;
    await fake.clock.advanceAsync(1_000);
    const { events } = client.socket;
    assert.deepEqual(
      events.map(({ meta }) => Number(meta!["seq"])),
      Array.from({ length: 300 }, (_, index) => index + 1),
    );
    assert.equal(events[before]!.meta!["epoch"], epoch);
  });
});

Deno.test("REST tells readers of the old epoch to start over", async () => {
  await withGateway({}, async (fake) => {
    await fake.publish(marketData("A", "1"));
    const epoch = await rotate(fake);
    const old = await fake.request(`${PATH}/market-data/events?epoch=${FAKE_EPOCH}&afterSeq=0`);
    assert.equal(old.status, 410);
    assert.equal((await old.json()).error.details.epoch, epoch);
    const { data } = await (await fake.request(`${PATH}/market-data/snapshot`)).json();
    assert.deepEqual([data.epoch, data.seq, data.events.length], [epoch, 1, 1]);
  });
});

Deno.test("all channels change their epoch, and what is counted goes on", async () => {
  await withGateway({}, async (fake) => {
    await fake.publish(marketData("A", "1"), position("p1"));
    const epoch = await rotate(fake);
    const { channels } = fake.hub.stats();
    assert.deepEqual(CHANNELS.map((channel) => channels[channel].epoch), CHANNELS.map(() => epoch));
    const { head, published, ringEvents, snapshotSize } = channels["market-data"];
    assert.deepEqual([head, published, ringEvents, snapshotSize], [1, 1, 1, 1]);
    assert.ok(
      fake.log.lines.some(({ level, message }) => level === "warn" && /new epoch/.test(message)),
    );
  });
});

Deno.test("an incident that was acknowledged stays so in the new epoch", async () => {
  await withGateway({}, async (fake) => {
    const client = fake.connect({ channels: ["risk-alerts"] });
    await fake.publish(riskAlert("a"));
    await fake.settled(fake.gateway.eventLog.append("desk", [{ acknowledge: { id: "a" } }]));
    await rotate(fake);
    await fake.publish(riskAlert("a"), riskAlert("b"));
    const statuses = client.socket.events.map(({ data }) => data!["status"]);
    assert.deepEqual(statuses, ["ACTIVE", "ACKNOWLEDGED", "ACKNOWLEDGED", "ACTIVE"]);
  });
});

Deno.test("a repeat from before the change keeps its number", async () => {
  await withGateway({}, async (fake) => {
    const event = { ...marketData("A", "1"), eventId: "1" };
    await fake.publish(event);
    const epoch = await rotate(fake);
    const { duplicates, last } = await fake.publish(event);
    assert.deepEqual([duplicates, last["market-data"]], [1, { epoch, seq: 1 }]);
  });
});

/** A store that cannot be read back. */
class UnreadableStore extends MemoryStore {
  override restore(): Promise<never> {
    return Promise.reject(new Error("cannot be read"));
  }
}

Deno.test("a change that fails leaves the epoch as it is, and events are taken again", async () => {
  const store = new UnreadableStore(100, FAKE_EPOCH);
  await withGateway({ store }, async (fake) => {
    const client = fake.connect({ protocol: "telemetry.v2", channels: ["positions"] });
    await assert.rejects(fake.settled(fake.gateway.eventLog.rotateEpoch()), /cannot be read/);
    const { last } = await fake.publish(position("p1"));
    assert.deepEqual(last["positions"], { epoch: FAKE_EPOCH, seq: 1 });
    await fake.clock.advanceAsync(100);
    assert.ok(take(client).every(({ type }) => type !== "snapshot"));
  });
});
