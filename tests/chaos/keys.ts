/**
 * Revokes, rotates and narrows keys under a thousand live connections, and looks how long the last of
 * them lives, and what the clients of other keys notice:
 *
 *     deno run -A tests/chaos/keys.ts [--connections 1000]
 *
 * Both processes need a descriptor for each connection (`ulimit -n`).
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a script talks to whoever runs it
import { join } from "node:path";
import { parseArgs } from "node:util";
import { digestOfSecret } from "../../routes/auth/api_keys.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { RawWebSocket } from "../support/raw_websocket.ts";
import { TempDir } from "../support/store_fixture.ts";
import { pause } from "../support/wait.ts";
import { inParallel } from "./bare_connection.ts";
import { HealthyClients } from "./healthy_client.ts";
import { type Check, conclude } from "./process_facts.ts";

/** By when the last connection must have ended or lost its channel, in ms. */
const MAX_MILLIS = 1_000;

/** How far the p99 of other clients may be above that of phases without a change, in ms. */
const MAX_P99_MILLIS = 100;

const { values } = parseArgs({ options: { connections: { type: "string", default: "1000" } } });
const total = Number(values.connections);

using directory = new TempDir();
const file = join(directory.path, "keys.json");

/** Puts keys in place of those before. @returns When that was done. */
async function write(...keys: readonly unknown[]): Promise<number> {
  await Deno.writeTextFile(`${file}.tmp`, JSON.stringify({ version: 1, keys }), { mode: 0o600 });
  await Deno.rename(`${file}.tmp`, file);
  return performance.now();
}

function key(name: string, secrets: readonly string[], rights: Record<string, unknown> = {}) {
  const digests = secrets.map((secret) => ({ sha256: digestOfSecret(secret).toString("hex") }));
  return { name, scopes: ["subscribe"], ...rights, secrets: digests };
}

/** Connections, to channels on which nothing happens, that take note of what they lose. */
class Crowd implements AsyncDisposable {
  readonly #sockets: RawWebSocket[] = [];
  /** When each was told that its channel is lost. */
  readonly narrowed: number[] = [];
  /** When each ended, by its code. */
  readonly ended = new Map<number, number[]>();

  static async connect(gateway: GatewayProcess, secrets: readonly string[]): Promise<Crowd> {
    const crowd = new Crowd();
    await inParallel(total, 50, async (at) => {
      const url = `${gateway.wsUrl}/ws/telemetry?channels=positions,risk-alerts&clientId=c${at}`;
      const socket = await RawWebSocket.open(url, {
        protocols: ["telemetry.v2"],
        headers: { "X-API-Key": secrets[at % secrets.length]! },
        onText: (text, atMs) => {
          if (text.includes('"scope_changed"')) crowd.narrowed.push(atMs);
        },
      });
      crowd.#sockets.push(socket);
      socket.closed.then(({ code, atMs }) => {
        const times = crowd.ended.get(code) ?? [];
        crowd.ended.set(code, [...times, atMs]);
      });
    });
    return crowd;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) await socket[Symbol.asyncDispose]();
  }
}

await write(key("crowd", ["revoked-1"]));
await using gateway = await GatewayProcess.start({ env: { TELEMETRY_KEYS_FILE: file } });
await using healthy = await HealthyClients.start(gateway, { protocol: "v2", eventsPerSecond: 100 });
const checks: Check[] = [];
const figures = [await healthy.measure("at rest", 3_000)];
const endings: Record<string, unknown>[] = [];

/** Connects a crowd, changes the keys, and waits for what must happen to how many. */
async function phase(
  name: string,
  before: readonly unknown[],
  secrets: readonly string[],
  after: readonly unknown[],
  expected: number,
  timesOf: (crowd: Crowd) => readonly number[],
): Promise<void> {
  await write(...before);
  await pause(1_000);
  await using crowd = await Crowd.connect(gateway, secrets);
  figures.push(await healthy.measure(`${name}: connected`, 2_000));
  let from = 0;
  figures.push(
    await healthy.measure(name, async () => {
      from = await write(...after);
      await pause(3_000);
    }),
  );
  const times = timesOf(crowd).map((at) => at - from);
  const others = [...crowd.ended.values()].flat().length;
  const lastMs = Math.round(Math.max(...times));
  endings.push({ phase: name, affected: times.length, ended: others, "last ms": lastMs });
  checks.push(
    {
      what: `${name}: ${expected} are affected (${times.length})`,
      holds: times.length === expected,
    },
    { what: `${name}: the last within ${MAX_MILLIS} ms (${lastMs})`, holds: lastMs < MAX_MILLIS },
  );
}

const ended = (crowd: Crowd) => crowd.ended.get(4401) ?? [];
await phase("revoked", [key("crowd", ["one"])], ["one"], [], total, ended);
const both = key("crowd", ["one", "two"]);
await phase("rotated", [both], ["one", "two"], [key("crowd", ["two"])], total / 2, ended);
const narrow = key("crowd", ["one"], { channels: ["risk-alerts"] });
const lost = (crowd: Crowd) => crowd.narrowed;
await phase("narrowed", [key("crowd", ["one"])], ["one"], [narrow], total, lost);

console.table(endings);
console.table(
  figures.map(({ phase, published, missing, p50, p99, max }) => ({
    phase,
    published,
    missing,
    p50: p50.toFixed(1),
    p99: p99.toFixed(1),
    max: max.toFixed(1),
  })),
);
for (const { phase, missing, refused } of figures) {
  checks.push({ what: `${phase}: nothing is lost`, holds: missing === 0 && refused === 0 });
}
/** The worst of the phases in which nothing was changed: what the machine does by itself. */
const calm = Math.max(
  ...figures.filter(({ phase }) => /at rest|connected/.test(phase)).map(({ p99 }) => p99),
);
for (const name of ["revoked", "rotated", "narrowed"]) {
  const p99 = figures.find(({ phase }) => phase === name)!.p99;
  const what = `${name}: p99 of others ${p99.toFixed(1)} ms, undisturbed ${calm.toFixed(1)} ms`;
  checks.push({ what, holds: p99 < calm + MAX_P99_MILLIS });
}
conclude(checks, (line) => console.log(line));
