/**
 * Exhausts the gateway's descriptors and frees them again: whoever is connected is served
 * throughout, and newcomers are let in soon after. A script of its own:
 *
 *     deno run -A tests/chaos/descriptors.ts [--limit 256] [--port 0] [--seconds 75]
 *
 * The gateway is a simulated floor here. Measured events come over a socket that is open before, as
 * nobody can connect to publish meanwhile.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a script talks to whoever runs it
import { parseArgs } from "node:util";
import { CollectorClient } from "../support/collector_client.ts";
import { FAST_HEARTBEATS, GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { isHeartbeat, V1Client } from "../support/v1_client.ts";
import { pause, waitUntil } from "../support/wait.ts";
import { dueMark, HealthyClients } from "./healthy_client.ts";
import { type Check, conclude, openDescriptors } from "./process_facts.ts";

/** How soon newcomers have to be let in once descriptors are free. */
const RECOVERY_MS = 6_000;

/** Time between two measured events, in ms. */
const EVENT_PERIOD_MS = 20;

/** How long the clients are measured before, in ms. */
const PEACE_MS = 3_000;

/** Clients that are measured. */
const HEALTHY_CLIENTS = 2;

/** Who is connected at the end: those, the bystander, the publisher and the newcomer. */
const CONNECTED = HEALTHY_CLIENTS + 3;

const { values } = parseArgs({
  options: {
    limit: { type: "string", default: "256" },
    port: { type: "string", default: "0" },
    // Longer than the minute after which a gateway without clients gives up.
    seconds: { type: "string", default: "75" },
  },
});
const limit = Number(values.limit);
const exhaustedMs = Number(values.seconds) * 1_000;
const checks: Check[] = [];
const check = (what: string, holds: boolean) => checks.push({ what, holds });

await using gateway = await GatewayProcess.start({
  descriptors: limit,
  port: Number(values.port),
  env: { ...FAST_HEARTBEATS, TELEMETRY_DEMO: "true" },
});
const { wsUrl, apiKey, port } = gateway;
const channels = ["market-data", "trader-status", "positions"];
await using bystander = await V1Client.connect(wsUrl, { apiKey, channels });
await using publisher = await CollectorClient.connect(wsUrl, { apiKey });
await using healthy = await HealthyClients.start(gateway, {
  clients: HEALTHY_CLIENTS,
  eventsPerSecond: 0,
});

/** Publishes measured events for a while; returns how many were acknowledged. */
async function publishFor(millis: number): Promise<number> {
  const until = performance.now() + millis;
  let acknowledged = 0;
  for (let due = performance.now(); due < until; due += EVENT_PERIOD_MS) {
    await pause(Math.max(0, due - performance.now()));
    const updatedAt = new Date().toISOString();
    const source = dueMark(performance.timeOrigin + due);
    const data = { symbol: "CHAOS", price: "1", source, isSnapshot: false, updatedAt };
    await publisher.store([{ channel: "market-data", data }]);
    acknowledged += 1;
  }
  return acknowledged;
}

const peace = await healthy.measure("in peace", () => publishFor(PEACE_MS));
const before = await openDescriptors(gateway.pid);

const hoard: Deno.Conn[] = [];
let refused = 0;
for (let index = 0; index < limit * 2; index++) {
  try {
    hoard.push(await Deno.connect({ hostname: "127.0.0.1", port }));
  } catch {
    refused++; // The listener is gone for the moment: exactly what is to be provoked.
    await pause(5);
  }
}
await waitUntil(
  "descriptors are used up",
  () => openDescriptors(gateway.pid),
  (open) => open >= limit - 5,
).then(
  () => check(`descriptors used up: ${before} of ${limit} before, then all`, true),
  (error) => check(String(error), false),
);

/** Whether the bystander gets events, heartbeats and answers right now. */
async function isServed(): Promise<boolean> {
  const from = bystander.messages.length;
  try {
    await bystander.heartbeat();
    await bystander.waitFor("a tick", isHeartbeat("server"), { from, withinMs: 5_000 });
    await bystander.waitFor("an event", ({ type }) => type === "event", { from, withinMs: 5_000 });
    return true;
  } catch (error) {
    console.error(String(error).slice(0, 1_000));
    return false;
  }
}

let served = true;
const exhausted = await healthy.measure("exhausted", async () => {
  const until = performance.now() + exhaustedMs;
  const publishing = publishFor(exhaustedMs);
  while (served && performance.now() < until) served = await isServed();
  return await publishing;
});
check(`served while exhausted for ${exhaustedMs} ms (${refused} attempts refused)`, served);
check(
  `healthy p99 ${peace.p99.toFixed(1)} -> ${
    exhausted.p99.toFixed(1)
  } ms, ${exhausted.missing} missing`,
  exhausted.missing === 0 && exhausted.p99 <= Math.max(1.5 * peace.p99, peace.p99 + 10),
);

for (const connection of hoard) connection.close();
const freedAt = performance.now();
try {
  await using newcomer = await waitUntil(
    "a newcomer is let in",
    () => V1Client.connect(wsUrl, { apiKey, withinMs: RECOVERY_MS }),
    () => true,
    { withinMs: RECOVERY_MS },
  );
  await newcomer.heartbeat();
  const tookMs = performance.now() - freedAt;
  check(`let in again ${tookMs.toFixed(0)} ms after descriptors were free`, tookMs <= RECOVERY_MS);
  const api = new HttpApi(gateway);
  const { failures, metrics } = await api.stats();
  check("no actor failed", failures === 0);
  const connected = metrics.activeConnections;
  check(`${CONNECTED} clients are connected: ${connected}`, connected === CONNECTED);
  const losses = (await api.metrics()).value("autotrader_telemetry_listener_losses_total") ?? 0;
  check(`losses of the listener are counted: ${losses}`, losses > 0);
} catch (error) {
  check(String(error).slice(0, 1_000), false);
}
check("served after it", await isServed());
const left = await waitUntil(
  "descriptors are free again",
  () => openDescriptors(gateway.pid),
  (open) => open <= before + 10,
).catch(() => -1);
check(`descriptors are free again: ${left}`, left !== -1);
const { code } = await gateway.stop().catch(() => ({ code: -1 }));
check(`SIGTERM: exit ${code}`, code === 0);
conclude(checks, console.log);
const aboutListener = gateway.logs.filter((line) => /listen/i.test(String(line["message"])));
for (const line of aboutListener) console.log(JSON.stringify(line));
