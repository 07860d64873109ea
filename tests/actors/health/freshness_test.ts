import assert from "node:assert/strict";
import { Freshness } from "../../../actors/health/freshness.ts";
import type { ChannelStatus } from "../../../actors/operations.ts";
import { CHANNELS } from "../../../protocol/channels.ts";
import { TEST_EPOCH, TestClock } from "../../support/test_clock.ts";
import { Streams } from "./streams.ts";

const MARKET_MS = 10_000;
const OTHER_MS = 30_000;

class Fixture {
  readonly clock = new TestClock();
  readonly changes: string[] = [];
  readonly freshness: Freshness;

  constructor(readonly streams = new Streams()) {
    this.freshness = new Freshness({
      clock: this.clock,
      streams,
      maxAgeMillis: (channel) => channel === "market-data" ? MARKET_MS : OTHER_MS,
      onChange: ({ channel, state }) => void this.changes.push(`${channel} ${state}`),
    });
    streams.observer = this.freshness;
  }

  /** Lets time pass, and looks. */
  poll(ms = 0): void {
    this.clock.advance(ms);
    this.freshness.poll();
  }

  /** The changes since the last call. */
  take(): string[] {
    return this.changes.splice(0);
  }
}

Deno.test("channels of which nobody promised anything stay fresh for ever", () => {
  const fixture = new Fixture();
  for (const channel of CHANNELS) if (channel !== "market-data") fixture.streams.append(channel);
  fixture.poll();
  fixture.poll(365 * 24 * 3_600_000);
  assert.deepEqual(fixture.take(), []);
  assert.deepEqual(fixture.freshness.statuses().map(({ state }) => state), Array(5).fill("fresh"));
});

Deno.test("market-data is declared by its first event, and stale when the next one is late", () => {
  const fixture = new Fixture();
  fixture.poll(MARKET_MS * 2);
  assert.deepEqual(fixture.take(), [], "there was no event yet");
  fixture.streams.append("market-data");
  fixture.poll();
  fixture.poll(MARKET_MS - 1);
  assert.deepEqual(fixture.take(), []);
  fixture.poll(1);
  assert.deepEqual(fixture.take(), ["market-data stale"]);
  fixture.poll(MARKET_MS);
  assert.deepEqual(fixture.take(), [], "a change is told once");
  fixture.streams.append("market-data");
  fixture.poll();
  assert.deepEqual(fixture.take(), ["market-data fresh"]);
});

Deno.test("every event gives a channel its whole age again", () => {
  const fixture = new Fixture();
  for (let i = 0; i < 5; i++) {
    fixture.streams.append("market-data");
    fixture.poll();
    fixture.poll(MARKET_MS - 1);
  }
  assert.deepEqual(fixture.take(), []);
});

Deno.test("the other channels are declared by the heartbeat of a publisher, and kept by it", () => {
  const fixture = new Fixture();
  fixture.freshness.declare(["positions", "risk-alerts"]);
  fixture.poll(OTHER_MS - 1);
  fixture.freshness.declare(["positions"]);
  fixture.poll(1);
  assert.deepEqual(fixture.take(), ["risk-alerts stale"]);
  fixture.streams.append("risk-alerts");
  fixture.poll();
  assert.deepEqual(fixture.take(), ["risk-alerts fresh"], "an event is a sign of life too");
  fixture.poll(OTHER_MS - 1);
  assert.deepEqual(fixture.take(), ["positions stale"]);
  fixture.freshness.declare(["positions"]);
  assert.deepEqual(fixture.take(), ["positions fresh"], "a heartbeat is told at once");
});

Deno.test("no publisher can promise anything of the gateway's own channel", () => {
  const fixture = new Fixture();
  fixture.freshness.declare(CHANNELS);
  fixture.poll(OTHER_MS);
  assert.deepEqual(
    fixture.take(),
    CHANNELS.filter((channel) => channel !== "system-warnings").map((name) => `${name} stale`),
  );
});

Deno.test("restored market-data is declared, and has its whole age from the start on", () => {
  const streams = new Streams();
  streams.append("market-data");
  streams.append("positions");
  const fixture = new Fixture(streams);
  fixture.poll();
  fixture.poll(MARKET_MS - 1);
  assert.deepEqual(fixture.take(), [], "the start is no change");
  fixture.poll(1);
  assert.deepEqual(fixture.take(), ["market-data stale"]);
  fixture.poll(OTHER_MS);
  assert.deepEqual(fixture.take(), [], "positions are declared by a heartbeat alone");
});

Deno.test("a failing store degrades every channel, and what was fresh has its whole age afterwards", () => {
  const fixture = new Fixture();
  fixture.freshness.declare(["market-data"]);
  fixture.poll(MARKET_MS - 1);
  fixture.freshness.degrade(true);
  assert.deepEqual(fixture.take(), CHANNELS.map((channel) => `${channel} degraded`));
  fixture.poll(MARKET_MS * 5);
  fixture.freshness.degrade(true);
  assert.deepEqual(fixture.take(), [], "degraded goes before stale");
  fixture.freshness.degrade(false);
  assert.deepEqual(fixture.take(), CHANNELS.map((channel) => `${channel} fresh`));
  fixture.poll(MARKET_MS - 1);
  assert.deepEqual(fixture.take(), []);
  fixture.poll(1);
  assert.deepEqual(fixture.take(), ["market-data stale"]);
});

Deno.test("a channel that was stale before the store failed is so afterwards", () => {
  const fixture = new Fixture();
  fixture.freshness.declare(["market-data", "positions"]);
  fixture.poll(MARKET_MS);
  assert.deepEqual(fixture.take(), ["market-data stale"]);
  fixture.freshness.degrade(true);
  fixture.take();
  fixture.poll(OTHER_MS);
  fixture.freshness.degrade(false);
  const after = fixture.take();
  assert.ok(after.includes("market-data stale"));
  assert.ok(after.includes("positions fresh"));
});

Deno.test("a heartbeat during the failure counts as life afterwards", () => {
  const fixture = new Fixture();
  fixture.freshness.declare(["market-data"]);
  fixture.poll(MARKET_MS);
  fixture.freshness.degrade(true);
  fixture.freshness.declare(["market-data"]);
  fixture.freshness.degrade(false);
  assert.equal(fixture.freshness.status("market-data").state, "fresh");
});

Deno.test("a status says when the last event was accepted, and nothing before the first", () => {
  const fixture = new Fixture();
  const status = (): ChannelStatus => fixture.freshness.status("positions");
  assert.deepEqual(status(), { channel: "positions", state: "fresh", lastEventAt: undefined });
  fixture.streams.append("positions");
  fixture.streams.append("positions");
  assert.equal(status().lastEventAt, TEST_EPOCH + 2);
});
