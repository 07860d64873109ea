import assert from "node:assert/strict";
import {
  RECONNECT_MILLIS,
  RECONNECT_SPREAD_MILLIS,
  WAVE_MILLIS,
  WAVE_SIZE,
} from "../../../actors/hub/drain.ts";
import { PeerSocket, withGateway } from "../../support/fake_gateway.ts";
import { marketData } from "../../support/events.ts";

const CONFIG = { server: { maxConnectionsPerAddress: 10_000, maxConnectionsPerKey: 10_000 } };

/** The `reconnectAfterMs` of a goodbye, if that is what a frame is. */
function hintOf(frame: string | undefined): number | undefined {
  const { type, reconnectAfterMs } = JSON.parse(frame ?? "{}");
  return type === "going_away" ? reconnectAfterMs : undefined;
}

Deno.test("v2 clients are told when to come back, then closed, and v1 clients are closed last", async () => {
  await withGateway({ config: CONFIG }, (fake) => {
    const [old, modern] = [fake.connect(), fake.connect({ protocol: "telemetry.v2" })];
    void fake.hub.drain(10_000);
    assert.equal(hintOf(modern.socket.frames.at(-1)), RECONNECT_MILLIS);
    assert.deepEqual([modern.socket.codes, old.socket.codes], [[1001], []]);
    fake.clock.advance(WAVE_MILLIS);
    assert.deepEqual(old.socket.codes, [1001]);
    assert.equal(old.socket.types.includes("going_away"), false);
  });
});

Deno.test("v2 clients go in waves, and their returns are spread in the order of the waves", async () => {
  await withGateway({ config: CONFIG }, (fake) => {
    const count = WAVE_SIZE * 2;
    const clients = Array.from(
      { length: count },
      () => fake.connect({ protocol: "telemetry.v2", socket: new PeerSocket() }),
    );
    const closed = () => clients.filter(({ socket }) => socket.codes.length > 0).length;
    void fake.hub.drain(10_000);
    assert.equal(closed(), WAVE_SIZE);
    fake.clock.advance(WAVE_MILLIS - 1);
    assert.equal(closed(), WAVE_SIZE);
    fake.clock.advance(1);
    assert.equal(closed(), count);
    const hints = clients.map(({ socket }) => hintOf(socket.frames.at(-1))!);
    assert.deepEqual(hints, [...hints].sort((a, b) => a - b));
    assert.equal(new Set(hints).size, count);
    assert.ok(hints.at(-1)! <= RECONNECT_MILLIS + RECONNECT_SPREAD_MILLIS);
  });
});

Deno.test("waves grow when there is little time", async () => {
  await withGateway({ config: CONFIG }, (fake) => {
    const clients = Array.from(
      { length: WAVE_SIZE + 50 },
      () => fake.connect({ protocol: "telemetry.v2" }),
    );
    void fake.hub.drain(WAVE_MILLIS);
    assert.ok(clients.every(({ socket }) => socket.codes.length === 1));
  });
});

Deno.test("what waits for the next batch is sent before the goodbye", async () => {
  await withGateway({ config: CONFIG }, async (fake) => {
    const { socket, say } = fake.connect({ protocol: "telemetry.v2" });
    const channel = { name: "market-data", intervalMs: 10_000 };
    say({ action: "subscribe", channels: [channel] });
    await fake.publish(marketData("A", "1"));
    await fake.publish(marketData("A", "2"));
    void fake.hub.drain(10_000);
    const types = socket.frames.map((frame) => JSON.parse(frame).type);
    assert.deepEqual(types, ["welcome", "ack", "events", "events", "going_away"]);
  });
});
