/**
 * What every store of the audit does.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { UnnumberedRecord } from "../../actors/audit/audit_log.ts";
import type { AuditStore } from "../../actors/audit/audit_store.ts";
import { MemoryAuditStore } from "../../actors/audit/memory_audit_store.ts";
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import { sqliteOptions, STORE_EPOCH, TempDir } from "../support/store_fixture.ts";

/** Runs a body with an empty store. */
type WithStore = (body: (audit: AuditStore) => Promise<void>) => Promise<void>;

const STORES: Readonly<Record<string, WithStore>> = {
  "memory audit": (body) => body(new MemoryAuditStore()),
  "sqlite audit": async (body) => {
    using directory = new TempDir();
    const store = await SqliteStore.open(sqliteOptions(directory.path));
    try {
      await body(store.audit);
    } finally {
      await store.close();
    }
  },
};

/** An act so many seconds after the beginning. */
function row(object: string, seconds: number): UnnumberedRecord {
  const at = new Date(STORE_EPOCH + seconds * 1_000).toISOString();
  return { at, act: "disconnect", principal: "ops", object };
}

for (const [name, withStore] of Object.entries(STORES)) {
  Deno.test(`${name}: rows come back as they were, numbered, the newest first`, async () => {
    await withStore(async (audit) => {
      const full: UnnumberedRecord = {
        ...row('a "quoted" \u0000 name \u{1F600}', 0),
        secretId: "0a1b2c3d",
        address: "10.0.0.1",
        details: { reason: "calm\ndown", seconds: "60" },
      };
      await audit.append([full, row("b", 1)]);
      await audit.append([row("c", 2)]);
      assert.deepEqual(await audit.page({ limit: 10 }), [
        { id: 3, ...row("c", 2) },
        { id: 2, ...row("b", 1) },
        { id: 1, ...full },
      ]);
    });
  });

  Deno.test(`${name}: pages lead from the newest to the oldest act, and since cuts them off`, async () => {
    await withStore(async (audit) => {
      await audit.append(Array.from({ length: 10 }, (_, n) => row(`${n}`, n)));
      const idsOf = async (query: Parameters<AuditStore["page"]>[0]) =>
        (await audit.page(query)).map(({ id }) => id);
      assert.deepEqual(await idsOf({ limit: 3 }), [10, 9, 8]);
      assert.deepEqual(await idsOf({ limit: 3, before: 8 }), [7, 6, 5]);
      assert.deepEqual(await idsOf({ limit: 9, before: 3 }), [2, 1]);
      assert.deepEqual(await idsOf({ limit: 9, since: STORE_EPOCH + 8_000 }), [10, 9]);
      assert.deepEqual(await idsOf({ limit: 9, since: STORE_EPOCH + 8_001 }), [10]);
      assert.deepEqual(await idsOf({ limit: 9, since: STORE_EPOCH + 8_000, before: 10 }), [9]);
      assert.deepEqual(await idsOf({ limit: 9, before: 1 }), []);
    });
  });
}
