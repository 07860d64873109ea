import assert from "node:assert/strict";
import process from "node:process";
import { CHANNELS } from "../../../protocol/channels.ts";
import { type FakeGateway, fakePeer, PeerSocket, withGateway } from "../../support/fake_gateway.ts";
import { marketData, position, removal, riskAlert, traderStatus } from "../../support/events.ts";
import { Metrics } from "../../support/metrics_text.ts";

const PREFIX = "autotrader_telemetry_";

async function scrape(fake: FakeGateway): Promise<Metrics> {
  const { text } = await fake.gateway.metrics.scrape();
  return new Metrics(text);
}

/** What the process uses, as the runtime says. */
function usage() {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1_000_000, memory: process.memoryUsage() };
}

Deno.test("the names that deployed dashboards read are there, for every channel, from the start", async () => {
  await withGateway({}, async (fake) => {
    const metrics = await scrape(fake);
    for (const name of ["active_connections", "messages_sent_total", "messages_dropped_total"]) {
      assert.equal(metrics.value(PREFIX + name), 0, name);
    }
    for (const kind of ["sent", "dropped"]) {
      for (const suffix of ["channel", "counter_total"]) {
        const name = `${PREFIX}messages_${kind}_${suffix}`;
        for (const channel of CHANNELS) assert.equal(metrics.value(name, { channel }), 0, name);
      }
    }
    for (const channel of CHANNELS) {
      for (const reason of ["rate_limit", "slow_consumer", "ring_overrun"]) {
        assert.equal(metrics.value(`${PREFIX}messages_shed_total`, { channel, reason }), 0);
      }
    }
  });
});

Deno.test("every metric has help, a type and the prefix, and every name once", async () => {
  await withGateway({}, async (fake) => {
    fake.hub.admit(fakePeer());
    const { contentType, text } = await fake.gateway.metrics.scrape();
    assert.match(contentType, /^text\/plain;.*version=0\.0\.4/);
    assert.ok(text.endsWith("\n"));
    const headers = [...text.matchAll(/^# (HELP|TYPE) (\S+) (.+)$/gm)];
    const names = headers.filter(([, kind]) => kind === "TYPE").map(([, , name]) => name!);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) {
      assert.ok(name.startsWith(PREFIX), name);
      assert.ok(headers.some(([, kind, of]) => kind === "HELP" && of === name), name);
    }
    const sampled = new Set(new Metrics(text).samples.map(({ name }) => name));
    for (const name of sampled) assert.ok(names.includes(name), name);
    for (const [, kind, name, type] of headers) {
      if (kind === "TYPE" && type === "counter") assert.match(name!, /_total$/);
    }
  });
});

Deno.test("connections are counted by what they are and how they ended", async () => {
  await withGateway({ config: { server: { maxConnections: 5 } } }, async (fake) => {
    fake.connect();
    fake.connect().connection.end("slowConsumer");
    const left = fake.connect().connection;
    fake.hub.closed(left, 1000);
    const broken = new PeerSocket();
    broken.sendError = new Error("boom");
    fake.connect({ socket: broken });
    fake.hub.admit(fakePeer());
    assert.ok(fake.hub.admit(fakePeer()).ok);
    assert.equal(fake.hub.admit(fakePeer()).ok, false);
    const metrics = await scrape(fake);
    const values = {
      active_connections: 1,
      connecting: 2,
      lingering: 2,
      connections_accepted_total: 4,
      connection_failures_total: 1,
      throttled_connections: 0,
    };
    for (const [name, value] of Object.entries(values)) {
      assert.equal(metrics.value(PREFIX + name), value, name);
    }
    const causes = { slowConsumer: 1, peer: 1, internalError: 1, refused: 1 };
    for (const [cause, count] of Object.entries(causes)) {
      assert.equal(metrics.value(`${PREFIX}connections_ended_total`, { cause }), count, cause);
    }
    assert.equal(metrics.value(`${PREFIX}connections_ended_total`), 4);
  });
});

Deno.test("sent and dropped add up to what was published, per connection that listened", async () => {
  const config = { telemetry: { rateLimitPerSecond: 3 } };
  await withGateway({ config }, async (fake) => {
    const clients = Array.from({ length: 4 }, () => fake.connect({ channels: ["market-data"] }));
    for (let i = 0; i < 25; i++) {
      await fake.publish(...["A", "B"].map((symbol) => marketData(symbol, `${i}`)));
      await fake.clock.advanceAsync(200);
    }
    await fake.clock.advanceAsync(5_000);
    const metrics = await scrape(fake);
    const value = (name: string, labels = {}) => metrics.value(PREFIX + name, labels)!;
    const channel = "market-data";
    const received = clients.reduce((sum, { socket }) => sum + socket.events.length, 0);
    const skipped = clients.flatMap(({ socket }) => socket.events)
      .reduce((sum, { meta }) => sum + Number(meta?.["skipped"] ?? 0), 0);
    assert.ok(skipped > 0, "the rate must have been exceeded");
    assert.equal(value("events_published_total", { channel }), 50);
    assert.equal(received + skipped, 50 * clients.length);
    assert.equal(value("messages_sent_total"), received);
    assert.equal(value("messages_dropped_total"), skipped);
    assert.equal(value("messages_shed_total"), skipped);
    assert.equal(value("messages_shed_total", { channel, reason: "rate_limit" }), skipped);
    for (const name of ["channel", "counter_total"]) {
      assert.equal(value(`messages_sent_${name}`, { channel }), received);
      assert.equal(value(`messages_dropped_${name}`, { channel }), skipped);
    }
  });
});

Deno.test("channels show head, readers, states and what the ring holds", async () => {
  await withGateway({}, async (fake) => {
    fake.connect({ channels: ["positions", "risk-alerts"] });
    fake.connect({ channels: ["positions"] });
    await fake.publish(position("p1"), position("p2"), position("p1", { status: "CLOSED" }));
    await fake.publish(traderStatus("42"), removal("trader-status", "42"), riskAlert("a"));
    const metrics = await scrape(fake);
    const of = (name: string) =>
      CHANNELS.map((channel) => metrics.value(PREFIX + name, { channel }));
    // In the order of CHANNELS: risk-alerts, system-warnings, trader-status, positions, market-data.
    assert.deepEqual(of("channel_head"), [1, 0, 2, 3, 0]);
    assert.deepEqual(of("channel_subscribers"), [1, 0, 0, 2, 0]);
    assert.deepEqual(of("snapshot_size"), [1, 0, 0, 1, 0]);
    assert.deepEqual(of("ring_events"), [1, 0, 2, 3, 0]);
    const bytes = of("ring_bytes");
    assert.ok(bytes[3]! > 3 * 200 && bytes[3]! < 3 * 2_000, `${bytes[3]}`);
    assert.equal(bytes[4], 0);
  });
});

Deno.test("losses of the listener are counted, and each scrape shows the count of its moment", async () => {
  await withGateway({}, async (fake) => {
    const losses = async () => (await scrape(fake)).value(`${PREFIX}listener_losses_total`);
    assert.equal(await losses(), 0);
    fake.gateway.metrics.listenerLost();
    fake.gateway.metrics.listenerLost();
    assert.equal(await losses(), 2);
    assert.equal(await losses(), 2);
  });
});

Deno.test("the process shows its uptime and memory", async () => {
  await withGateway({}, async (fake) => {
    fake.clock.advance(12_500);
    const before = usage();
    const metrics = await scrape(fake);
    const after = usage();
    const value = (name: string) => metrics.value(PREFIX + name)!;
    assert.equal(value("uptime_seconds"), 12.5);
    const cpu = value("cpu_seconds_total");
    assert.ok(cpu >= before.cpuSeconds && cpu <= after.cpuSeconds, `${cpu} s`);
    // Other threads of the process allocate meanwhile, and garbage is collected.
    for (const [name, key] of [["resident_memory_bytes", "rss"], ["heap_used_bytes", "heapUsed"]]) {
      const [low, high] = [before, after].map(({ memory }) => memory[key as "rss" | "heapUsed"])
        .toSorted((a, b) => a - b);
      assert.ok(value(name!) > low! / 2 && value(name!) < high! * 2, `${name} ${value(name!)}`);
    }
  });
});

Deno.test("two scrapes at once are both whole", async () => {
  await withGateway({}, async (fake) => {
    const [first, second] = await Promise.all([scrape(fake), scrape(fake)]);
    const names = ({ samples }: Metrics) =>
      samples.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`);
    assert.deepEqual(names(first), names(second));
    assert.ok(first.samples.length > 50);
  });
});
