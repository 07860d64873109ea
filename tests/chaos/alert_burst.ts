/**
 * A burst of alerts while hundreds of subscribers do not read: what it does to those who do.
 *
 *     deno task chaos:burst [--alerts 8000] [--stalled 300] [--readers 10] [--protocol v1] [--late]
 *                           [--heartbeats]
 *
 * The same burst is sent twice, without the stalled clients and with them; the reader's 99th
 * percentile may rise to 1.5 times. With `--late` the readers connect after the stalled clients: unless
 * they send heartbeats, nothing distinguishes them until the kernel's buffers are full, and that check
 * fails (ADR 31).
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a script talks to whoever runs it
import { parseArgs } from "node:util";
import { riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { RawWebSocket } from "../support/raw_websocket.ts";
import { telemetryUrl } from "../support/v1_client.ts";
import { inParallel } from "./bare_connection.ts";
import { dueNow, HealthyClients, type HealthyFigures } from "./healthy_client.ts";
import { type Check, conclude, cpuMillis, residentMebibytes } from "./process_facts.ts";

/** How much the stalled clients may raise a reader's 99th percentile. */
const MAX_RATIO = 1.5;

/** Alerts of one request. */
const BATCH = 500;

const { values } = parseArgs({
  options: {
    alerts: { type: "string", default: "8000" },
    stalled: { type: "string", default: "300" },
    readers: { type: "string", default: "10" },
    protocol: { type: "string", default: "v1" },
    late: { type: "boolean", default: false },
    heartbeats: { type: "boolean", default: false },
  },
});
const protocol = values.protocol === "v2" ? "v2" : "v1";
const rows: (HealthyFigures & Readonly<Record<"RSS MiB" | "CPU s" | "frames sent", number>>)[] = [];
const others: HealthyFigures[] = [];

for (const stalled of [0, Number(values.stalled)]) {
  await using gateway = await GatewayProcess.start({
    env: {
      TELEMETRY_STORE: "sqlite",
      TELEMETRY_MAX_CONNECTIONS_PER_ADDRESS: "1000",
      TELEMETRY_MAX_CONNECTIONS_PER_KEY: "1000",
    },
  });
  const api = new HttpApi(gateway);
  const { url, apiKey } = gateway;
  await using healthy = await HealthyClients.start({ url, apiKey });
  await healthy.measure("warm", 1_000);
  const peers: RawWebSocket[] = [];
  const connectStalled = () =>
    inParallel(stalled, 20, async (index) => {
      const query = { clientId: `stalled-${index}`, channels: ["risk-alerts"] };
      peers.push(
        await RawWebSocket.open(telemetryUrl(gateway.wsUrl, query), {
          headers: { "X-API-Key": apiKey },
          reading: false,
        }),
      );
    });
  if (values.late) await connectStalled();
  await using readers = await HealthyClients.start({ url, apiKey }, {
    clients: Number(values.readers),
    channel: "risk-alerts",
    protocol,
    eventsPerSecond: 0,
    heartbeats: values.heartbeats,
  });
  if (!values.late) await connectStalled();
  const phase = `${stalled} stalled`;
  const cpu = await cpuMillis(gateway.pid);
  const burst = async () => {
    for (let sent = 0; sent < Number(values.alerts); sent += BATCH) {
      await api.publishNdjson(
        Array.from(
          { length: BATCH },
          (_, index) => riskAlert(`a-${sent + index}`, { message: dueNow() }),
        ),
      );
    }
    return Number(values.alerts);
  };
  let figures: HealthyFigures | undefined;
  others.push(
    await healthy.measure(phase, async () => {
      figures = await readers.measure(phase, burst);
    }),
  );
  rows.push({
    ...figures!,
    "RSS MiB": await residentMebibytes(gateway.pid),
    "frames sent": (await api.stats())["channels"]["risk-alerts"].sent,
    "CPU s": (await cpuMillis(gateway.pid) - cpu) / 1_000,
  });
  for (const peer of peers) await peer[Symbol.asyncDispose]();
}
console.log("readers of risk-alerts");
console.table(rows);
console.log("healthy clients of market-data");
console.table(others);
const [without, beside] = rows;
const ratio = beside!.p99 / without!.p99;
const checks: Check[] = [
  {
    what: `p99 × ${ratio.toFixed(2)} with stalled clients`,
    holds: ratio <= MAX_RATIO,
  },
  { what: "every reader got every alert", holds: rows.every(({ missing }) => missing === 0) },
];
conclude(checks, console.log);
