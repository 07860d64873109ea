/**
 * Fields that nobody knows: left out, named, counted and warned of, or refused.
 *
 * @module
 */
import assert from "node:assert/strict";
import { COALESCE_MILLIS } from "../../../actors/health/warnings.ts";
import { SWEEP_MILLIS } from "../../../actors/hub/hub.ts";
import { assertError } from "../../support/envelopes.ts";
import { marketData, position } from "../../support/events.ts";
import { type FakeClient, type FakeGateway, withGateway } from "../../support/fake_gateway.ts";
import { Metrics } from "../../support/metrics_text.ts";

async function post(fake: FakeGateway, value: unknown) {
  const answer = await fake.request("/api/v1/telemetry/events", {
    method: "POST",
    body: JSON.stringify(value),
    headers: { "Content-Type": "application/json" },
  });
  return { status: answer.status, body: await answer.json() };
}

async function ignoredCount(fake: FakeGateway, channel: string) {
  const { text } = await fake.gateway.metrics.scrape();
  return new Metrics(text).value("autotrader_telemetry_ignored_fields_total", { channel });
}

/** The warnings of ignored fields that a client got. */
function warningsOf({ socket }: FakeClient) {
  return socket.events.map(({ data }) => data!).filter(({ code }) => code === "IGNORED_FIELDS");
}

Deno.test("the receipt names what was left out, and nothing when nothing was", async () => {
  await withGateway({}, async (fake) => {
    const { socket } = fake.connect({ channels: ["market-data", "positions"] });
    const events = [
      marketData("A", "1"),
      marketData("B", "2", { venue: 1 }),
      position("p", { a: 1 }),
    ];
    const { status, body } = await post(fake, events);
    assert.equal(status, 202);
    assert.equal(body.data.accepted, 3);
    assert.deepEqual(body.data.ignored, ["events[1].data.venue", "events[2].data.a"]);
    await fake.clock.advanceAsync(0);
    assert.equal(socket.events.length, 3);
    for (const { data } of socket.events) assert.ok(!("venue" in data!) && !("a" in data!));
    assert.equal("ignored" in (await post(fake, marketData("A", "1"))).body.data, false);
  });
});

Deno.test("the receipt names the first hundred, of a retry as well, which counts nothing", async () => {
  await withGateway({}, async (fake) => {
    const unknown = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`unknown${i}`, i]));
    const events = Array.from({ length: 5 }, (_, i) => ({
      ...marketData(`S${i}`, "1", unknown),
      eventId: `e${i}`,
    }));
    const { body } = await post(fake, events);
    assert.equal(body.data.ignored.length, 100);
    assert.equal(body.data.ignored[99], "events[3].data.unknown9");
    assert.equal(await ignoredCount(fake, "market-data"), 150);
    const retry = await post(fake, events);
    assert.deepEqual(retry.body.data.ignored, body.data.ignored);
    assert.equal(retry.body.data.duplicates, 5);
    assert.equal(await ignoredCount(fake, "market-data"), 150);
  });
});

Deno.test("watchers are warned once a channel and minute, with an example", async () => {
  await withGateway({}, async (fake) => {
    const client = fake.connect({ channels: ["system-warnings"] });
    for (let second = 0; second < 10; second++) {
      await post(fake, [marketData("A", "1", { venue: "X", depth: 5 }), marketData("A", "2")]);
      await post(fake, position("p", { leverage: 5 }));
      await fake.clock.advanceAsync(1_000);
    }
    assert.deepEqual(warningsOf(client).map(({ severity, details }) => [severity, details]), [
      ["WARNING", { channel: "market-data", fields: "2", example: "venue", count: "1" }],
      ["WARNING", { channel: "positions", fields: "1", example: "leverage", count: "1" }],
    ]);
    await fake.clock.advanceAsync(COALESCE_MILLIS + 2 * SWEEP_MILLIS);
    assert.deepEqual(
      warningsOf(client).slice(2).map(({ details }) => (details as { count: string }).count),
      ["9", "9"],
    );
    assert.equal(await ignoredCount(fake, "market-data"), 20);
    assert.equal(await ignoredCount(fake, "positions"), 10);
    assert.equal(await ignoredCount(fake, "risk-alerts"), 0);
  });
});

Deno.test("with telemetry.unknownFields=reject every unknown field is 422, and nothing is stored", async () => {
  const config = { telemetry: { unknownFields: "reject" } };
  await withGateway({ config }, async (fake) => {
    const events = [marketData("A", "1"), marketData("B", "1", { venue: "X" })];
    const { status, body } = await post(fake, events);
    assertError({ status, body }, 422, "INVALID_EVENTS");
    assert.deepEqual(body.error.details, { "events[1].data.venue": "unknown field" });
    assert.equal(fake.hub.stats().channels["market-data"].head, 0);
    const known = marketData("A", "1", { type: "T", channel: "MARKET_DATA", change24h: null });
    assert.equal((await post(fake, known)).status, 202);
  });
});

Deno.test("a batch with a misspelled field is refused whole, whatever else is left out", async () => {
  await withGateway({}, async (fake) => {
    const events = [marketData("A", "1", { venue: "X" }), position("p", { stopLosPrice: "1" })];
    const { status, body } = await post(fake, events);
    assertError({ status, body }, 422, "INVALID_EVENTS");
    assert.deepEqual(body.error.details, {
      "events[1].data.stopLosPrice": "unknown field; did you mean stopLossPrice?",
    });
    assert.equal(await ignoredCount(fake, "market-data"), 0);
  });
});
