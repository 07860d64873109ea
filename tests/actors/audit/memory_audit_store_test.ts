import assert from "node:assert/strict";
import type { UnnumberedRecord } from "../../../actors/audit/audit_log.ts";
import {
  MAX_AUDIT_CHARACTERS,
  MemoryAuditStore,
} from "../../../actors/audit/memory_audit_store.ts";

const row = (object: string, at = "2026-01-01T00:00:00.000Z"): UnnumberedRecord => ({
  at,
  act: "drain",
  principal: "ops",
  object,
});

Deno.test("what a process forgets is bounded in characters, and the oldest goes first", async () => {
  const store = new MemoryAuditStore();
  const text = "x".repeat(MAX_AUDIT_CHARACTERS / 4);
  await store.append([row(`a${text}`), row(`b${text}`), row(`c${text}`), row(`d${text}`)]);
  const kept = await store.page({ limit: 10 });
  assert.deepEqual(kept.map(({ object }) => object[0]), ["d", "c", "b"]);
  assert.equal(store.outlivesProcess, false);
});
