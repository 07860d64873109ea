/**
 * Many clients through restarts, drains and cuts while events flow. In the end every table is the
 * gateway's snapshot, every log is contiguous, and every resynchronisation has its reason.
 *
 * The suite runs a short form; `deno task chaos:client` the long one.
 *
 * @module
 */
import assert from "node:assert/strict";
import { connect, type Filter, type Gateway, type Table } from "../../protocol/client/mod.ts";
import { HttpApi } from "../support/http_api.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { TABLES, type Truth } from "../support/v2_audit.ts";
import { isWanted } from "../support/v2_filter.ts";
import { pause, waitUntil } from "../support/wait.ts";
import { askForTruth, auditAlerts } from "./resume_audit.ts";
import { GatewayLives } from "./resume_gateway.ts";
import { Publishers, SYMBOLS, TRADERS } from "./resume_publishers.ts";

const CLIENTS = Number(Deno.env.get("TELEMETRY_TEST_CLIENTS") ?? 20);
const LIVES = Number(Deno.env.get("TELEMETRY_TEST_CLIENT_LIVES") ?? 3);

/** How long a gateway lives, on average, in ms, and how often connections are cut meanwhile. */
const LIFE_MS = 2_000;
const CUT_EVERY_MS = 300;

/** Part of the ends of connections that one cut hits. */
const CUT_PART = 0.05;

/** What tables are filtered by, one after another. */
const FILTERS: readonly (Filter | undefined)[] = [
  undefined,
  { symbols: SYMBOLS.slice(0, 5) },
  { traderIds: TRADERS.slice(0, 10) },
];

/** A client with two tables of each channel, and a log. */
class Watcher {
  /** Reasons of resynchronisations, by how often. */
  readonly resyncs: Record<string, number> = {};
  /** Numbers of the alerts, in order. */
  readonly alerts: number[] = [];
  /** Why connections were lost, by how often. */
  readonly losses: Record<string, number> = {};
  /** What ended the log. */
  ended: unknown;
  readonly #gateway: Gateway;
  readonly #tables: { readonly table: Table<"positions">; readonly filter: Filter | undefined }[];

  /** Connects. */
  constructor(index: number, port: number, key: string) {
    this.#gateway = connect({ url: `ws://127.0.0.1:${port}`, key, clientId: `watcher-${index}` });
    this.#gateway.on("state", (state) => {
      if (state.status === "waiting") count(this.losses, state.why.code);
    });
    this.#tables = TABLES.flatMap((channel) =>
      [undefined, FILTERS[index % FILTERS.length]].map((filter) => {
        const conflate = index % 2 === 0;
        const options = { conflate, ...(filter && { filter }) };
        // The channels differ in their data, which is compared as it is.
        const table = this.#gateway.table(channel as "positions", options);
        table.on("resync", ({ reason }) => count(this.resyncs, reason));
        return { table, filter };
      })
    );
    this.#read();
  }

  /** What is not at the head yet. */
  lag(heads: Readonly<Record<string, number>>): string[] {
    const behind = this.#tables.filter(({ table }) => table.place?.seq !== heads[table.channel])
      .map(({ table }) => `${table.channel} at ${table.place?.seq} of ${heads[table.channel]}`);
    const last = this.alerts.at(-1);
    return last === heads["risk-alerts"] ? behind : [...behind, `alerts at ${last}`];
  }

  /** What is wrong, in words. */
  audit(truth: Truth): string[] {
    const faults = this.#tables.flatMap(({ table, filter }) => auditTable(table, filter, truth));
    const hole = this.alerts.findIndex((seq, at) => at > 0 && seq !== this.alerts[at - 1]! + 1);
    if (hole !== -1) faults.push(`alert ${this.alerts[hole]} after ${this.alerts[hole - 1]}`);
    if (this.ended !== undefined) faults.push(String(this.ended));
    return faults;
  }

  /** Ends it. */
  close(): void {
    this.#gateway.close();
  }

  async #read(): Promise<void> {
    try {
      for await (const { seq } of this.#gateway.log("risk-alerts")) this.alerts.push(seq);
    } catch (error) {
      this.ended = error;
    }
  }
}

function auditTable(
  table: Table<"positions">,
  filter: Filter | undefined,
  { tables, epochs }: Truth,
): string[] {
  const { channel } = table;
  const expected = [...tables.get(channel)!].filter(([, { data }]) =>
    isWanted(filter, channel, data)
  );
  const texts = (rows: Iterable<[string, unknown]>) =>
    [...rows].map(([id, data]) => `${id} ${JSON.stringify(data)}`).sort();
  const faults: string[] = [];
  const [shown, wanted] = [
    texts(table),
    texts(expected.map(([id, { data }]) => [id, data] as [string, unknown])),
  ];
  if (JSON.stringify(shown) !== JSON.stringify(wanted)) {
    const wrong = shown.filter((row) => !wanted.includes(row));
    const absent = wanted.filter((row) => !shown.includes(row));
    faults.push(
      `${channel}: ${wrong.length} rows are wrong (${wrong[0]}), ${absent.length} absent`,
    );
  }
  if (table.place!.epoch !== epochs[channel]) faults.push(`${channel}: epoch`);
  return faults;
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

function sum(records: readonly Record<string, number>[]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const record of records) {
    for (const [key, value] of Object.entries(record)) all[key] = (all[key] ?? 0) + value;
  }
  return all;
}

Deno.test(`${CLIENTS} clients, ${LIVES} restarts and drains, and cuts: tables are the snapshot, logs are contiguous`, async () => {
  await using lives = await GatewayLives.begin();
  await using proxy = new TcpProxy(Number(new URL(lives.url).port));
  const api = new HttpApi({ url: lives.url, apiKey: lives.apiKey });
  const publishers = new Publishers(api);
  const publishing = publishers.run();
  const { port } = proxy;
  const watchers = Array.from({ length: CLIENTS }, (_, n) => new Watcher(n, port, lives.apiKey));
  const cutting = setInterval(() => proxy.cut(CUT_PART), CUT_EVERY_MS);
  try {
    for (let life = 0; life < LIVES; life++) {
      await pause(LIFE_MS * (0.5 + Math.random()));
      await lives.end(life % 2 === 0 ? "SIGTERM" : "SIGKILL");
      await lives.start();
    }
    clearInterval(cutting);
    await pause(LIFE_MS);
    publishers.stop();
    await publishing;
    const heads = await api.heads();
    await waitUntil(
      "everybody is at the head, or cannot be",
      () => watchers.flatMap((watcher) => watcher.lag(heads)),
      (behind) => behind.length === 0 || watchers.some(({ ended }) => ended !== undefined),
      { withinMs: 60_000, everyMs: 100 },
    );
    const truth = await askForTruth(api);
    auditAlerts(truth, publishers.alerts);
    const faults = watchers.flatMap((watcher, index) =>
      watcher.audit(truth).map((fault) => `client ${index}: ${fault}`)
    );
    const report = {
      clients: CLIENTS,
      gateways: lives.counts,
      published: publishers.counts,
      "alerts in logs": watchers.reduce((all, { alerts }) => all + alerts.length, 0),
      "connections lost": sum(watchers.map(({ losses }) => losses)),
      resynchronisations: sum(watchers.map(({ resyncs }) => resyncs)),
    };
    // deno-lint-ignore no-console -- the counts are asked for
    console.info(Deno.inspect(report, { breakLength: 140 }));
    assert.deepEqual(faults, []);
  } finally {
    clearInterval(cutting);
    publishers.stop();
    for (const watcher of watchers) watcher.close();
    await publishing.catch(() => {});
  }
});
