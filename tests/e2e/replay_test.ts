/**
 * What a client that comes late is told: the latest state of everything that still is, once.
 *
 * @module
 */
import assert from "node:assert/strict";
import { marketData, position, removal, riskAlert, traderStatus } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { type Received, seqOf, skippedOf, V1Client } from "../support/v1_client.ts";

/** Subscribes with replay and returns what was replayed, when a live event proves its end. */
async function replayOf(gateway: GatewayProcess, channel: string): Promise<Received[]> {
  await using client = await V1Client.connect(gateway.wsUrl, {
    apiKey: gateway.apiKey,
    channels: [channel, "risk-alerts"],
    replay: true,
  });
  await client.heartbeat();
  await new HttpApi(gateway).publish(riskAlert("end-of-replay"));
  await client.waitFor(
    "the live event",
    ({ type, replay, data }) =>
      type === "event" && replay === undefined && data?.["id"] === "end-of-replay",
  );
  return client.events(channel).filter(({ replay }) => replay === true);
}

const idsOf = (events: readonly Received[]) => events.map(({ data }) => data!["id"]);

Deno.test("a replay is the latest state per id, and what ended is not in it", async (t) => {
  await using gateway = await GatewayProcess.start({ env: { TELEMETRY_REPLAY_LIMIT: "5" } });
  const api = new HttpApi(gateway);

  await t.step("the latest per id comes, oldest first", async () => {
    await api.publish([
      traderStatus("1", { status: "STARTING" }),
      traderStatus("2"),
      traderStatus("3"),
      traderStatus("1", { status: "RUNNING" }),
    ]);
    const replayed = await replayOf(gateway, "trader-status");
    assert.deepEqual(idsOf(replayed), ["2", "3", "1"]);
    assert.deepEqual(replayed.map(seqOf), [2, 3, 4]);
    assert.equal(replayed[2]!.data!["status"], "RUNNING");
  });

  await t.step("a symbol is the same in any case", async () => {
    await api.publish([marketData("btcusdt", "1"), marketData("BTCUSDT", "2")]);
    const replayed = await replayOf(gateway, "market-data");
    assert.deepEqual(replayed.map(({ data }) => [data!["id"], data!["price"]]), [["BTCUSDT", "2"]]);
  });

  await t.step("a closed position is delivered, then leaves", async () => {
    await using client = await V1Client.connect(gateway.wsUrl, {
      apiKey: gateway.apiKey,
      channels: ["positions"],
    });
    await api.publish([position("p1"), position("p2")]);
    await api.publish(position("p1", { status: "CLOSED", realizedPnL: "2.5" }));
    const live = await client.waitForEvents("positions", 3);
    assert.equal(live[2]!.data!["status"], "CLOSED");
    assert.deepEqual(idsOf(await replayOf(gateway, "positions")), ["p2"]);
  });

  await t.step("a removed key leaves, by event and by DELETE", async () => {
    await api.publish(removal("trader-status", "2"));
    assert.deepEqual(idsOf(await replayOf(gateway, "trader-status")), ["3", "1"]);
    const path = "/api/v1/telemetry/trader.status/snapshot/3";
    const answer = await api.request(path, { method: "DELETE" });
    assert.ok(answer.status >= 200 && answer.status < 300, `${answer.status} ${answer.text}`);
    assert.deepEqual(idsOf(await replayOf(gateway, "trader-status")), ["1"]);
  });

  await t.step("a removed key that speaks again is back", async () => {
    await api.publish(traderStatus("2", { status: "IDLE" }));
    assert.deepEqual(idsOf(await replayOf(gateway, "trader-status")), ["1", "2"]);
  });

  await t.step("at most replayLimit states a channel, the latest", async () => {
    await api.publish(Array.from({ length: 8 }, (_, index) => traderStatus(`limit-${index}`)));
    const replayed = await replayOf(gateway, "trader-status");
    assert.deepEqual(idsOf(replayed), [3, 4, 5, 6, 7].map((index) => `limit-${index}`));
  });

  await t.step("the last alerts come, the latest emission of each", async () => {
    await api.publish(Array.from({ length: 8 }, (_, index) => riskAlert(`alert-${index % 4}`)));
    await using client = await V1Client.connect(gateway.wsUrl, {
      apiKey: gateway.apiKey,
      channels: ["risk-alerts"],
      replay: true,
    });
    const replayed = await client.waitForEvents("risk-alerts", 5);
    assert.deepEqual(idsOf(replayed).slice(1), [0, 1, 2, 3].map((index) => `alert-${index}`));
  });

  await t.step("without replay nothing is replayed", async () => {
    await using client = await V1Client.connect(gateway.wsUrl, { apiKey: gateway.apiKey });
    await client.subscribe(["trader-status"], false);
    await client.subscribe(["positions"]);
    await client.heartbeat();
    assert.deepEqual(client.events(), []);
  });

  await t.step("replay can be asked for again", async () => {
    await using client = await V1Client.connect(gateway.wsUrl, { apiKey: gateway.apiKey });
    await client.subscribe(["positions"], true);
    await client.waitForEvents("positions", 1);
    await client.unsubscribe(["positions"]);
    await client.subscribe(["positions"], true);
    const events = await client.waitForEvents("positions", 2);
    assert.deepEqual(events.map(({ replay }) => replay), [true, true]);
  });
});

Deno.test("between replay and live there is no gap and no duplicate, while events keep coming", async () => {
  await using gateway = await GatewayProcess.start({
    env: { TELEMETRY_RATE_LIMIT_PER_SECOND: "0" },
  });
  const api = new HttpApi(gateway);
  const symbols = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];
  let published = 0;
  let publishing = true;
  const publisher = (async () => {
    while (publishing) {
      const batch = Array.from({ length: 7 }, () => {
        const index = ++published;
        return marketData(symbols[index % symbols.length]!, String(index));
      });
      await api.publish([...batch, riskAlert(`r${published}`)]);
    }
  })();
  try {
    const clients: V1Client[] = [];
    try {
      for (let round = 0; round < 20; round++) {
        clients.push(
          await V1Client.connect(gateway.wsUrl, {
            apiKey: gateway.apiKey,
            channels: ["market-data", "risk-alerts"],
            replay: true,
          }),
        );
      }
      publishing = false;
      await publisher;
      const last = published;
      for (const client of clients) {
        await client.waitFor("the last price", ({ data }) => data?.["price"] === String(last));
        assertContinuous(client, "market-data");
        assertContinuous(client, "risk-alerts");
      }
    } finally {
      for (const client of clients) await client[Symbol.asyncDispose]();
    }
  } finally {
    publishing = false;
    await publisher.catch(() => {});
  }
});

/** Replayed numbers rise, live ones follow the last of them without a hole. */
function assertContinuous(client: V1Client, channel: string): void {
  const events = client.events(channel);
  const seqs = events.map(seqOf);
  const firstLive = events.findIndex(({ replay }) => replay === undefined);
  const replayed = firstLive === -1 ? seqs : seqs.slice(0, firstLive);
  for (let index = 1; index < replayed.length; index++) {
    assert.ok(replayed[index]! > replayed[index - 1]!, `${channel}: replay out of order ${seqs}`);
  }
  if (firstLive === -1) return;
  assert.ok(
    events.slice(firstLive).every(({ replay }) => replay === undefined),
    "replay after live",
  );
  for (let index = Math.max(1, firstLive); index < seqs.length; index++) {
    const skipped = skippedOf(events[index]!);
    assert.equal(seqs[index], seqs[index - 1]! + 1 + skipped, `${channel}: ${seqs.slice(0, 30)}`);
    assert.equal(skipped, 0, "nothing is skipped without a limit");
  }
}
