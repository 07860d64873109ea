/**
 * Starts and retention with a million stored events. They take two minutes and a gigabyte, so that
 * they run only when `TELEMETRY_TEST_LONG` is set.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createGateway, restoreRequest } from "../../../../actors/gateway.ts";
import type { Logger, RestoredStore, RestoreRequest, Store } from "../../../../actors/ports.ts";
import { MemoryStore } from "../../../../actors/store/memory.ts";
import { RetentionTicker } from "../../../../actors/store/retention_ticker.ts";
import { SqliteStore } from "../../../../actors/store/sqlite/sqlite_store.ts";
import { systemClock } from "../../../../actors/system_clock.ts";
import { Config } from "../../../../protocol/config.ts";
import { parseSubmission, type Submission } from "../../../../protocol/publish.ts";
import { GatewayProcess } from "../../../support/gateway_process.ts";
import { LoopPauses, summary } from "../../../support/loop_pauses.ts";
import {
  copyFiles,
  FILLED,
  FILLED_KEYS,
  fillMillion,
  MILLION,
} from "../../../support/million_events.ts";
import { BOOT, seqs, sqliteOptions, TempDir } from "../../../support/store_fixture.ts";
import { pause } from "../../../support/wait.ts";

/** Longest time that a start may take, in ms. */
const READY_MILLIS = 5_000;

/** Longest pause of the loop that a store may cause, in ms. */
const PAUSE_MILLIS = 20;

/** Load during retention. */
const EVENTS_PER_SECOND = 5_000;
const BATCH = 500;
const BATCHES = 150;

/** Events of a page that catches up beyond the ring, and pages read for the figures. */
const PAGE = 256;
const PAGES = 400;

const LONG = Deno.env.get("TELEMETRY_TEST_LONG") === "1";
const skipped = LONG ? "" : " (skipped: set TELEMETRY_TEST_LONG=1)";
const DURABILITIES = ["process", "power"] as const;
const CONFIG = Config.parse({});
const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function report(line: string): void {
  // deno-lint-ignore no-console
  console.info(line);
}

let filled: TempDir | undefined;

/** A directory with a million events of its own; they are made once. */
async function millionEvents(): Promise<TempDir> {
  if (filled === undefined) {
    filled = new TempDir();
    globalThis.addEventListener("unload", () => filled![Symbol.dispose]());
    await fillMillion(filled.path);
  }
  const copy = new TempDir();
  copyFiles(filled.path, copy.path);
  new Deno.Command("sync").outputSync(); // What a copy left to be written is not the store's doing.
  return copy;
}

function residentMiB(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024);
}

for (const durability of DURABILITIES) {
  Deno.test({
    name: `${durability}: a gateway with ${MILLION.toLocaleString("en")} events listens within ` +
      `${READY_MILLIS} ms, also after SIGKILL${skipped}`,
    ignore: !LONG,
    fn: async () => {
      using directory = await millionEvents();
      const env = {
        TELEMETRY_STORE: "sqlite",
        TELEMETRY_STORE_DURABILITY: durability,
        TELEMETRY_DATA_DIR: directory.path,
        TELEMETRY_BOOT_ID: BOOT,
        TELEMETRY_RETENTION_EVENTS: "1000000",
      };
      for (const stop of ["clean stop", "SIGKILL"]) {
        const startedAt = performance.now();
        await using gateway = await GatewayProcess.start({ env });
        const millis = performance.now() - startedAt;
        const line = await gateway.log("store open", ({ message }) => message === "store open");
        const opening = (line["properties"] as Record<string, unknown>)["millis"];
        report(
          `${durability}, after a ${stop}: listens after ${millis.toFixed(0)} ms, ${opening} of ` +
            `them for the store; RSS ${residentMiB(gateway.pid)} MiB`,
        );
        assert.ok(millis <= READY_MILLIS, `${millis} ms`);
        await gateway.stop("SIGKILL");
      }
    },
  });

  Deno.test({
    name:
      `${durability}: retention of a million events under ${EVENTS_PER_SECOND} events/s pauses ` +
      `the loop for at most ${PAUSE_MILLIS} ms${skipped}`,
    ignore: !LONG,
    fn: async () => {
      using directory = await millionEvents();
      const control = new MemoryStore(4_096);
      const without = await load(control, await control.restore(request()));
      const retention = { events: 10_000, millis: 1e12 };
      const options = sqliteOptions(directory.path, { durability, retention });
      const store = await SqliteStore.open(options);
      const times = timeCalls(store, ["commit", "retain"]);
      const { pauses, acks, seconds } = await load(store, await store.restore(request()));
      const kept = FILLED.reduce(
        (sum, name) => sum + 1 + store.head(name).seq - store.oldest(name),
        0,
      );
      const forgotten = MILLION + BATCHES * BATCH - kept;
      report(
        `${durability}: ${BATCHES} × ${BATCH} events in ${seconds.toFixed(1)} s, ${forgotten} ` +
          `forgotten, RSS ${residentMiB(Deno.pid)} MiB`,
      );
      report(summary("pauses of the loop", pauses.all));
      report(summary("without waiting for a core", pauses.own));
      report(summary("the same with the memory store", without.pauses.own));
      report(summary("acknowledgements", acks));
      for (const [name, millis] of times) report(summary(name, millis));
      await store.close();
      assert.ok(forgotten > 0);
      // A busy machine makes the collection of garbage longer than that, with or without a store.
      const allowed = Math.max(PAUSE_MILLIS, 2 * Math.max(...without.pauses.own));
      assert.ok(Math.max(...pauses.own) <= allowed, summary("pauses", pauses.own));
    },
  });

  Deno.test({
    name: `${durability}: pages beyond the ring are read out of a million events${skipped}`,
    ignore: !LONG,
    fn: async () => {
      using directory = await millionEvents();
      const store = await SqliteStore.open(sqliteOptions(directory.path, { durability }));
      const millis: number[] = [];
      const pauses = new LoopPauses();
      pauses.start();
      const { seq } = store.head("risk-alerts");
      for (let page = 0; page < PAGES; page++) {
        const after = Math.floor(page * 7_919 * PAGE % (seq - PAGE));
        const startedAt = performance.now();
        const read = seqs(await store.read("risk-alerts", after, PAGE))!;
        millis.push(performance.now() - startedAt);
        assert.deepEqual([read.length, read[0], read.at(-1)], [PAGE, after + 1, after + PAGE]);
      }
      pauses.stop();
      report(summary(`${durability}: pages of ${PAGE}`, millis));
      report(summary("pauses without waiting for a core", pauses.own));
      await store.close();
    },
  });
}

function request(): RestoreRequest {
  return restoreRequest(CONFIG, systemClock);
}

/** Publishes at an even rate while retention runs; says how the loop fared. */
async function load(store: Store, restored: RestoredStore) {
  const { hub, eventLog } = createGateway(CONFIG, systemClock, SILENT, store, restored);
  const batches = makeBatches(BATCHES);
  await pause(2_000); // What starting and preparing left to be collected.
  const acks: number[] = [];
  const pauses = new LoopPauses();
  const ticker = new RetentionTicker(systemClock, SILENT, store, 1e12);
  pauses.start();
  const startedAt = performance.now();
  await Promise.all(batches.map(async (batch, index) => {
    await pause(index * BATCH * 1_000 / EVENTS_PER_SECOND);
    const sentAt = performance.now();
    await eventLog.append("core", batch);
    acks.push(performance.now() - sentAt);
  }));
  const seconds = (performance.now() - startedAt) / 1_000;
  pauses.stop();
  ticker.stop();
  hub.stop();
  return { pauses, acks, seconds };
}

/** Lets the store tell how long its calls take. */
function timeCalls(store: Store, names: readonly ("commit" | "retain")[]): Map<string, number[]> {
  const times = new Map<string, number[]>();
  for (const name of names) {
    const millis: number[] = [];
    times.set(name, millis);
    const call = store[name].bind(store) as (...args: unknown[]) => Promise<unknown>;
    const timed = async (...args: unknown[]) => {
      const startedAt = performance.now();
      const result = await call(...args);
      millis.push(performance.now() - startedAt);
      return result;
    };
    Object.assign(store, { [name]: timed });
  }
  return times;
}

/** Prices of symbols in no order, as the routes hand them to the log. */
function makeBatches(count: number): Submission[][] {
  return Array.from({ length: count }, (_, batch) =>
    Array.from({ length: BATCH }, (_, index) => {
      const id = `K${(batch * BATCH + index) * 7_919 % FILLED_KEYS}`;
      const data = { id, symbol: "BTCUSDT", price: "64231.15", source: "x", isSnapshot: false };
      const value = { channel: "market-data", eventId: `${batch}-${index}`, data };
      const result = parseSubmission(value, "event", Date.now());
      assert.ok(result.ok);
      return result.submission;
    }));
}
