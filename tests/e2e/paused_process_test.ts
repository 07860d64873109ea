/**
 * A process that is stopped for a while, as by a paused container: publishers went on meanwhile.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CollectorClient } from "../support/collector_client.ts";
import { marketData } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { pause } from "../support/wait.ts";

const PAUSE_MS = 4_000;

for (const way of ["a socket", "HTTP"]) {
  Deno.test(`a process that was paused reads what waits on ${way} before it calls a channel stale`, async () => {
    await using gateway = await GatewayProcess.start({
      env: { TELEMETRY_STORE: "sqlite", TELEMETRY_MARKET_DATA_MAX_AGE_SECONDS: "2" },
    });
    const { wsUrl, apiKey } = gateway;
    const api = new HttpApi(gateway);
    await using publisher = await CollectorClient.connect(wsUrl, { apiKey });
    const price = (n: number) => marketData("BTCUSDT", String(n));
    await publisher.store([price(1)]);
    await pause(600); // The price was noticed.
    gateway.signal("SIGSTOP");
    const answers: Promise<unknown>[] = [];
    try {
      for (let n = 2; n < 10; n++) {
        answers.push(way === "HTTP" ? api.publish(price(n)) : publisher.store([price(n)]));
        await pause(PAUSE_MS / 8);
      }
    } finally {
      gateway.signal("SIGCONT");
    }
    await Promise.all(answers);
    // Longer than judging waits, and within the age of the last price.
    await pause(1_500);
    assert.ok(!gateway.output.text.includes("STALE_CHANNEL"), gateway.output.text);
    // What is silent afterwards is stale as ever.
    await gateway.log("stale", (line) => JSON.stringify(line).includes("STALE_CHANNEL"));
  });
}
