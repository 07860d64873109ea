/**
 * Requests and their answers.
 *
 * @module
 */
import assert from "node:assert/strict";
import { settle } from "../../support/test_clock.ts";
import { FakeNetwork } from "./fake_network.ts";

const ACKED = [{
  id: "a",
  seq: 18,
  status: "ACKNOWLEDGED",
  acknowledgedBy: "desk",
  acknowledgedAt: "",
}];

Deno.test("an acknowledgement is answered by its own id alone", async () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  const acked = gateway.acknowledge({ id: "a", seq: 17 });
  const { id, alerts } = network.connection.last("acknowledge");
  assert.deepEqual(alerts, [{ id: "a", seq: 17 }]);
  network.connection.say({ type: "ack", id: `${id}x`, ok: true, alerts: [] });
  network.connection.say({ type: "ack", ok: true, alerts: [] });
  network.connection.say({ type: "ack", id, ok: true, alerts: ACKED });
  network.connection.say({ type: "ack", id, ok: true, alerts: [] });
  assert.deepEqual(await acked, ACKED);
  gateway.close();
  assert.equal(network.clock.pendingTimers, 0);
});

Deno.test("an acknowledgement waits for a connection, and is made again over the next one", async () => {
  const network = new FakeNetwork();
  network.random = 0;
  const gateway = network.connect();
  const acked = gateway.acknowledge({ id: "a" });
  network.connection.welcome();
  assert.equal(network.connection.requests("acknowledge").length, 1);
  network.connection.end(1006);
  await network.clock.advanceAsync(0);
  network.connection.welcome();
  const { id } = network.connection.last("acknowledge");
  network.connection.say({ type: "ack", id, ok: true, alerts: ACKED });
  assert.deepEqual(await acked, ACKED);
  gateway.close();
});

Deno.test("an acknowledgement that is never answered fails after half a minute", async () => {
  const network = new FakeNetwork();
  const gateway = network.connect();
  const failed = assert.rejects(gateway.acknowledge({ id: "a" }), { code: "timeout" });
  await network.clock.advanceAsync(30_000);
  await failed;
  gateway.close();
});

for (
  const [wire, code] of [
    ["not_found", "not_found"],
    ["forbidden", "forbidden"],
    ["unavailable", "unavailable"],
    ["a_new_code", "invalid_request"],
  ] as const
) {
  Deno.test(`the error ${wire} rejects with ${code}`, async () => {
    const network = new FakeNetwork();
    const gateway = network.live();
    const acked = gateway.acknowledge({ id: "a" });
    const { id } = network.connection.last("acknowledge");
    network.connection.say({ type: "error", id, code: wire, message: "because", retryAfterMs: 5 });
    await assert.rejects(acked, { code, retryAfterMs: 5 });
    gateway.close();
  });
}

Deno.test("after rate_limited, which names no request, all are made again, not sooner than asked", async () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  const table = gateway.table("positions");
  const limited = { type: "error", code: "rate_limited", message: "slow down", retryAfterMs: 700 };
  network.connection.say(limited);
  await network.clock.advanceAsync(699);
  assert.equal(network.connection.requests("subscribe").length, 1);
  await network.clock.advanceAsync(1);
  assert.equal(network.connection.requests("subscribe").length, 2);
  network.connection.ack(1);
  network.connection.ack(1);
  network.connection.snapshot("positions", 1, []);
  assert.equal(table.place!.seq, 1);
  gateway.close();
  assert.equal(network.clock.pendingTimers, 0);
});

Deno.test("a subscription that is unavailable is asked for again, not sooner than asked", async () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  gateway.table("positions");
  const { id } = network.connection.last("subscribe");
  network.connection.say({
    type: "error",
    id,
    code: "unavailable",
    message: "",
    retryAfterMs: 900,
  });
  await network.clock.advanceAsync(899);
  assert.equal(network.connection.requests("subscribe").length, 1);
  await network.clock.advanceAsync(1);
  assert.equal(network.connection.requests("subscribe").length, 2);
  gateway.close();
});

Deno.test("a subscription that is refused fails its users with the reason, and not the connection", async () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  const errors: string[] = [];
  gateway.table("positions").on("error", ({ code }) => errors.push(code));
  const log = gateway.log("positions");
  const { id } = network.connection.last("subscribe");
  network.connection.say({ type: "error", id, code: "forbidden", message: "not this channel" });
  await assert.rejects(log.next(), { code: "forbidden" });
  assert.deepEqual([errors, gateway.state.status], [["forbidden"], "live"]);
  gateway.close();
});

Deno.test("a subscription that is not answered is one on a connection that is broken", async () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  gateway.table("positions");
  for (let second = 0; second < 10; second++) {
    await network.clock.advanceAsync(1_000);
    network.connection.say({ type: "heartbeat", direction: "server", timestamp: 0 });
  }
  await settle();
  assert.equal(gateway.state.status, "waiting");
  gateway.close();
});

Deno.test("a snapshot of which nothing comes is one on a connection that is broken", async () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  gateway.table("positions");
  network.connection.ack(10);
  for (let second = 0; second < 10; second++) {
    await network.clock.advanceAsync(1_000);
    network.connection.say({ type: "heartbeat", direction: "server", timestamp: 0 });
  }
  assert.equal(gateway.state.status, "waiting");
  gateway.close();
});

Deno.test("a subscription without an answer is made once over the next connection, by the places of then", async () => {
  const network = new FakeNetwork();
  network.random = 0;
  const gateway = network.live();
  gateway.table("positions");
  network.connection.end(1006);
  await network.clock.advanceAsync(0);
  network.connection.welcome();
  assert.equal(network.connection.requests("subscribe").length, 1);
  gateway.close();
});
