/**
 * Opens ten thousand connections to a gateway process, ends them all, and checks that nothing of
 * them is left. A script of its own, as it takes a while:
 *
 *     deno run -A tests/chaos/connections_10k.ts [--connections 10000] [--concurrency 100]
 *         [--rounds 1] [--heap-limit MIB] [--timeout 45]
 *
 * Many rounds under `--heap-limit MIB` show whether ended connections are let go: V8 collects late
 * while memory is plentiful, and a heap that only grows proves nothing. The runtime holds a socket
 * that was cut off until its idle timer fires, so what has to fit are the connections that end
 * within `--timeout` seconds, the heartbeat timeout.
 *
 * Both processes need a descriptor for each connection (`ulimit -n`).
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a script talks to whoever runs it
import { parseArgs } from "node:util";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { V1Client } from "../support/v1_client.ts";
import { pause, waitUntil } from "../support/wait.ts";
import { BareConnection, inParallel } from "./bare_connection.ts";
import {
  type Check,
  conclude,
  cpuMillis,
  openDescriptors,
  residentMebibytes,
} from "./process_facts.ts";

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "10000" },
    concurrency: { type: "string", default: "100" },
    rounds: { type: "string", default: "1" },
    "heap-limit": { type: "string" },
    timeout: { type: "string", default: "45" },
  },
});
const total = Number(values.connections);
const concurrency = Number(values.concurrency);
const rounds = Number(values.rounds);
const heapLimit = values["heap-limit"];

interface Row {
  readonly moment: string;
  readonly seconds: number;
  readonly active: number;
  readonly lingering: number;
  readonly "rss MiB": number;
  readonly "heap MiB": number;
  readonly descriptors: number;
  readonly "gateway CPU s": number;
}

await using gateway = await GatewayProcess.start({
  env: {
    ...(heapLimit === undefined ? {} : { DENO_V8_FLAGS: `--max-old-space-size=${heapLimit}` }),
    TELEMETRY_HEARTBEAT_TIMEOUT_SECONDS: values.timeout,
    TELEMETRY_HEARTBEAT_INTERVAL_SECONDS: String(Number(values.timeout) / 3),
    TELEMETRY_MAX_CONNECTIONS: String(total + 100),
    TELEMETRY_MAX_CONNECTIONS_PER_ADDRESS: String(total + 100),
    TELEMETRY_MAX_CONNECTIONS_PER_KEY: String(total + 100),
  },
});
const api = new HttpApi(gateway);
await using bystander = await V1Client.connect(gateway.wsUrl, { apiKey: gateway.apiKey });
const rows: Row[] = [];
const checks: Check[] = [];
let slowestAnswer = 0;
let watching = true;

/** Asks for a sign of life all the time: someone else must be served throughout. */
const watcher = (async () => {
  while (watching) {
    const from = performance.now();
    await bystander.heartbeat();
    slowestAnswer = Math.max(slowestAnswer, performance.now() - from);
    await pause(100);
  }
})().catch((error) => checks.push({ what: String(error).slice(0, 300), holds: false }));

async function note(moment: string, from: number): Promise<void> {
  const seconds = (performance.now() - from) / 1_000;
  const { metrics, lingering } = await api.stats();
  const heap = (await api.metrics()).value("autotrader_telemetry_heap_used_bytes");
  rows.push({
    moment,
    seconds: Number(seconds.toFixed(2)),
    active: metrics.activeConnections,
    lingering,
    "rss MiB": await residentMebibytes(gateway.pid),
    "heap MiB": Math.round((heap ?? NaN) / 1_048_576),
    descriptors: await openDescriptors(gateway.pid),
    "gateway CPU s": await cpuMillis(gateway.pid) / 1_000,
  });
}

await note("started", performance.now());
const descriptorsAtStart = rows[0]!.descriptors;
async function playRound(round: number): Promise<void> {
  const name = rounds === 1 ? "" : ` (${round})`;
  const connections: BareConnection[] = new Array(total);
  let from = performance.now();
  await inParallel(total, concurrency, async (index) => {
    connections[index] = await BareConnection.open(
      gateway.port,
      gateway.apiKey,
      `c-${round}-${index}`,
    );
  });
  await waitUntil(
    "all are open",
    () => api.stats(),
    ({ metrics }) => metrics.activeConnections === total + 1,
    { everyMs: 50 },
  ).catch((error) => console.error(String(error).slice(0, 500)));
  await note(`all open${name}`, from);
  checks.push({ what: `${total} open at once${name}`, holds: rows.at(-1)!.active === total + 1 });

  from = performance.now();
  // Half of them say goodbye, the other half is cut off, as in life.
  await inParallel(total, concurrency, async (index) => {
    if (index % 2 === 0) await connections[index]!.leave();
    else connections[index]!.drop();
  });
  await waitUntil(
    "nothing is left",
    () => api.stats(),
    ({ metrics, lingering }) => metrics.activeConnections === 1 && lingering === 0,
    { withinMs: 60_000, everyMs: 50 },
  ).catch((error) => console.error(String(error).slice(0, 500)));
  await note(`all closed${name}`, from);
  const { active, lingering } = rows.at(-1)!;
  checks.push({ what: `registry empty but for the bystander${name}`, holds: active === 1 });
  checks.push({ what: `nothing lingers${name}`, holds: lingering === 0 });
}

try {
  for (let round = 1; round <= rounds; round++) await playRound(round);
} catch (error) {
  checks.push({ what: String(error).slice(0, 300), holds: false });
  console.error(gateway.output.text.slice(-1_000));
}
watching = false;
await watcher;
const idleFrom = await cpuMillis(gateway.pid);
await pause(2_000); // long enough for the clock ticks of /proc to mean something
const idle = (await cpuMillis(gateway.pid) - idleFrom) / 2_000;
await note("two seconds later", performance.now());
const { failures, connecting } = await api.stats();
checks.push({
  what: "descriptors are back to where they were",
  holds: rows.at(-1)!.descriptors <= descriptorsAtStart + 5,
});
checks.push({ what: "no actor failed", holds: failures === 0 });
checks.push({ what: "no handshake is pending", holds: connecting === 0 });
checks.push({ what: `idle: ${(idle * 100).toFixed(1)} % of a core`, holds: idle < 0.1 });
checks.push({
  what: `the bystander was served: slowest answer ${slowestAnswer.toFixed(0)} ms`,
  holds: slowestAnswer < 2_000,
});
const { code, tookMs } = await gateway.stop();
checks.push({ what: `SIGTERM: exit ${code} after ${tookMs.toFixed(0)} ms`, holds: code === 0 });
console.table(rows);
conclude(checks, console.log);
