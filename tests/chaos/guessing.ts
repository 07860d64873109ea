/**
 * Floods a gateway with handshakes without a key that end in a reset, lets 200 addresses try keys, and
 * looks what its clients notice and whether somebody with a valid key is let in. A script of its own:
 *
 *     deno run -A tests/chaos/guessing.ts [--rate 5000] [--seconds 10] [--addresses 200]
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a script talks to whoever runs it
import { parseArgs } from "node:util";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { RawWebSocket } from "../support/raw_websocket.ts";
import { pause, waitUntil } from "../support/wait.ts";
import type { AttackReport, AttackRequest } from "./guessing_worker.ts";
import { HealthyClients } from "./healthy_client.ts";
import {
  type Check,
  conclude,
  cpuMillis,
  openDescriptors,
  residentMebibytes,
} from "./process_facts.ts";

/** The longest that somebody with a valid key may wait, in ms; much less than a held answer. */
const NEWCOMER_MS = 500;

/** Time between two newcomers, in ms. */
const NEWCOMERS_EVERY_MS = 250;

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "5000" },
    seconds: { type: "string", default: "10" },
    addresses: { type: "string", default: "200" },
  },
});
const seconds = Number(values.seconds);
const checks: Check[] = [];
const check = (what: string, holds: boolean) => checks.push({ what, holds });

await using gateway = await GatewayProcess.start();
const { pid, port, apiKey, wsUrl } = gateway;

function attack(kind: AttackRequest["kind"]): Promise<AttackReport> {
  const worker = new Worker(new URL("./guessing_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<AttackReport>();
  worker.onmessage = ({ data }: MessageEvent<AttackReport>) => resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(event.message));
  };
  const perSecond = Number(values.rate);
  const addresses = Number(values.addresses);
  const request: AttackRequest = { kind, port, seconds, perSecond, addresses };
  worker.postMessage(request);
  return promise;
}

/** How long each newcomer waited for its welcome, in ms. */
async function welcomeNewcomers(): Promise<number[]> {
  const waits: number[] = [];
  const until = performance.now() + seconds * 1_000;
  while (performance.now() < until) {
    const from = performance.now();
    await using socket = await RawWebSocket.open(`${wsUrl}/ws/telemetry`, {
      headers: { "X-API-Key": apiKey },
    });
    await socket.nextText();
    waits.push(performance.now() - from);
    await pause(NEWCOMERS_EVERY_MS);
  }
  return waits.sort((a, b) => a - b);
}

const healthy = await HealthyClients.start(gateway);
await healthy.measure("warm-up", 1_000);
const peace = await healthy.measure("in peace", 3_000);
const before = { rss: await residentMebibytes(pid), open: await openDescriptors(pid) };
const cpuBefore = await cpuMillis(pid);
const began = performance.now();
let highest = before.rss;
const watching = setInterval(async () => {
  highest = Math.max(highest, await residentMebibytes(pid));
}, 250);
let cpu = 0;
let reports: [AttackReport, AttackReport, number[]] | undefined;
const attacked = await healthy.measure("under attack", async () => {
  reports = await Promise.all([attack("flood"), attack("guess"), welcomeNewcomers()]);
  cpu = (await cpuMillis(pid) - cpuBefore) / (performance.now() - began);
});
clearInterval(watching);
const [flood, guesses, newcomers] = reports!;
for (const { phase, p50, p99, max, ackP99, missing, refused } of [peace, attacked]) {
  console.log(
    `${phase}: healthy p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(1)} ms, ` +
      `acknowledged p99 ${ackP99.toFixed(1)} ms, ${missing} missing, ${refused} refused`,
  );
}
const rate = Math.round(flood.done / seconds);
console.log(`flood: ${flood.done} connections (${rate}/s), ${flood.failed} failed`);
console.log(`guessing: ${guesses.done} answers`, JSON.stringify(guesses.statuses));
const [p50, last] = [newcomers[Math.floor(newcomers.length / 2)]!, newcomers.at(-1)!];
console.log(`newcomers: ${newcomers.length}, p50 ${p50.toFixed(0)}, max ${last.toFixed(0)} ms`);
console.log(`gateway: ${cpu.toFixed(2)} of a core, RSS ${before.rss} -> ${highest} MiB`);
const metrics = await new HttpApi(gateway).metrics();
const shed = metrics.value("autotrader_telemetry_messages_dropped_total");
console.log(`events shed for healthy clients: ${shed}`);
for (const answer of ["at_once", "held", "unheld"]) {
  const count = metrics.value("autotrader_telemetry_wrong_credentials_total", { answer });
  console.log(`wrong credentials answered ${answer}: ${count}`);
}

check(
  `healthy p99 ${peace.p99.toFixed(1)} -> ${
    attacked.p99.toFixed(1)
  } ms, ${attacked.missing} missing`,
  attacked.missing === 0 && attacked.p99 <= peace.p99 + NEWCOMER_MS,
);
check(`newcomers wait ${last.toFixed(0)} ms at most`, last <= NEWCOMER_MS);
check(`RSS grew by ${highest - before.rss} MiB`, highest - before.rss <= 150);
check(
  `no guess was let in`,
  Object.keys(guesses.statuses).every((one) => /401|429|none/.test(one)),
);
// Its publisher keeps connections that it does not need any more.
await healthy[Symbol.asyncDispose]();
const after = await waitUntil(
  "descriptors are free again",
  () => openDescriptors(pid),
  (open) => open <= before.open,
  { withinMs: 10_000 },
).catch(() => openDescriptors(pid));
check(`descriptors ${before.open} -> ${after}`, after <= before.open);
conclude(checks, console.log);
