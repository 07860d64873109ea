/**
 * A start with a million stored events. It takes half a minute and a gigabyte, so that it runs only
 * when `TELEMETRY_TEST_LONG` is set.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createGateway, restoreRequest } from "../../../../actors/gateway.ts";
import type { Logger } from "../../../../actors/ports.ts";
import { SqliteStore } from "../../../../actors/store/sqlite/sqlite_store.ts";
import { systemClock } from "../../../../actors/system_clock.ts";
import { Config } from "../../../../protocol/config.ts";
import { event, identity, sqliteOptions, TempDir } from "../../../support/store_fixture.ts";

/** Events in the store. */
const EVENTS = 1_000_000;

/** Longest time that a start may take, in ms. */
const READY_MILLIS = 5_000;

/** Longest pause of the loop that retention under load may cause, in ms. */
const PAUSE_MILLIS = 20;

const LONG = Deno.env.get("TELEMETRY_TEST_LONG") === "1";
const skipped = LONG ? "" : " (skipped: set TELEMETRY_TEST_LONG=1)";

const CHANNELS = ["market-data", "positions", "trader-status", "risk-alerts"] as const;
const DATA = JSON.stringify({ id: "BTCUSDT", price: "64231.15", fill: "x".repeat(250) });
const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function report(line: string): void {
  // deno-lint-ignore no-console
  console.info(line);
}

async function fill(store: SqliteStore): Promise<void> {
  const timestamp = Date.now();
  for (const channel of CHANNELS) {
    for (let first = 1; first <= EVENTS / CHANNELS.length; first += 1_000) {
      const batch = Array.from({ length: 1_000 }, (_, index) => {
        const seq = first + index;
        return event(channel, seq, `k${seq % 20_000}`, { data: DATA, timestamp });
      });
      const expiresAt = timestamp + 120_000;
      const identities = first > 200_000
        ? batch.map(({ seq }) => identity(channel, seq, { expiresAt }))
        : [];
      await store.commit(batch, identities);
    }
  }
}

/** Stops a store as SIGKILL does: copies its files as they are. */
function copyOpen(from: string, to: string): void {
  for (const { name } of Deno.readDirSync(from)) {
    Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
}

Deno.test({
  name: `a start with ${EVENTS.toLocaleString("en")} events takes at most ${READY_MILLIS} ms` +
    skipped,
  ignore: !LONG,
  fn: async () => {
    using clean = new TempDir();
    using killed = new TempDir();
    const store = await SqliteStore.open(sqliteOptions(clean.path));
    await fill(store);
    copyOpen(clean.path, killed.path);
    await store.close();
    const config = Config.parse({});
    for (const durability of ["process", "power"] as const) {
      for (const [stop, { path }] of [["clean", clean], ["unclean", killed]] as const) {
        using copy = new TempDir();
        copyOpen(path, copy.path);
        const startedAt = performance.now();
        const again = await SqliteStore.open(sqliteOptions(copy.path, { durability }));
        const openedAt = performance.now();
        const restored = await again.restore(restoreRequest(config, systemClock));
        const restoredAt = performance.now();
        const gateway = createGateway(config, systemClock, SILENT, again, restored);
        const millis = performance.now() - startedAt;
        gateway.hub.stop();
        const phases = [
          openedAt - startedAt,
          restoredAt - openedAt,
          performance.now() - restoredAt,
        ];
        const rss = Deno.memoryUsage().rss >> 20;
        report(
          `${durability}, ${stop}: ready in ${millis.toFixed(0)} ms (open, restore, build: ${
            phases.map((phase) => phase.toFixed(0)).join(", ")
          }); RSS ${rss} MiB`,
        );
        assert.equal(again.report.clean, stop === "clean");
        assert.equal(gateway.hub.stats().channels["positions"].head, EVENTS / CHANNELS.length);
        assert.ok(millis <= READY_MILLIS, `${millis} ms`);
        await again.close();
      }
    }
  },
});

Deno.test({
  name: `retention of a million events under load pauses the loop for at most ${PAUSE_MILLIS} ms` +
    skipped,
  ignore: !LONG,
  fn: async () => {
    using directory = new TempDir();
    const filled = await SqliteStore.open(sqliteOptions(directory.path));
    await fill(filled);
    await filled.close();
    const retention = { events: 10_000, millis: 1e12 };
    const store = await SqliteStore.open(sqliteOptions(directory.path, { retention }));
    const steps: number[] = [];
    const commits: number[] = [];
    const timed = async (into: number[], work: () => Promise<unknown>) => {
      const startedAt = performance.now();
      await work();
      into.push(performance.now() - startedAt);
    };
    const over = () => CHANNELS.some((name) => store.oldest(name) + 11_000 < store.head(name).seq);
    while (over()) {
      const { seq } = store.head("market-data");
      const batch = Array.from(
        { length: 50 },
        (_, i) => event("market-data", seq + 1 + i, `k${i}`),
      );
      await timed(commits, () => store.commit(batch));
      await timed(steps, () => store.retain(Date.now()));
    }
    for (const [what, times] of [["steps", steps], ["commits", commits]] as const) {
      times.sort((a, b) => a - b);
      const at = (share: number) => times[Math.floor((times.length - 1) * share)]!.toFixed(2);
      report(`${times.length} ${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)}, max ${at(1)}`);
    }
    assert.ok(steps.at(-1)! < PAUSE_MILLIS, `${steps.at(-1)} ms`);
    await store.close();
  },
});
