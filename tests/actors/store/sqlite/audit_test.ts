/**
 * The audit in the file of the store: over restarts, in backups, and what is forgotten of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { UnnumberedRecord } from "../../../../actors/audit/audit_log.ts";
import { AUDIT_KEPT_MILLIS, MAX_AUDIT_ROWS } from "../../../../actors/store/audit_limits.ts";
import { auditRetention, AuditTable } from "../../../../actors/store/sqlite/audit_table.ts";
import { createAuditTable } from "../../../../actors/store/sqlite/audit_schema.ts";
import { STORE_FILE } from "../../../../actors/store/sqlite/database.ts";
import { SqliteStore } from "../../../../actors/store/sqlite/sqlite_store.ts";
import {
  events,
  retainAll,
  sqliteOptions,
  STORE_EPOCH,
  TempDir,
} from "../../../support/store_fixture.ts";

const DAY = 86_400_000;

function row(object: string, day = 0): UnnumberedRecord {
  return {
    at: new Date(STORE_EPOCH + day * DAY).toISOString(),
    act: "drain",
    principal: "ops",
    object,
  };
}

async function objectsOf({ audit }: SqliteStore): Promise<string[]> {
  return (await audit.page({ limit: 1_000 })).map(({ object }) => object).reverse();
}

Deno.test("the audit outlives the process, and its numbers go on", async () => {
  using directory = new TempDir();
  const first = await SqliteStore.open(sqliteOptions(directory.path));
  await first.audit.append([row("a"), row("b")]);
  await first.close();
  const second = await SqliteStore.open(sqliteOptions(directory.path));
  await second.audit.append([row("c")]);
  const acts = await second.audit.page({ limit: 10 });
  assert.deepEqual(acts.map(({ id, object }) => [id, object]), [[3, "c"], [2, "b"], [1, "a"]]);
  await second.close();
});

Deno.test("a store of before the audit gets its table, and one with rows is read by a backup", async () => {
  using directory = new TempDir();
  using restored = new TempDir();
  const first = await SqliteStore.open(sqliteOptions(directory.path));
  await first.close();
  const db = new DatabaseSync(`${directory.path}/${STORE_FILE}`);
  db.exec("DROP TABLE audit");
  db.close();
  const store = await SqliteStore.open(sqliteOptions(directory.path));
  await store.commit(events("positions", 1, 3));
  await store.audit.append([row("a"), row("b")]);
  const backup = await store.backup(() => Promise.resolve());
  await store.audit.append([row("later")]);
  const file = Deno.openSync(`${restored.path}/${STORE_FILE}`, { createNew: true, write: true });
  for await (const part of backup.parts()) if (part.kind === "bytes") file.writeSync(part.bytes);
  file.close();
  await store.close();
  const copy = await SqliteStore.open(sqliteOptions(restored.path));
  assert.deepEqual(await objectsOf(copy), ["a", "b"]);
  await copy.close();
});

Deno.test("acts are forgotten after 90 days, together with the events of the store or alone", async () => {
  using directory = new TempDir();
  const store = await SqliteStore.open(sqliteOptions(directory.path));
  await store.audit.append([row("a", 0), row("b", 1), row("c", 50)]);
  await retainAll(store, STORE_EPOCH + AUDIT_KEPT_MILLIS);
  assert.deepEqual(await objectsOf(store), ["a", "b", "c"]);
  await retainAll(store, STORE_EPOCH + AUDIT_KEPT_MILLIS + 1);
  assert.deepEqual(await objectsOf(store), ["b", "c"]);
  await retainAll(store, STORE_EPOCH + 1_000 * DAY);
  assert.deepEqual(
    await objectsOf(store),
    ["c"],
    "the newest stays, so that no number comes twice",
  );
  await store.close();
});

/** Rows of these days, forgotten at a day until nothing is left to do. */
function forget(days: readonly number[], now: number): number[] {
  const db = new DatabaseSync(":memory:");
  try {
    createAuditTable(db);
    const table = new AuditTable(db);
    table.append(days.map((day) => row(`${day}`, day)));
    const step = auditRetention(db);
    while (step(4, STORE_EPOCH + now * DAY) > 0);
    return table.page({ limit: 1_000 }).map(({ object }) => Number(object)).reverse();
  } finally {
    db.close();
  }
}

Deno.test("a clock that was set back deletes no act of today", () => {
  // Yesterday, then the clock says a year ago, then it is right again.
  assert.deepEqual(forget([399, 35, 35, 400], 400), [399, 35, 35, 400]);
});

Deno.test("acts dated in the future hold back nothing that is older than 90 days", () => {
  assert.deepEqual(forget([0, 9_000, 1, 2, 399, 400], 400), [399, 400]);
  assert.deepEqual(forget([9_000, 9_001, 399], 400), [9_000, 9_001, 399]);
});

Deno.test("the number of acts is bounded, in small steps", () => {
  const db = new DatabaseSync(":memory:");
  try {
    createAuditTable(db);
    const table = new AuditTable(db);
    table.append(Array.from({ length: MAX_AUDIT_ROWS + 700 }, (_, n) => row(`${n}`)));
    const step = auditRetention(db);
    assert.deepEqual([step(500, STORE_EPOCH), step(500, STORE_EPOCH), step(500, STORE_EPOCH)], [
      500,
      200,
      0,
    ]);
    const [oldest] = table.page({ limit: 1, before: 702 });
    assert.equal(oldest?.object, "700");
  } finally {
    db.close();
  }
});
