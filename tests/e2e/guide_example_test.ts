/**
 * The client against a gateway that stops, is killed and loses its store; and every request that the
 * guide shows.
 *
 * @module
 */
import assert from "node:assert/strict";
import { connect, type SocketConstructor, type Table } from "../../protocol/client/mod.ts";
import { marketData, position, type PublishBody } from "../support/events.ts";
import { type GatewayOptions, GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi, type Json } from "../support/http_api.ts";
import { MarkdownDocument } from "../support/markdown.ts";
import { BOOT, TempDir } from "../support/store_fixture.ts";
import { waitUntil } from "../support/wait.ts";

const KEY = "guide-test-key";
const CHANNELS = ["positions", "market-data"] as const;

/** By channel: id to data. */
type Tables = Readonly<Record<string, ReadonlyMap<string, Json>>>;

/** The platform's WebSocket, which keeps what it receives. */
function observedSocket(): { readonly WebSocket: SocketConstructor; readonly messages: Json[] } {
  const messages: Json[] = [];
  class ObservedSocket extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      this.addEventListener("message", ({ data }) => messages.push(JSON.parse(data)));
    }
  }
  return { WebSocket: ObservedSocket, messages };
}

/** What publishers did, as a table must show it in the end. */
class Floor {
  readonly tables: Record<string, Map<string, Json>> = {
    "positions": new Map(),
    "market-data": new Map(),
  };

  /** Publishes, and remembers what lives. */
  async publish(gateway: GatewayProcess, events: readonly (PublishBody | Json)[]): Promise<void> {
    await new HttpApi(gateway).publish(events);
    for (const event of events) {
      const { channel, data, id, removed } = event as Json;
      const table = this.tables[channel]!;
      const key = removed ? id : data.id ?? data.symbol;
      if (removed || data.status === "CLOSED") table.delete(key);
      else table.set(key, data);
    }
  }
}

/** The fields that tell versions of a state apart. */
function essence(tables: Tables): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(tables).map(([channel, table]) => [
      channel,
      [...table].map(([id, { currentPrice, price }]) => `${id} ${currentPrice ?? price}`).sort(),
    ]),
  );
}

/** Many positions with a price: a snapshot in several parts. */
function book(price: string): PublishBody[] {
  return Array.from({ length: 600 }, (_, n) => position(`p${n}`, { currentPrice: price }));
}

Deno.test("the client keeps its tables right over drains, kills and a new store", async (t) => {
  using directory = new TempDir();
  const env = {
    TELEMETRY_STORE: "sqlite",
    TELEMETRY_DATA_DIR: directory.path,
    TELEMETRY_BOOT_ID: BOOT,
  };
  const floor = new Floor();
  const { WebSocket, messages } = observedSocket();
  const acks = () => messages.filter(({ type }) => type === "ack");
  const recovered = (channel: string) =>
    acks().findLast(({ channels }) => channels[channel] !== undefined)!["channels"][channel]
      .recovered;

  /** Numbers that came in frames more than once: the client would have forgotten its place. */
  const repeats = () => {
    const numbers = messages.filter(({ type }) => type === "events").flatMap((
      { channel, events },
    ) => events.map(({ seq }: Json) => `${channel} ${seq}`));
    return numbers.filter((number, index) => numbers.indexOf(number) < index);
  };
  const lives: GatewayProcess[] = [];
  const start = async (options: GatewayOptions) => {
    const gateway = await GatewayProcess.start({ apiKey: KEY, ...options });
    lives.push(gateway);
    return gateway;
  };

  const first = await start({ env });
  const { port } = first;
  await floor.publish(first, [
    ...book("100.00"),
    marketData("BTCUSDT", "1"),
    marketData("ETHUSDT", "2"),
  ]);
  const client = connect({ url: first.wsUrl, key: KEY, clientId: "desk-7", WebSocket });
  const shown: Tables = Object.fromEntries(
    CHANNELS.map((channel) => [channel, client.table(channel)]),
  );
  const resyncs: string[] = [];
  for (const channel of CHANNELS) {
    (shown[channel] as Table<typeof channel>).on("resync", ({ reason }) => resyncs.push(reason));
  }
  const isRight = () =>
    waitUntil(
      "the tables are what was published",
      () => ({ shown: essence(shown), published: essence(floor.tables) }),
      (state) => JSON.stringify(state.shown) === JSON.stringify(state.published),
      { withinMs: 15_000 },
    );
  try {
    await t.step("it begins with snapshots, also with one of several parts", async () => {
      await isRight();
      const parts = messages.filter(({ type, channel }) =>
        type === "snapshot" && channel === "positions"
      );
      assert.ok(parts.length > 1);
    });

    await t.step("it follows changes, ends and removals", async () => {
      await floor.publish(first, [
        marketData("BTCUSDT", "3"),
        position("p1", { status: "CLOSED" }),
        { channel: "positions", id: "p2", removed: true },
        position("p600"),
      ]);
      await isRight();
    });

    await t.step("after a drain it comes back as it was told to, and resumes", async () => {
      assert.equal((await first.stop()).code, 0);
      const { type, reconnectAfterMs } = messages.at(-1)!;
      assert.deepEqual([type, reconnectAfterMs], ["going_away", 1_000]);
      const { state } = client;
      assert.ok(state.status === "waiting" && state.why.code === "going_away");
      await floor.publish(await start({ env, port }), [
        position("p3", { status: "CLOSED" }),
        { channel: "positions", id: "p4", removed: true },
        ...Array.from({ length: 200 }, (_, n) => marketData("BTCUSDT", `${n}`)),
      ]);
      await isRight();
      assert.deepEqual(CHANNELS.map(recovered), [true, true]);
    });

    await t.step("after a kill it comes back, and resumes", async () => {
      await lives.at(-1)!.stop("SIGKILL");
      await floor.publish(await start({ env, port }), [
        position("p5", { currentPrice: "7" }),
        marketData("XRPUSDT", "9"),
      ]);
      await isRight();
      assert.deepEqual(CHANNELS.map(recovered), [true, true]);
      assert.deepEqual([repeats(), resyncs], [[], []]);
    });

    await t.step("with a new store it starts over", async () => {
      await lives.at(-1)!.stop("SIGKILL");
      for (const table of Object.values(floor.tables)) table.clear();
      await floor.publish(await start({ port }), [position("q1"), marketData("BTCUSDT", "5")]);
      await isRight();
      assert.deepEqual(CHANNELS.map(recovered), [false, false]);
      assert.deepEqual(resyncs, ["epoch_changed", "epoch_changed"]);
    });
  } finally {
    client.close();
    for (const gateway of lives) await gateway[Symbol.asyncDispose]();
  }
});

Deno.test("every request that the guide shows is answered by a gateway as the guide says", async () => {
  await using gateway = await GatewayProcess.start({ apiKey: KEY });
  const socket = new WebSocket(`${gateway.wsUrl}/ws/telemetry`, [
    "telemetry.v2",
    `telemetry.key.${btoa(KEY).replaceAll("=", "")}`,
  ]);
  const messages: Json[] = [];
  socket.onmessage = ({ data }) => messages.push(JSON.parse(data));
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  socket.onclose = () => resolve();
  try {
    await waitUntil("the welcome", () => messages, ([welcome]) => welcome?.["type"] === "welcome");
    const requests = ["docs/websocket_guide.md", "docs/websocket_delivery.md"]
      .flatMap((path) => new MarkdownDocument(path).code("json"))
      .filter((text) => "action" in JSON.parse(text));
    assert.ok(requests.length >= 5);
    for (const text of requests) {
      const { id, action } = JSON.parse(text);
      socket.send(text);
      const answers = await waitUntil(
        `an answer to ${id}`,
        () => messages.filter((message) => message["id"] === id),
        (found) => found.length === 1,
      );
      // The alert of the example does not exist here.
      const expected: Json = { acknowledge: "error", heartbeat: "heartbeat" };
      assert.equal(answers[0]!["type"], expected[action] ?? "ack", text);
    }
    assert.equal(messages.find(({ type }) => type === "error")!["code"], "not_found");
  } finally {
    socket.close();
    await closed;
  }
});
