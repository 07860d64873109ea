/**
 * What signals do to the process: some end it in order, some mean nothing, none leaves the store open.
 *
 * @module
 */
import assert from "node:assert/strict";
import { marketData } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { RawReader, requestHead, writeAll } from "../support/raw_http.ts";
import { TempDir } from "../support/store_fixture.ts";
import { V1Client } from "../support/v1_client.ts";
import { pause, waitUntil, within } from "../support/wait.ts";

/** A gateway with its store in a directory. */
function stored(directory: string): { readonly env: Record<string, string> } {
  return { env: { TELEMETRY_STORE: "sqlite", TELEMETRY_DATA_DIR: directory } };
}

/** Checks that the store in a directory was closed in order, or never opened. */
async function assertClosedInOrder(directory: string): Promise<void> {
  await using gateway = await GatewayProcess.start(stored(directory));
  const lines = gateway.logs.filter(({ message }) => /unclean|epoch/.test(String(message)));
  assert.deepEqual(lines, []);
}

Deno.test("SIGQUIT ends the gateway in order, as SIGTERM does", async () => {
  await using gateway = await GatewayProcess.start();
  await using client = await V1Client.connect(gateway.wsUrl, { apiKey: gateway.apiKey });
  assert.equal((await gateway.stop("SIGQUIT")).code, 0);
  assert.equal((await client.closed).code, 1001);
});

Deno.test("SIGHUP and SIGUSR2 end nothing", async () => {
  await using gateway = await GatewayProcess.start();
  const api = new HttpApi(gateway);
  gateway.signal("SIGUSR2");
  gateway.signal("SIGHUP");
  await gateway.log("SIGHUP was heard", ({ message }) => /^SIGHUP/.test(String(message)));
  await api.publish(marketData("BTCUSDT", "1"));
  assert.equal((await gateway.stop()).code, 0);
});

Deno.test({
  name: "SIGUSR1 ends nothing",
  // Deno 2.9 takes it to open the inspector, in any case.
  ignore: /^2\.9\./.test(Deno.version.deno),
  fn: async () => {
    await using gateway = await GatewayProcess.start();
    gateway.signal("SIGUSR1");
    await new HttpApi(gateway).publish(marketData("BTCUSDT", "1"));
    assert.equal((await gateway.stop()).code, 0);
  },
});

Deno.test("a signal during the start leaves the store in order, whenever it comes", async () => {
  using directory = new TempDir();
  for (let afterMs = 0; afterMs <= 700; afterMs += 100) {
    const start = GatewayProcess.startAndEnd(stored(directory.path), {
      signal: "SIGTERM",
      afterMs,
    });
    const { code } = await start;
    // Before our code runs, the signal ends the process as it ends any other.
    assert.ok(code === 0 || code === 143, `exit code ${code} after ${afterMs} ms`);
  }
  await assertClosedInOrder(directory.path);
});

Deno.test("a port that is taken leaves the store in order", async () => {
  using directory = new TempDir();
  await using first = await GatewayProcess.start();
  const { env } = stored(directory.path);
  const { code, output } = await GatewayProcess.startAndEnd({ env, port: first.port });
  assert.equal(code, 1, output);
  await assertClosedInOrder(directory.path);
});

Deno.test("the same signal at once counts as one; a later one ends the process now, the store in order", async () => {
  using directory = new TempDir();
  const { env } = stored(directory.path);
  {
    await using gateway = await GatewayProcess.start({
      env: { ...env, TELEMETRY_DRAIN_SECONDS: "60" },
    });
    const { wsUrl, apiKey } = gateway;
    await using stubborn = await V1Client.connect(wsUrl, { apiKey, answersClose: false });
    gateway.signal("SIGTERM");
    gateway.signal("SIGTERM");
    assert.equal((await stubborn.closed).code, 1001);
    await pause(1_100); // What is tested is that it is later than a second.
    const { code, tookMs } = await gateway.stop("SIGTERM");
    assert.equal(code, 143);
    assert.ok(tookMs < 2_000, `${tookMs} ms`);
    assert.equal(gateway.logs.filter(({ message }) => message === "draining").length, 1);
  }
  await assertClosedInOrder(directory.path);
});

Deno.test("while it drains a body is taken, and one that is still arriving near the end gets 503", async () => {
  const drainSeconds = 3;
  await using gateway = await GatewayProcess.start({
    env: { TELEMETRY_DRAIN_SECONDS: String(drainSeconds) },
  });
  const body = new TextEncoder().encode(JSON.stringify(marketData("BTCUSDT", "1")));
  const upload = async () => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: gateway.port });
    const head = requestHead("POST", "/api/v1/telemetry/events", {
      "Host": `127.0.0.1:${gateway.port}`,
      "X-API-Key": gateway.apiKey,
      "Content-Type": "application/json",
      "Content-Length": String(body.length),
    });
    await writeAll(connection, head);
    await writeAll(connection, body.subarray(0, 10));
    return connection;
  };
  using finished = await upload();
  using cut = await upload();
  const api = new HttpApi(gateway);
  await api.publish(marketData("ETHUSDT", "1")); // Both uploads were begun before.
  const from = performance.now();
  gateway.signal("SIGTERM");
  await gateway.log("it drains", ({ message }) => message === "draining");
  await writeAll(finished, body.subarray(10));
  const taken = await within("an answer", new RawReader(finished).head());
  assert.equal(taken.status, 202);
  const reader = new RawReader(cut);
  const refused = await within("an answer", reader.head());
  assert.equal(refused.status, 503);
  assert.equal(JSON.parse(await reader.body(refused.headers)).error.code, "DRAINING");
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  const tookMs = performance.now() - from;
  assert.ok(
    tookMs >= (drainSeconds - 1) * 1_000 - 50 && tookMs < drainSeconds * 1_000,
    `${tookMs}`,
  );
  assert.equal((await gateway.status).code, 0);
  await waitUntil(
    "it has said so",
    () => gateway.logs,
    (logs) => logs.some(({ message }) => message === "stopped"),
  );
});
