/**
 * Publishers: order, retries, faults, outboxes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { memoryOutbox, publisher, type PublisherOptions } from "../../../protocol/client/mod.ts";
import { settle } from "../../support/test_clock.ts";
import { FakeNetwork, type Said } from "./fake_network.ts";

const LIMITS = { maxBatchEvents: 3, maxMessageBytes: 65_536 };

/** A price to publish. */
function price(n: number) {
  const data = { symbol: `S${n}`, price: String(n), source: "test", isSnapshot: false };
  return { channel: "market-data", data, eventId: `e${n}` } as const;
}

/** A publisher that is live. */
async function live(options: Partial<PublisherOptions> = {}) {
  const network = new FakeNetwork();
  network.random = 0;
  const { environment } = network;
  const out = publisher({ url: "ws://gateway.test", environment, ...options });
  await settle();
  network.connection.welcome(LIMITS);
  return { network, out };
}

/** The ids of the batch that is in flight. */
function flight({ connection }: FakeNetwork): string[] {
  return connection.last("publish")["events"].map(({ eventId }: Said) => eventId);
}

/** Answers the batch that is in flight. */
async function answer({ connection }: FakeNetwork, message: Said = { type: "ack", ok: true }) {
  connection.say({ id: connection.last("publish")["id"], ...message });
  await settle();
}

Deno.test("events go in order, in batches of what the gateway takes, one after another", async () => {
  const { network, out } = await live();
  const stored: number[] = [];
  for (let n = 0; n < 5; n++) out.publish(price(n)).then(() => stored.push(n));
  await settle();
  assert.deepEqual(flight(network), ["e0"]);
  await answer(network);
  assert.deepEqual([stored, flight(network)], [[0], ["e1", "e2", "e3"]]);
  await answer(network);
  await answer(network);
  assert.deepEqual([stored, out.pending], [[0, 1, 2, 3, 4], 0]);
  await out.close();
  assert.equal(network.clock.pendingTimers, 0);
});

Deno.test("what was not acknowledged is sent again first, under the same eventIds", async () => {
  const { network, out } = await live();
  out.publish(price(1), price(2));
  await settle();
  network.connection.end(1006);
  out.publish(price(3));
  await network.clock.advanceAsync(0);
  network.connection.welcome(LIMITS);
  assert.deepEqual(flight(network), ["e1", "e2", "e3"]);
  const flushed = out.flush();
  await answer(network);
  await flushed;
  await out.close();
});

Deno.test("a batch that the gateway cannot take now is sent again, and nothing overtakes it", async () => {
  const { network, out } = await live();
  out.publish(price(1));
  await settle();
  for (const code of ["overloaded", "unavailable", "rate_limited"]) {
    await answer(network, { type: "error", code, message: "", retryAfterMs: 800 });
    out.publish(price(2));
    const sent = network.connection.requests("publish").length;
    await network.clock.advanceAsync(799);
    assert.equal(network.connection.requests("publish").length, sent);
    await network.clock.advanceAsync(1);
    assert.equal(flight(network)[0], "e1");
  }
  await out.close();
});

Deno.test("events that can never be stored are named and left out, and the others are stored", async () => {
  const { network, out } = await live();
  const rejected: unknown[] = [];
  out.on("rejected", ({ event }) => rejected.push((event as Said)["eventId"]));
  const outcomes: string[] = [];
  const publish = (n: number) =>
    out.publish(price(n)).then(() => outcomes.push(`${n} stored`), ({ code }) => {
      outcomes.push(`${n} ${code}`);
    });
  publish(0);
  for (let n = 1; n <= 3; n++) publish(n);
  await settle();
  await answer(network);
  const faults = [{ path: "events[1].data.price", message: "expected a decimal" }];
  await answer(network, { type: "error", code: "invalid_events", message: "", faults });
  assert.deepEqual(flight(network), ["e1", "e3"]);
  await answer(network);
  assert.deepEqual(outcomes, ["0 stored", "2 rejected", "1 stored", "3 stored"]);
  assert.deepEqual(rejected, ["e2"]);
  await out.close();
});

Deno.test("an error that names no event is traced to it by smaller batches", async () => {
  const { network, out } = await live();
  const outcomes: string[] = [];
  out.publish(price(0));
  for (let n = 1; n <= 3; n++) {
    out.publish(price(n)).catch(() => outcomes.push(`${n} rejected`));
  }
  await settle();
  await answer(network);
  while (out.pending > 0) {
    const isFaulty = flight(network).includes("e3");
    await answer(network, isFaulty ? { type: "error", code: "forbidden", message: "" } : undefined);
  }
  assert.deepEqual(outcomes, ["3 rejected"]);
  await out.close();
});

Deno.test("an error without an id is about the batch that is in flight", async () => {
  const { network, out } = await live();
  out.publish(price(0));
  await settle();
  await answer(network, { type: "error", id: undefined, code: "too_large", message: "" });
  assert.equal(out.pending, 0);
  await out.close();
});

Deno.test("a batch that is not answered is sent again over another connection", async () => {
  const { network, out } = await live();
  out.publish(price(0));
  await settle();
  for (let second = 0; second < 30; second++) {
    await network.clock.advanceAsync(1_000);
    network.connection.say({ type: "heartbeat", direction: "server", timestamp: 0 });
  }
  await network.clock.advanceAsync(0);
  network.connection.welcome(LIMITS);
  assert.deepEqual(flight(network), ["e0"]);
  assert.equal(network.connections.length, 2);
  await out.close();
});

Deno.test("a full outbox takes nothing of a call, and keeps what it has", async () => {
  const { network, out } = await live({ outbox: memoryOutbox(300) });
  out.publish(price(0));
  await assert.rejects(out.publish(price(1), price(2), price(3)), { code: "outbox_full" });
  assert.deepEqual([out.pending, flight(network)], [1, ["e0"]]);
  await answer(network);
  await out.close();
});

Deno.test("a publisher that ends for good rejects what is pending with the reason", async () => {
  const { network, out } = await live();
  const published = out.publish(price(0));
  await settle();
  const flushed = out.flush();
  network.connection.end(4401);
  await assert.rejects(published, { code: "unauthorized" });
  await assert.rejects(flushed, { code: "unauthorized" });
  await assert.rejects(out.publish(price(1)), { code: "unauthorized" });
  await out.close();
});

Deno.test("declared channels are named at once, every five seconds, and after a reconnect", async () => {
  const { network, out } = await live({ declares: ["positions"] });
  const declared = () =>
    network.connection.requests("heartbeat").filter(({ channels }) => channels !== undefined)
      .length;
  assert.equal(declared(), 1);
  await network.clock.advanceAsync(10_000);
  assert.equal(declared(), 3);
  network.connection.end(1006);
  await network.clock.advanceAsync(1_000);
  network.connection.welcome(LIMITS);
  assert.equal(declared(), 1);
  await out.close();
});
