/**
 * What the whole gateway says about itself, on a clock that stands still.
 *
 * @module
 */
import assert from "node:assert/strict";
import { acknowledgeAlerts } from "../../../actors/log/event_log.ts";
import { RECOVERY_MILLIS } from "../../../actors/health/health.ts";
import { COALESCE_MILLIS } from "../../../actors/health/warnings.ts";
import { UNWATCHED_GRACE_MILLIS } from "../../../actors/health/watchers.ts";
import { SWEEP_MILLIS } from "../../../actors/hub/hub.ts";
import type { StoredEvent } from "../../../actors/ports.ts";
import { MemoryStore } from "../../../actors/store/memory.ts";
import { marketData, riskAlert } from "../../support/events.ts";
import {
  FAKE_EPOCH,
  type FakeClient,
  type FakeGateway,
  keyHolder,
  PeerSocket,
  withGateway,
} from "../../support/fake_gateway.ts";
import { Metrics } from "../../support/metrics_text.ts";
import { fillBuffer } from "../../support/stream_fixture.ts";
import { TEST_EPOCH } from "../../support/test_clock.ts";

/** A store whose disk can be taken away and given back. */
class FickleStore extends MemoryStore {
  broken = false;

  constructor() {
    super(64, FAKE_EPOCH);
  }

  override commit(batch: readonly StoredEvent[]): Promise<void> {
    return this.broken ? Promise.reject(new Error("disk full")) : super.commit(batch);
  }
}

/** Somebody who watches the gateway itself, and the alerts as well unless told otherwise. */
function watch(fake: FakeGateway, ...others: string[]): FakeClient {
  return fake.connect({ clientId: "watcher", channels: ["system-warnings", ...others] });
}

/** Code, severity and number of each warning that a client got. */
function warningsOf({ socket }: FakeClient): string[] {
  return socket.events.filter(({ channel }) => channel === "system-warnings").map((event) =>
    `${event.data!["code"]} ${event.data!["severity"]} ${event.meta!["seq"] ?? "-"}`
  );
}

async function gauge(fake: FakeGateway, name: string, channel: string) {
  const { text } = await fake.gateway.metrics.scrape();
  return new Metrics(text).value(`autotrader_telemetry_${name}`, { channel });
}

/** Lets so much time pass that a change is surely noticed. */
async function passFor(fake: FakeGateway, ms: number): Promise<void> {
  await fake.clock.advanceAsync(ms + SWEEP_MILLIS * 2);
}

Deno.test("a silent market is stale in events, metrics and log, and fresh again with the next price", async () => {
  await withGateway({}, async (fake) => {
    const client = watch(fake, "risk-alerts");
    assert.equal(await gauge(fake, "channel_stale", "market-data"), 0);
    const last = "channel_last_event_timestamp_seconds";
    assert.equal(await gauge(fake, last, "market-data"), undefined);
    await fake.publish(marketData("BTCUSDT", "1"));
    assert.equal(await gauge(fake, last, "market-data"), TEST_EPOCH / 1_000);

    await passFor(fake, 10_000);
    assert.deepEqual(warningsOf(client), ["STALE_CHANNEL WARNING 1"]);
    const { data } = client.socket.events.at(-1)!;
    assert.equal(data!["message"], "no event and no collector heartbeat on market-data for 10 s");
    assert.deepEqual(data!["details"], {
      channel: "market-data",
      maxAgeSeconds: "10",
      lastEventAt: "2026-01-01T00:00:00.000Z",
      count: "1",
    });
    assert.equal(await gauge(fake, "channel_stale", "market-data"), 1);
    assert.equal(await gauge(fake, "channel_stale", "positions"), 0);

    await fake.publish(marketData("BTCUSDT", "2"));
    await passFor(fake, 0);
    assert.deepEqual(warningsOf(client).slice(1), ["FRESH_CHANNEL INFO 2"]);
    assert.equal(await gauge(fake, "channel_stale", "market-data"), 0);
    const lines = fake.log.lines.filter(({ properties }) => "code" in properties);
    assert.deepEqual(lines.map(({ level }) => level), ["warn", "info"]);
  });
});

Deno.test("the ages are options", async () => {
  const config = { telemetry: { marketDataMaxAgeSeconds: 1, declaredMaxAgeSeconds: 2 } };
  await withGateway({ config }, async (fake) => {
    fake.gateway.health.declare(["market-data", "positions"]);
    await passFor(fake, 1_000);
    const stale = () => fake.gateway.health.statuses().filter(({ state }) => state === "stale");
    assert.deepEqual(stale().map(({ channel }) => channel), ["market-data"]);
    await passFor(fake, 1_000);
    assert.deepEqual(stale().map(({ channel }) => channel), ["positions", "market-data"]);
  });
});

Deno.test("nobody watching the alerts is a warning, an unseen alert another, a watcher the all-clear", async () => {
  await withGateway({}, async (fake) => {
    const client = watch(fake);
    await passFor(fake, UNWATCHED_GRACE_MILLIS);
    assert.deepEqual(warningsOf(client), ["NOBODY_WATCHING WARNING 1"]);
    await passFor(fake, COALESCE_MILLIS * 2);
    await fake.publish(riskAlert("a1"));
    await passFor(fake, 0);
    assert.deepEqual(warningsOf(client).slice(1), ["NOBODY_WATCHING WARNING 2"]);
    assert.match(String(client.socket.events.at(-1)!.data!["message"]), /; 1 published meanwhile/);
    client.say({ action: "subscribe", channels: ["risk-alerts"] });
    await passFor(fake, 0);
    assert.deepEqual(warningsOf(client).slice(2), ["SOMEBODY_WATCHING INFO 3"]);
    await passFor(fake, UNWATCHED_GRACE_MILLIS);
    assert.equal(warningsOf(client).length, 3);
  });
});

Deno.test("a client that does not read is a warning at once, and counted in one more a minute", async () => {
  await withGateway({}, async (fake) => {
    const client = watch(fake, "risk-alerts");
    const socket = new PeerSocket();
    socket.readsAtOnce = false;
    const slow = fake.connect({ clientId: "tablet", channels: ["market-data"], socket });
    for (let round = 0; round < 3; round++) {
      fillBuffer({ socket, subscriber: slow.connection.subscriber! }, 100_000);
      await fake.publish(marketData("BTCUSDT", String(round + 1)));
      await fake.clock.advanceAsync(500);
      assert.equal(slow.connection.state, "throttled");
      socket.bufferedAmount = 0;
      await fake.clock.advanceAsync(500);
      assert.equal(slow.connection.state, "subscribed");
    }
    assert.deepEqual(warningsOf(client), ["SLOW_CONSUMER WARNING 1"]);
    assert.deepEqual(client.socket.events.at(-1)!.data!["details"], {
      principal: "desk",
      clientId: "tablet",
      connectionId: slow.connection.id,
      slowness: "throttled",
      count: "1",
    });
    slow.connection.tooSlow();
    assert.deepEqual(socket.codes, [4413]);
    for (let second = 0; second < 60; second++) {
      await fake.publish(marketData("BTCUSDT", "5"));
      await fake.clock.advanceAsync(1_000);
    }
    assert.deepEqual(warningsOf(client).slice(1), ["SLOW_CONSUMER WARNING 2"]);
    const { details } = client.socket.events.at(-1)!.data as { details: Record<string, unknown> };
    assert.equal(details["slowness"], "closed");
    assert.equal(details["count"], "3");
  });
});

Deno.test("a client over its rate is not slow", async () => {
  await withGateway({ config: { telemetry: { rateLimitPerSecond: 1 } } }, async (fake) => {
    const client = watch(fake, "risk-alerts", "market-data");
    for (const price of ["1", "2", "3"]) await fake.publish(marketData("BTCUSDT", price));
    assert.equal(client.connection.state, "throttled");
    await passFor(fake, 1_000);
    assert.deepEqual(warningsOf(client), []);
  });
});

Deno.test("clients without a name are one subject for each key", async () => {
  await withGateway({}, async (fake) => {
    const client = watch(fake, "risk-alerts");
    for (const name of ["desk", "desk", "bot"]) {
      fake.connect({ principal: keyHolder(name) }).connection.tooSlow();
    }
    await passFor(fake, 0);
    const ids = client.socket.events.map(({ data }) => String(data!["id"]).split(":")[1]);
    assert.deepEqual(ids, ["desk", "bot"]);
  });
});

Deno.test("trouble of the store is announced without a number, and so is its end", async () => {
  const store = new FickleStore();
  await withGateway({ store }, async (fake) => {
    const client = watch(fake, "risk-alerts");
    const other = fake.connect({ channels: ["positions"] });
    store.broken = true;
    await assert.rejects(fake.publish(marketData("BTCUSDT", "1")));
    await passFor(fake, 0);
    assert.deepEqual(warningsOf(client), ["STORE_FAILING CRITICAL -"]);
    assert.equal(client.socket.events[0]!.meta!["epoch"], FAKE_EPOCH);
    assert.equal(fake.gateway.health.status("positions").state, "degraded");
    assert.equal(await gauge(fake, "channel_stale", "positions"), 0);
    await assert.rejects(fake.publish(marketData("BTCUSDT", "1")));
    await passFor(fake, 5_000);
    assert.equal(warningsOf(client).length, 1, "once");

    store.broken = false;
    await fake.publish(marketData("BTCUSDT", "1"));
    await fake.clock.advanceAsync(RECOVERY_MILLIS - SWEEP_MILLIS);
    assert.equal(fake.gateway.health.status("positions").state, "degraded");
    await passFor(fake, SWEEP_MILLIS);
    assert.deepEqual(warningsOf(client).slice(1), ["STORE_RECOVERED INFO -"]);
    assert.equal(fake.gateway.health.status("positions").state, "fresh");
    assert.equal(fake.hub.stats().channels["system-warnings"].head, 0, "nothing was stored");
    assert.deepEqual(other.socket.events, [], "only subscribers are told");
  });
});

Deno.test("a store that fails every other time is one trouble", async () => {
  const store = new FickleStore();
  await withGateway({ store }, async (fake) => {
    const client = watch(fake, "risk-alerts");
    for (let i = 0; i < 40; i++) {
      store.broken = i % 2 === 0;
      await fake.publish(marketData("BTCUSDT", "1")).catch(() => {});
      await fake.clock.advanceAsync(SWEEP_MILLIS);
    }
    await passFor(fake, RECOVERY_MILLIS);
    assert.deepEqual(warningsOf(client), ["STORE_FAILING CRITICAL -", "STORE_RECOVERED INFO -"]);
  });
});

Deno.test("a warning that the store refuses gets out without a number", async () => {
  const store = new FickleStore();
  await withGateway({ store }, async (fake) => {
    const client = watch(fake, "risk-alerts");
    store.broken = true;
    fake.connect({ clientId: "tablet" }).connection.tooSlow();
    await passFor(fake, 0);
    const codes = ["SLOW_CONSUMER WARNING -", "STORE_FAILING CRITICAL -"];
    assert.deepEqual(warningsOf(client), codes);
    assert.deepEqual(fake.log.find({ message: "warnings are not stored" }).length, 1);
  });
});

Deno.test("a client whose buffer is full is spared the announcement", async () => {
  const store = new FickleStore();
  await withGateway({ store }, async (fake) => {
    const client = watch(fake, "risk-alerts");
    client.socket.readsAtOnce = false;
    const { socket, connection } = client;
    fillBuffer({ socket, subscriber: connection.subscriber! }, 256 * 1_024);
    store.broken = true;
    await assert.rejects(fake.publish(marketData("BTCUSDT", "1")));
    await passFor(fake, 0);
    assert.deepEqual(warningsOf(client), []);
    assert.equal(client.connection.state, "subscribed");
  });
});

Deno.test("the shutdown is the last word to those who watch the gateway", async () => {
  await withGateway({}, async (fake) => {
    const client = watch(fake);
    const drained = fake.hub.drain(1_000);
    assert.deepEqual(warningsOf(client), ["SHUTTING_DOWN INFO -"]);
    assert.deepEqual(client.socket.codes, [1001]);
    await fake.clock.advanceAsync(1_000);
    await drained;
    await passFor(fake, UNWATCHED_GRACE_MILLIS);
    const codes = fake.log.lines.map(({ properties }) => properties["code"]);
    assert.ok(!codes.includes("NOBODY_WATCHING"), "whoever is sent away is not missed");
  });
});

Deno.test("a change of state is told to the sessions of the channel's subscribers alone", async () => {
  await withGateway({}, async (fake) => {
    const told: string[] = [];
    for (const channel of ["market-data", "positions"] as const) {
      const { session } = fake.connect({ channels: [channel, "risk-alerts"] }).connection;
      session.sendStatus = (status) => void told.push(`${channel}: ${status.state}`);
    }
    fake.gateway.health.declare(["market-data"]);
    await passFor(fake, 10_000);
    fake.gateway.health.declare(["market-data"]);
    assert.deepEqual(told, ["market-data: stale", "market-data: fresh"]);
  });
});

for (const seesSuspend of [true, false]) {
  const holds = seesSuspend
    ? "a clock that went ahead is a warning, and an acknowledged incident stays acknowledged"
    : "where a suspend cannot be told from a step ahead, an acknowledged incident is active again";
  Deno.test(holds, async () => {
    await withGateway({}, async (fake) => {
      fake.clock.seesSuspend = seesSuspend;
      const client = watch(fake, "risk-alerts");
      await fake.publish(riskAlert("a"));
      await fake.settled(acknowledgeAlerts(fake.gateway.eventLog, "desk", [{ id: "a" }]));
      fake.clock.step(600_000);
      await fake.publish(riskAlert("a"));
      await passFor(fake, 0);
      const alerts = client.socket.events.filter(({ channel }) => channel === "risk-alerts");
      assert.equal(alerts.at(-1)!.data!["status"], seesSuspend ? "ACKNOWLEDGED" : "ACTIVE");
      assert.deepEqual(warningsOf(client), ["CLOCK_STEPPED WARNING 1"]);
    });
  });
}

Deno.test("after a pause of the process, what was waiting is read before a channel is called stale", async () => {
  await withGateway({}, async (fake) => {
    const client = watch(fake, "risk-alerts");
    await fake.publish(marketData("BTCUSDT", "1"));
    await passFor(fake, 0); // The price was noticed.
    fake.clock.suspend(12_000);
    await fake.clock.advanceAsync(SWEEP_MILLIS);
    await fake.publish(marketData("BTCUSDT", "2"));
    await passFor(fake, 5_000);
    assert.deepEqual(warningsOf(client), []);
    await passFor(fake, 5_000);
    assert.deepEqual(warningsOf(client), ["STALE_CHANNEL WARNING 1"]);
  });
});
