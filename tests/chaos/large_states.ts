/**
 * Thousands of keys with large states: what a publisher can make the gateway hold, now and after
 * every start.
 *
 *     deno task chaos:states [--keys 8000] [--characters 4000] [--limit-mib 400]
 *
 * What is refused has to be refused with `SNAPSHOT_FULL`, and every accepted state has to be there
 * after the restart.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a script talks to whoever runs it
import { parseArgs } from "node:util";
import { traderStatus } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { HealthyClients, type HealthyFigures } from "./healthy_client.ts";
import { type Check, conclude, residentMebibytes } from "./process_facts.ts";

/** States of one request: their bodies stay well within `maxBodyBytes`. */
const BATCH = 50;

const { values } = parseArgs({
  options: {
    keys: { type: "string", default: "8000" },
    characters: { type: "string", default: "4000" },
    "limit-mib": { type: "string", default: "400" },
  },
});
const limit = Number(values["limit-mib"]);
/** Each character takes two bytes of memory, as the text is beyond Latin-1. */
const fill = "€".repeat(Number(values.characters));
const texts = { name: fill, exchange: fill, strategy: fill, reason: fill };
const dataDir = await Deno.makeTempDir({ prefix: "large_states_" });
const env = { TELEMETRY_STORE: "sqlite", TELEMETRY_DATA_DIR: dataDir };
const memory: { readonly moment: string; readonly "RSS MiB": number }[] = [];
const others: HealthyFigures[] = [];
const checks: Check[] = [];
let accepted = 0;

async function note(gateway: GatewayProcess, moment: string): Promise<number> {
  const rss = await residentMebibytes(gateway.pid);
  memory.push({ moment, "RSS MiB": rss });
  return rss;
}

/** Publishes as many states as are taken. */
async function attack(api: HttpApi): Promise<void> {
  for (let first = 0; first < Number(values.keys); first += BATCH) {
    const states = Array.from(
      { length: BATCH },
      (_, index) => traderStatus(`t-${first + index}`, texts),
    );
    const { status, text } = await api.post(states);
    if (status === 202) accepted += BATCH;
    // Refused batches are faulty ones, of which only so many bytes a second are read.
    else if (status !== 429 && (status !== 422 || !text.includes("SNAPSHOT_FULL"))) {
      throw new Error(`${status} ${text.slice(0, 500)}`);
    }
  }
}

try {
  {
    await using gateway = await GatewayProcess.start({ env });
    const api = new HttpApi(gateway);
    await using healthy = await HealthyClients.start(gateway);
    others.push(await healthy.measure("idle", 2_000));
    await note(gateway, "idle");
    others.push(await healthy.measure("large states", () => attack(api)));
    const rss = await note(gateway, `after ${accepted} accepted states`);
    checks.push({ what: `${rss} MiB after the attack`, holds: rss <= limit });
    await gateway.stop();
  }
  await using gateway = await GatewayProcess.start({ env, withinMs: 60_000 });
  const rss = await note(gateway, "after a restart");
  checks.push({ what: `${rss} MiB after a restart`, holds: rss <= limit });
  const { channels } = await new HttpApi(gateway).stats();
  const kept = channels["trader-status"].snapshotSize;
  checks.push({ what: `${kept} of ${accepted} states are there`, holds: kept === accepted });
  await using healthy = await HealthyClients.start(gateway);
  others.push(await healthy.measure("after a restart", 2_000));
} finally {
  await Deno.remove(dataDir, { recursive: true });
}
console.table(memory);
console.log("healthy clients of market-data");
console.table(others);
conclude(checks, console.log);
