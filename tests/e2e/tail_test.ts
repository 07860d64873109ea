/**
 * `deno task tail` shows a person what happens.
 *
 * @module
 */
import assert from "node:assert/strict";
import { marketData } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";

Deno.test("tail prints the replay, then events as they come, and ends when the gateway does", async () => {
  await using gateway = await GatewayProcess.start();
  const api = new HttpApi(gateway);
  await api.publish([marketData("BTCUSDT", "1.5")]);
  const tail = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "main.ts", "tail", "market-data", "--replay", "--url", gateway.url],
    env: { TELEMETRY_API_KEY: gateway.apiKey, NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines = tail.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let shown = "";
  const until = async (pattern: RegExp) => {
    while (!pattern.test(shown)) {
      const { value, done } = await lines.read();
      assert.equal(done, false, `ended before ${pattern}: ${shown}`);
      shown += value;
    }
  };
  await until(/replay market-data #1 .*"price":"1\.5"/);
  await api.publish([marketData("BTCUSDT", "1.6")]);
  await until(/ market-data #2 .*"price":"1\.6"/);
  assert.equal(shown.includes(gateway.apiKey), false);
  await gateway.stop();
  await lines.cancel();
  const errors = await new Response(tail.stderr).text();
  assert.match(errors, /^error: connection closed: 1001/);
  assert.equal((await tail.status).code, 69);
});
