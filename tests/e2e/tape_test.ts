/**
 * A real market through the gateway to three clients at once: one that keeps up, one that comes
 * late and one that reads slowly.
 *
 * @module
 */
import assert from "node:assert/strict";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { fileExists, TAPE_FILE } from "../support/paths.ts";
import { pricesOf, TapeProcess } from "../support/tape_process.ts";
import { type Received, seqOf, skippedOf, V1Client } from "../support/v1_client.ts";
import { pause } from "../support/wait.ts";

const ROWS = 9_999;
const SPEED = 2_000;

/**
 * The length of `source` in each event. The kernel's buffers between two local sockets take several
 * megabytes; the whole tape must be many times that for a slow reader to be slow for the gateway.
 */
const SOURCE_LENGTH = 2_000;

/** The slow reader's pace: far below the tape's, far above nothing. */
const SLOW_READ_BYTES = 16 * 1024;
const SLOW_READ_EVERY_MS = 20;

const priceOf = ({ data }: Received) => data!["price"] as string;

/** Numerically the same: the tape may write `9682` where the file says `9682.0`. */
const samePrice = (a: string, b: string) => Number(a) === Number(b);

/** Reads in small sips until told to drink. */
async function readSlowly(client: V1Client, hurry: () => boolean): Promise<void> {
  while (!hurry()) {
    if (await client.socket.readSome(SLOW_READ_BYTES) === 0) return;
    await pause(SLOW_READ_EVERY_MS);
  }
  client.socket.resume();
}

Deno.test({
  name: `the real tape at ×${SPEED} reaches a quick, a late and a slow client` +
    (fileExists(TAPE_FILE) ? "" : " (skipped: ../shared/data has no tape)"),
  ignore: !fileExists(TAPE_FILE),
  async fn(t) {
    const prices = await pricesOf(TAPE_FILE);
    assert.equal(prices.length, ROWS);
    const env = { TELEMETRY_RATE_LIMIT_PER_SECOND: "0" };
    await using gateway = await GatewayProcess.start({ env });
    const { url, wsUrl, apiKey } = gateway;
    const api = new HttpApi(gateway);
    const options = { apiKey, channels: ["market-data"] };
    await using quick = await V1Client.connect(wsUrl, { ...options, clientId: "quick" });
    await using slow = await V1Client.connect(wsUrl, { ...options, clientId: "slow" });
    await slow.waitFor("ack", ({ type }) => type === "ack");
    slow.socket.pause();

    await using tape = new TapeProcess({
      url,
      apiKey,
      file: TAPE_FILE,
      speed: SPEED,
      source: "x".repeat(SOURCE_LENGTH),
    });
    let over = false;
    const slowReading = readSlowly(slow, () => over);
    await quick.waitForEvents("market-data", 4_000, 30_000);
    await using late = await V1Client.connect(wsUrl, {
      ...options,
      clientId: "late",
      replay: true,
    });
    await tape.finished(60_000).finally(() => over = true);
    await slowReading;
    const isLast = (message: Received) => message.type === "event" && seqOf(message) === ROWS;
    for (const client of [quick, late, slow]) {
      await client.waitFor("the last trade", isLast, { withinMs: 20_000 });
    }

    await t.step("the quick client has every trade in the order of the file", () => {
      const events = quick.events();
      assert.equal(events.length, ROWS);
      events.forEach((event, index) => {
        assert.ok(samePrice(priceOf(event), prices[index]!), `row ${index + 1}`);
        assert.equal(seqOf(event), index + 1);
        assert.equal(skippedOf(event), 0);
      });
    });

    await t.step("the late client has one replayed state, then every later trade", () => {
      const [first, ...live] = late.events();
      const from = seqOf(first!);
      assert.equal(first!.replay, true);
      assert.ok(from >= 4_000 && from < ROWS, `joined at ${from}`);
      assert.equal(live.length, ROWS - from);
      live.forEach((event, index) => {
        assert.equal(event.replay, undefined);
        assert.equal(seqOf(event), from + 1 + index);
        assert.ok(samePrice(priceOf(event), prices[from + index]!));
      });
    });

    await t.step("the slow client is sampled, to the last price, with nothing unaccounted", () => {
      const events = slow.events();
      const skipped = events.reduce((sum, event) => sum + skippedOf(event), 0);
      assert.ok(skipped > 0, "it was not slow for the gateway");
      assert.equal(events.length + skipped, ROWS);
      assert.ok(samePrice(priceOf(events.at(-1)!), prices.at(-1)!));
    });

    await t.step("the counters say the same", async () => {
      const { metrics, channels } = await api.stats();
      const received = quick.events().length + late.events().length + slow.events().length;
      const skipped = ROWS - slow.events().length;
      assert.equal(metrics.messagesSent, received);
      assert.equal(metrics.messagesDropped, skipped);
      const { slow_consumer, ring_overrun, rate_limit } = channels["market-data"].shed;
      assert.equal(rate_limit, 0);
      assert.equal(slow_consumer + ring_overrun, skipped);
    });
  },
});
