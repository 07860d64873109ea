/**
 * A store that version 0.1.0 of 2026-11-23 made: it opens, goes on, and what is replayed from it
 * decodes. The file holds its rows as SQL; its comment says how it was made.
 *
 * @module
 */
import assert from "node:assert/strict";
import { acknowledgeAlerts } from "../../../../actors/log/event_log.ts";
import { DatabaseSync } from "node:sqlite";
import { readAlerts } from "../../../../actors/log/incident_recovery.ts";
import { createGateway, restoreRequest } from "../../../../actors/gateway.ts";
import type { StoredEvent } from "../../../../actors/ports.ts";
import { STORE_FILE } from "../../../../actors/store/sqlite/database.ts";
import { SqliteStore } from "../../../../actors/store/sqlite/sqlite_store.ts";
import { RowFilter } from "../../../../actors/stream/row_filter.ts";
import { encodeEventV1, spliceV1, timeInMetaOf } from "../../../../protocol/v1/event_frame.ts";
import { PRODUCT_CHANNELS } from "../../../../protocol/channel_set.ts";
import { CHANNELS } from "../../../../protocol/channels.ts";
import { Config } from "../../../../protocol/config.ts";
import { decodeV1 } from "../../../support/decode_v1.ts";
import { RecordingLogger } from "../../../support/fake_gateway.ts";
import { sqliteOptions, TempDir } from "../../../support/store_fixture.ts";
import { SystemClock } from "../../../../actors/system_clock.ts";

const ROWS = Deno.readTextFileSync(new URL("./fixtures/v0_1_0.sql", import.meta.url));

/** Minutes after the store was closed: its tombstones are young. */
const REOPENED = Date.parse("2026-11-23T12:05:00Z");

const CLOCK = new SystemClock({
  monotonicMillis: () => performance.now(),
  epochMillis: () => REOPENED,
});

/** Makes the store of the earlier version in a directory. */
function makeStore(directory: string): void {
  const db = new DatabaseSync(`${directory}/${STORE_FILE}`);
  try {
    db.exec(ROWS);
  } finally {
    db.close();
  }
}

/** Runs a body with the store of the earlier version, opened by this one. */
async function withStore(body: (store: SqliteStore) => Promise<void>): Promise<void> {
  using directory = new TempDir();
  makeStore(directory.path);
  const store = await SqliteStore.open(sqliteOptions(directory.path, { bootId: "" }));
  try {
    await body(store);
  } finally {
    await store.close();
  }
}

/** What a v1 client decodes of an event that is replayed to it. */
function replayed(event: StoredEvent) {
  const frame = encodeEventV1(
    event,
    "e",
    timeInMetaOf(PRODUCT_CHANNELS.get(event.channel)),
  );
  return frame.text === "" ? undefined : decodeV1(spliceV1(frame, true, 0));
}

Deno.test("the store of an earlier version opens as it is, and its epochs go on", async () => {
  await withStore((store) => {
    assert.equal(store.report.created, false);
    assert.equal(store.report.clean, true);
    assert.equal(store.report.rotated, undefined);
    const heads = CHANNELS.map((channel) => [channel, store.head(channel).seq]);
    assert.deepEqual(Object.fromEntries(heads), {
      "risk-alerts": 4,
      "system-warnings": 2,
      "trader-status": 3,
      "positions": 3,
      "market-data": 2,
    });
    assert.equal(store.head("positions").epoch, "6ae7bf263b27");
    return Promise.resolve();
  });
});

Deno.test("every event of an earlier version decodes when it is restored and when it is read", async () => {
  await withStore(async (store) => {
    const { channels } = await store.restore(restoreRequest(Config.parse({}), CLOCK));
    let decoded = 0;
    for (const channel of CHANNELS) {
      const { events, latest } = channels.get(channel)!;
      const page = await store.read(channel, 0, 100);
      assert.deepEqual(page, events, channel);
      for (const event of [...events, ...latest]) decoded += Number(replayed(event) !== undefined);
    }
    assert.equal(
      decoded,
      23,
      "13 events, the latest of 7 keys and 3 alerts; a removal is not sent",
    );
  });
});

Deno.test("what an earlier version stored means the same as it is read", async () => {
  await withStore(async (store) => {
    const dataOf = async (channel: StoredEvent["channel"], seq: number) => {
      const [event] = await store.read(channel, seq - 1, 1) ?? [];
      return JSON.parse(event!.data);
    };
    const { metrics, updatedAt } = await dataOf("trader-status", 1);
    assert.equal(updatedAt, "2026-11-23T12:00:00.123456789Z");
    assert.equal(metrics.lastSignalAction, "CLOSE");
    assert.equal(metrics.totalLoss, "60.10");
    assert.equal(metrics.averageLoss, "-12.02", "may be negative");
    assert.equal(metrics.closeSignalsExecuted, 2_147_483_647);
    assert.equal(metrics.uptime, "PT36816444S");
    assert.equal(metrics.winRate, 7 / 12);
    const alert = await dataOf("risk-alerts", 1);
    assert.equal(alert.message, 'exposure ":1 of its limit');
    assert.deepEqual(alert.violations[0].details, {
      traderId: "42",
      current: "12.5",
      limit: null,
      final: "true",
      note: "as it is",
    });
    const unknown = await dataOf("risk-alerts", 2);
    assert.equal(unknown.traderId, null);
    assert.equal(unknown.message, 'emergency stop, "traderId": none');
    const warning = await dataOf("system-warnings", 1);
    assert.deepEqual([warning.details.maxAgeSeconds, warning.details.count], ["10", "1"]);
  });
});

Deno.test("a key limited to traders sees what earlier events say, and no removal: whose it was is not noted", async () => {
  await withStore(async (store) => {
    const config = Config.parse({});
    const restored = await store.restore(restoreRequest(config, CLOCK));
    const gateway = createGateway(config, CLOCK, new RecordingLogger(), store, restored);
    const seen = async (channel: StoredEvent["channel"], trader: string) => {
      const limit = new RowFilter(new Set([trader]), false);
      const page = gateway.history.page(channel, { afterSeq: 0, limit: 100 }, limit);
      const { events } = await page.read();
      const snapshot = gateway.history.snapshot(channel, limit).events();
      return [events, snapshot].map((list) => list.map(({ key }) => key));
    };
    try {
      assert.deepEqual(await seen("positions", "42"), [["p1", "p2"], ["p1"]]);
      assert.deepEqual(await seen("positions", "7"), [[], []]);
      assert.deepEqual(await seen("risk-alerts", "7"), [["7:INFO"], ["7:INFO"]]);
    } finally {
      gateway.hub.stop();
    }
  });
});

Deno.test("a gateway goes on from the store of an earlier version, acknowledgements included", async () => {
  await withStore(async (store) => {
    const config = Config.parse({});
    const restored = await store.restore(restoreRequest(config, CLOCK));
    const alerts = await readAlerts(store, restored.channels.get("risk-alerts")!.events);
    const gateway = createGateway(config, CLOCK, new RecordingLogger(), store, restored, alerts);
    try {
      const references = [{ id: "42:WARNING:EXPOSURE" }, { id: "GLOBAL:CRITICAL:EMERGENCY" }];
      const { alerts } = await acknowledgeAlerts(gateway.eventLog, "desk", references);
      assert.deepEqual(alerts.map(({ acknowledgedBy }) => acknowledgedBy), [
        "development",
        "desk",
      ]);
      const [event] = await store.read("risk-alerts", 4, 1) ?? [];
      const message = replayed(event!);
      assert.equal(message?.data?.["status"], "ACKNOWLEDGED");
      assert.equal(message?.data?.["traderId"], null);
    } finally {
      gateway.hub.stop();
    }
  });
});
