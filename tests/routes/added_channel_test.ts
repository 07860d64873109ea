/**
 * A channel needs its spec and nothing else: one that exists in this test alone is found everywhere.
 *
 * @module
 */
import assert from "node:assert/strict";
import { MemoryStore } from "../../actors/store/memory.ts";
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import { renderChannelReference } from "../../docs/channels_reference.ts";
import { renderRestReference } from "../../docs/rest_reference.ts";
import { PRODUCT_CHANNELS } from "../../protocol/channel_set.ts";
import { FILLS, MORE_CHANNELS, NOTES, ORDERS } from "../support/added_channels.ts";
import {
  FAKE_EPOCH,
  type FakeClient,
  type FakeGateway,
  withGateway,
} from "../support/fake_gateway.ts";
import { Metrics } from "../support/metrics_text.ts";
import { projectPath } from "../support/paths.ts";
import { SOURCE_FOLDERS, sourceFiles } from "../support/source_files.ts";
import { events, everything, sqliteOptions, TempDir } from "../support/store_fixture.ts";

/** Pages show the product's channels, each in a view of its own. */
const isPage = (path: string) => path.startsWith("routes/pages/");

/** A comparison with the name of a channel. */
const BY_NAME = new RegExp(
  `(?:[!=]==?|case|includes\\(|has\\() ?"(?:${PRODUCT_CHANNELS.names.join("|")})"`,
);

Deno.test("nothing is decided by the name of a channel", () => {
  assert.match('if (channel === "positions")', BY_NAME);
  assert.match('case "market-data":', BY_NAME);
  const found = sourceFiles(SOURCE_FOLDERS).filter((path) =>
    !isPage(path) && BY_NAME.test(Deno.readTextFileSync(projectPath(path)))
  );
  assert.deepEqual(found, []);
});

Deno.test("actors and routes name the product's set only as what a store has by default", () => {
  const files = sourceFiles(["actors", "routes"]).filter((path) => !isPage(path));
  const found = files.filter((path) =>
    /\b(?:PRODUCT_CHANNELS|CHANNEL_SPECS|CHANNELS)\b/.test(Deno.readTextFileSync(projectPath(path)))
  );
  assert.deepEqual(found, [
    "actors/store/memory.ts",
    "actors/store/open_store.ts",
    "actors/store/sqlite/sqlite_store.ts",
    "routes/cli/keys.ts", // Works on the file, without a gateway.
    "routes/cli/tail.ts", // A client of other gateways, as the typed client is.
  ]);
});

type Json = Readonly<Record<string, unknown>>;

/** Runs a test body with a gateway that has the channels of the test, in memory. */
async function withMoreChannels(body: (fake: FakeGateway) => Promise<void>): Promise<void> {
  await withGateway({ store: new MemoryStore(1_000, FAKE_EPOCH, MORE_CHANNELS) }, body);
}

const order = (ticket: string, fields: Json = {}) => ({
  channel: "orders",
  data: { ticket, account: "t1", pair: "BTC", status: "PLACED", ...fields },
});

/** Publishes over HTTP; the answer's status and body. */
async function post(fake: FakeGateway, ...events: readonly unknown[]) {
  const response = await fake.request("/api/v1/telemetry/events", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(events),
  });
  return { status: response.status, body: await response.json() };
}

async function get(fake: FakeGateway, path: string) {
  const response = await fake.request(path);
  assert.equal(response.status, 200, path);
  return (await response.json()).data;
}

/** The messages of a type that a client was sent, as they stand on the wire. */
function received({ socket }: FakeClient, type: string): Json[] {
  return socket.frames.map((frame) => JSON.parse(frame)).filter((one) => one.type === type);
}

Deno.test("the set serves added lossless channels with the lossless ones, the others after them", () => {
  assert.deepEqual(MORE_CHANNELS.names, [
    "risk-alerts",
    "system-warnings",
    "fills",
    "house-notes",
    "orders",
    "trader-status",
    "positions",
    "market-data",
  ]);
  assert.equal(MORE_CHANNELS.parse("Order"), "orders");
  assert.equal(PRODUCT_CHANNELS.parse("orders"), undefined);
});

Deno.test("an added channel is published on over HTTP, in any spelling, by its own rules", async () => {
  await withMoreChannels(async (fake) => {
    const accepted = await post(fake, { ...order("o1"), channel: "ORDER" }, order("o2"));
    assert.equal(accepted.status, 202);
    assert.deepEqual(accepted.body.data.last, { orders: { epoch: FAKE_EPOCH, seq: 2 } });
    const wrong = await post(
      fake,
      order("o1", { status: "LOST" }),
      order("x", { ticket: "x".repeat(129) }),
      order("o1", { pairs: "BTC" }),
      order("o1", { channel: "fills" }),
      { channel: "bills", data: {} },
      { channel: "fills", removed: true, id: "f" },
      order("ß".repeat(100)),
    );
    assert.equal(wrong.status, 422);
    assert.deepEqual(Object.keys(wrong.body.error.details), [
      "events[0].data.status",
      "events[1].data.ticket",
      "events[2].data.pairs",
      "events[3].data.channel",
      "events[4].channel",
      "events[5].removed",
      "events[6].data.ticket",
    ]);
    assert.match(wrong.body.error.details["events[4].channel"], /fills, house-notes, orders/);
    const foreign = await post(fake, { channel: "house-notes", data: { id: "n", price: 1 } });
    assert.equal(foreign.status, 403);
    assert.match(foreign.body.error.message, /^house-notes /);
  });
});

Deno.test("v1 clients are sent an added channel in its form, replayed and live, and its end", async () => {
  await withMoreChannels(async (fake) => {
    await fake.publish(order("o1"), order("o2", { status: "FILLED" }));
    const client = fake.connect({ channels: ["order", "bills"], replay: true });
    await fake.clock.advanceAsync(100);
    await fake.publish(order("o1", { status: "FILLED", updatedAt: "2026-01-31T12:00:00Z" }));
    const [error] = received(client, "error");
    assert.match(String(error!["data"] ?? JSON.stringify(error)), /known are .*fills.*orders/);
    const events = received(client, "event") as { data: Json; meta: Json; channel: string }[];
    assert.deepEqual(events.map(({ channel, data }) => [channel, data["id"], data["status"]]), [
      ["orders", "O1", "PLACED"],
      ["orders", "O1", "FILLED"],
    ]);
    assert.deepEqual(events[1]!.data, {
      id: "O1",
      broker: null,
      ticket: "o1",
      account: "t1",
      pair: "BTC",
      grade: "INFO",
      status: "FILLED",
      isActive: false,
      timestamp: Date.parse("2026-01-31T12:00:00Z"),
    });
    assert.equal(events[1]!.meta["updatedAt"], "2026-01-31T12:00:00Z");
    client.say({ action: "unsubscribe", channels: ["Orders"] });
    assert.equal(client.connection.subscriber!.cursors.size, 0);
  });
});

Deno.test("v2 clients filter, conflate and get the snapshot of an added channel", async () => {
  await withMoreChannels(async (fake) => {
    await fake.publish(order("o1"), order("o2"), order("o2", { status: "FILLED" }));
    const client = fake.connect({ protocol: "telemetry.v2" });
    const filter = { symbols: ["btc"], traderIds: ["t1"], minSeverity: "WARNING" };
    client.say({ id: "1", action: "subscribe", channels: [{ name: "order", snapshot: true }] });
    client.say({ id: "2", action: "subscribe", channels: [{ name: "bills" }] });
    await fake.clock.advanceAsync(100);
    const [snapshot] = received(client, "snapshot") as { channel: string; events: Json[] }[];
    assert.equal(snapshot!.channel, "orders");
    assert.deepEqual(snapshot!.events.map(({ seq }) => seq), [1], "a FILLED order has ended");
    assert.match(String(received(client, "error")[0]!["message"]), /known are .*orders/);
    client.say({ id: "3", action: "subscribe", channels: [{ name: "orders", filter }] });
    await fake.publish(
      order("a", { grade: "WARNING" }),
      order("b", { grade: "INFO" }),
      order("c", { grade: "CRITICAL", account: "t2" }),
      order("d", { grade: "CRITICAL", pair: "ETH" }),
      order("e", { grade: "CRITICAL" }),
      { channel: "orders", removed: true, id: "O1" },
    );
    await fake.clock.advanceAsync(100);
    const frames = received(client, "events") as { filtered: number; events: Json[] }[];
    const ids = frames.flatMap(({ events }) => events.map(({ data }) => (data as Json)["id"]));
    assert.deepEqual(ids, ["A", "E", "O1"]);
    assert.equal(frames.reduce((sum, { filtered }) => sum + filtered, 0), 3);
    client.say({ id: "4", action: "subscribe", channels: [{ name: "orders", conflate: true }] });
    await fake.publish(...["PLACED", "PARTIAL", "FILLED"].map((status) => order("z", { status })));
    await fake.clock.advanceAsync(100);
    const last = received(client, "events").at(-1) as { skipped: number; events: Json[] };
    assert.deepEqual([last.skipped, last.events.length], [2, 1]);
  });
});

Deno.test("REST answers for an added channel: snapshot, history, removal, statistics, clients", async () => {
  await withMoreChannels(async (fake) => {
    await fake.publish(order("o1"), order("o2"), order("o2", { status: "FILLED" }));
    fake.connect({ channels: ["orders"] });
    const snapshot = await get(fake, "/api/v1/telemetry/Order/snapshot");
    assert.deepEqual([snapshot.channel, snapshot.seq, snapshot.events.length], ["orders", 3, 1]);
    const page = await get(fake, "/api/v1/telemetry/orders/events?afterSeq=1&limit=1");
    assert.deepEqual(page.events.map(({ seq }: Json) => seq), [2]);
    assert.match(page.next, /^\/api\/v1\/telemetry\/orders\/events\?/);
    const path = "/api/v1/telemetry/orders/snapshot/O1";
    assert.equal((await fake.request(path, { method: "DELETE" })).status, 202);
    assert.deepEqual((await get(fake, "/api/v1/telemetry/orders/snapshot")).events, []);
    const stats = await get(fake, "/api/v1/websocket/stats");
    assert.equal(stats.channels.orders.published, 4);
    assert.equal(stats.metrics.messagesPerChannel.orders, 0);
    assert.equal(stats.channelSnapshots.orders, 0);
    assert.equal((await get(fake, "/api/v1/websocket/clients?channel=order")).length, 1);
    assert.equal((await get(fake, "/api/v1/websocket/clients?channel=fills")).length, 0);
    const refused = await fake.request("/api/v1/telemetry/orders/o/acknowledge", {
      method: "POST",
    });
    assert.equal(refused.status, 404);
    assert.match(await refused.text(), /only risk-alerts are acknowledged/);
    const unknown = await fake.request("/api/v1/telemetry/bills/snapshot");
    assert.match(await unknown.text(), /fills, house-notes, orders/);
  });
});

Deno.test("every metric of a channel of the product has a value for added ones", async () => {
  await withMoreChannels(async (fake) => {
    fake.connect({ channels: ["orders", "market-data"] });
    const price = { symbol: "BTC", price: "1", source: "s" };
    await fake.publish(order("o1", { odd: 1 }), { channel: "market-data", data: price });
    const metrics = new Metrics((await fake.gateway.metrics.scrape()).text);
    const namesOf = (channel: string) =>
      metrics.samples.filter(({ labels }) => labels["channel"] === channel).map(({ name }) => name);
    assert.deepEqual(namesOf("orders"), namesOf("market-data"));
    assert.ok(namesOf("orders").length > 10);
    const value = (name: string) =>
      metrics.value(`autotrader_telemetry_${name}`, { channel: "orders" });
    assert.equal(value("messages_sent_counter_total"), 1);
    assert.equal(value("events_published_total"), 1);
  });
});

Deno.test("an added channel is stale by its own rule, and watchers are told", async () => {
  await withMoreChannels(async (fake) => {
    const stateOf = (channel: string) =>
      fake.gateway.health.statuses().find((one) => one.channel === channel)!.state;
    const watcher = fake.connect({ protocol: "telemetry.v2" });
    const channels = ["orders", "house-notes", "system-warnings"];
    watcher.say({ id: "1", action: "subscribe", channels });
    const collector = fake.connect({ protocol: "telemetry.collector" });
    collector.say({ id: "h", action: "heartbeat", channels: ["ORDER"] });
    collector.say({ id: "n", action: "heartbeat", channels: ["house-notes"] });
    collector.say({ id: "u", action: "heartbeat", channels: ["bills"] });
    const errors = received(collector, "error").map(({ id, code }) => [id, code]);
    assert.deepEqual(errors, [["n", "forbidden"], ["u", "invalid_payload"]]);
    await fake.publish({ channel: "fills", data: { id: "f", price: 1 } });
    assert.equal(stateOf("orders"), "fresh");
    await fake.clock.advanceAsync(15_000);
    assert.deepEqual([stateOf("orders"), stateOf("fills")], ["fresh", "stale"], "10 s, not 30");
    await fake.clock.advanceAsync(20_000);
    assert.deepEqual([stateOf("orders"), stateOf("house-notes")], ["stale", "fresh"]);
    const told = received(watcher, "status").map(({ channel, state }) => [channel, state]);
    assert.deepEqual(told, [["orders", "stale"]]);
    const warnings = JSON.stringify(received(watcher, "events"));
    assert.match(warnings, /"code":"STALE_CHANNEL"[^}]*orders/);
  });
});

Deno.test("a key may be bound to an added channel", () =>
  withMoreChannels((fake) => {
    const principal = {
      name: "desk",
      authenticated: true,
      scopes: new Set(["subscribe"] as const),
      channels: new Set([ORDERS]),
    };
    const client = fake.connect({ principal, channels: ["orders", "fills"] });
    assert.deepEqual([...client.connection.subscriber!.cursors.keys()], ["orders"]);
    return Promise.resolve();
  }));

Deno.test("a store on disk keeps an added channel over a restart, and repairs what it reads", async () => {
  using directory = new TempDir();
  const open = () => SqliteStore.open(sqliteOptions(directory.path, { channels: MORE_CHANNELS }));
  const store = await open();
  const [placed, old] = events(ORDERS, 1, 2);
  await store.commit([placed!, { ...old!, data: '{"id":"k","status":"PART"}' }], []);
  await store.commit(events(FILLS, 1, 3), []);
  await store.commit(events(NOTES, 1, 1), []);
  await store.close();
  const again = await open();
  try {
    const restored = await again.restore(everything());
    const orders = restored.channels.get(ORDERS)!;
    assert.deepEqual([orders.seq, orders.latest.length > 0], [2, true]);
    assert.match(orders.events[1]!.data, /"PARTIAL"/);
    const fills = restored.channels.get(FILLS)!;
    assert.deepEqual([fills.seq, fills.latest.length], [3, 0], "its snapshot is the last events");
    assert.equal(again.head(NOTES).seq, 1);
  } finally {
    await again.close();
  }
});

Deno.test("a store that exists makes the tables of an added channel, and goes on with the others", async () => {
  using directory = new TempDir();
  const store = await SqliteStore.open(sqliteOptions(directory.path));
  await store.commit(events("positions", 1, 4), []);
  const head = store.head("positions");
  await store.close();
  const options = sqliteOptions(directory.path, { channels: MORE_CHANNELS });
  const again = await SqliteStore.open(options);
  try {
    assert.deepEqual(again.head("positions"), head);
    assert.deepEqual([again.head(ORDERS).seq, again.head(ORDERS).epoch.length > 0], [0, true]);
    await again.commit(events(ORDERS, 1, 2), []);
    assert.equal((await again.read(ORDERS, 0, 10))!.length, 2);
  } finally {
    await again.close();
  }
});

Deno.test("the tables of the documents describe an added channel", () => {
  const read = (path: string) => Deno.readTextFileSync(projectPath(path));
  const channels = renderChannelReference(read("docs/channels.md"), MORE_CHANNELS);
  for (
    const line of [
      "| `orders` | each order; `FILLED` ends it | conflated to the latest per order | publishers | `telemetry.declaredMaxAgeSeconds`, once declared |",
      "| `house-notes` | notes of the gateway | never dropped | the gateway alone | never |",
      "## orders",
      "| `pair` | text | The symbol. |",
      "| `broker` | text | Who carries it out. `null` when nobody said. |",
      "| `isActive` | boolean | Whether it is open. |",
      "| `updatedAt` | ISO time | The time of the state. In v1 it stands in `meta.updatedAt` instead. |",
      "| `price` | number | The price. |",
    ]
  ) assert.ok(channels.split("\n").includes(line), line);
  const rest = renderRestReference(read("docs/rest_guide.md"), MORE_CHANNELS);
  assert.match(rest, /^\| `channel` \|.*`fills`.*`orders`/m);
});
