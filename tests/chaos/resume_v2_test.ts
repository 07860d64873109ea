/**
 * Many v2 clients with different wishes, cut off at random while gateways are killed and drained
 * under their publishers. When it is over, every client must be able to account for everything.
 *
 * The suite runs a short form; `deno task chaos:resume` the long one.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CHANNELS } from "../../protocol/channels.ts";
import { HttpApi } from "../support/http_api.ts";
import { sumOf } from "../support/v2_channel_ledger.ts";
import { pause, waitUntil } from "../support/wait.ts";
import { askForTruth, auditAlerts, auditClient } from "./resume_audit.ts";
import { type Endings, RoamingClient } from "./resume_client.ts";
import { GatewayLives } from "./resume_gateway.ts";
import { Publishers } from "./resume_publishers.ts";

const CLIENTS = Number(Deno.env.get("TELEMETRY_TEST_RESUME_CLIENTS") ?? 20);
const SECONDS = Number(Deno.env.get("TELEMETRY_TEST_RESUME_SECONDS") ?? 4);

/** How long a gateway lives in the storm, on average, in ms. */
const LIFE_MS = 1_500;

/** How long publishers go on in the last life, which nobody ends, in ms. */
const LAST_LIFE_MS = 2_000;

const METRICS = "autotrader_telemetry_messages_";

Deno.test(`${CLIENTS} v2 clients, ${SECONDS} s of cuts, kills and drains: everybody can account for everything`, async () => {
  await using lives = await GatewayLives.begin();
  const api = new HttpApi({ url: lives.url, apiKey: lives.apiKey });
  const publishers = new Publishers(api);
  const clients = Array.from({ length: CLIENTS }, (_, index) => new RoamingClient(index, lives));
  const running: Promise<void>[] = [publishers.run(), ...clients.map((client) => client.run())];
  try {
    await lives.storm(performance.now() + SECONDS * 1_000, LIFE_MS);

    // The last life, in which nothing is lost on the way: what was skipped can be compared.
    for (const client of clients) client.calmDown();
    await lives.end("SIGKILL");
    await waitUntil(
      "everybody has noticed",
      () => clients.filter(({ isConnected }) => isConnected).length,
      (connected) => connected === 0,
    );
    const before = skippedBy(clients);
    const endings = endingsOf(clients);
    await lives.start();
    await pause(LAST_LIFE_MS);
    for (const client of clients) client.rest();
    publishers.stop();
    await running[0];
    await waitUntil(
      "everybody is at the head, or has seen what cannot be",
      async () => {
        const heads = await api.heads();
        return clients.flatMap((client) => client.lag(heads));
      },
      (behind) => behind.length === 0 || clients.some(({ isFaulty }) => isFaulty),
      { withinMs: 30_000 },
    );
    assert.deepEqual(
      clients.flatMap(({ ledger, faults }) => [...ledger.violations, ...faults]),
      [],
    );
    const skipped = skippedBy(clients) - before;
    const metrics = await api.metrics();
    const shed = metrics.value(`${METRICS}shed_total`) ?? 0;
    const conflated = metrics.value(`${METRICS}conflated_total`) ?? 0;

    const truth = await askForTruth(api);
    report(clients, publishers, lives, { skipped, shed, conflated, alerts: truth.alerts.length });
    auditAlerts(truth, publishers.alerts);
    const faults = clients.flatMap((client, index) =>
      auditClient(client, truth).map((fault) => `client ${index}: ${fault}`)
    );
    assert.deepEqual(faults, []);
    assert.deepEqual(endingsOf(clients), endings, "a connection of the last life ended");
    assert.equal(skipped, shed + conflated, "skipped, as clients and gateway count it");
  } finally {
    publishers.stop();
    for (const client of clients) client.stop();
    await Promise.allSettled(running);
  }
});

function skippedBy(clients: readonly RoamingClient[]): number {
  return clients.reduce((sum, { ledger }) => sum + ledger.total().skipped, 0);
}

function endingsOf(clients: readonly RoamingClient[]): Endings {
  const sum: Endings = { ...clients[0]!.endings };
  for (const { endings } of clients.slice(1)) {
    for (const key of Object.keys(sum) as (keyof Endings)[]) sum[key] += endings[key];
  }
  return sum;
}

function report(
  clients: readonly RoamingClient[],
  publishers: Publishers,
  lives: GatewayLives,
  last: Readonly<Record<string, number>>,
): void {
  const alerts = clients.reduce(
    (sum, { ledger }) => sum + ledger.of("risk-alerts").delivered.size,
    0,
  );
  const acknowledged = clients.reduce((sum, client) => sum + client.acknowledged, 0);
  const ranges = CHANNELS.map((channel) =>
    clients.reduce((sum, { ledger }) => sum + ledger.of(channel).ranges.length, 0)
  );
  const lines = {
    clients: clients.length,
    gateways: lives.counts,
    published: publishers.counts,
    "connections ended": endingsOf(clients),
    "sums over clients": sumOf(clients.map(({ ledger }) => ledger.total())),
    "lossless events checked": alerts,
    "alerts acknowledged": acknowledged,
    "ranges per channel": ranges,
    "last life": last,
  };
  // deno-lint-ignore no-console -- the counts are asked for
  console.info(Deno.inspect(lines, { breakLength: 140 }));
}
