import assert from "node:assert/strict";
import {
  type AuditEntry,
  MAX_AUDIT_TEXT,
  type UnnumberedRecord,
} from "../../../actors/audit/audit_log.ts";
import {
  AUDIT_RETRY_MILLIS,
  AuditRecorder,
  MAX_WAITING_ROWS,
} from "../../../actors/audit/audit_recorder.ts";
import type { AuditStore } from "../../../actors/audit/audit_store.ts";
import { MemoryAuditStore } from "../../../actors/audit/memory_audit_store.ts";
import { RecordingLogger } from "../../support/fake_gateway.ts";
import { TEST_EPOCH, TestClock } from "../../support/test_clock.ts";

const ENTRY: AuditEntry = {
  act: "disconnect",
  principal: "ops",
  secretId: "0a1b2c3d",
  address: "10.0.0.1",
  object: "desk-7",
  details: { reason: "maintenance", connections: 2, until: undefined },
};

/** A store that can be told to fail, and that answers when the test lets it. */
class TroubledStore implements AuditStore {
  readonly outlivesProcess = true;
  readonly batches: (readonly UnnumberedRecord[])[] = [];
  failing = false;

  append(records: readonly UnnumberedRecord[]): Promise<void> {
    if (this.failing) return Promise.reject(new Error("disk full"));
    this.batches.push(records);
    return Promise.resolve();
  }

  page() {
    return Promise.resolve([]);
  }
}

function recorder<Store extends AuditStore>(store: Store) {
  const clock = new TestClock();
  const log = new RecordingLogger();
  return { clock, log, store, recorder: new AuditRecorder(clock, log, store) };
}

Deno.test("an act is a line of the log at once, and a row with everything that is known", async () => {
  const { clock, log, store, recorder: audit } = recorder(new MemoryAuditStore());
  audit.record(ENTRY);
  const known = {
    act: "disconnect",
    principal: "ops",
    secretId: "0a1b2c3d",
    address: "10.0.0.1",
    object: "desk-7",
    details: { reason: "maintenance", connections: "2" },
  };
  assert.deepEqual(log.lines, [{ level: "info", message: "audit", properties: known }]);
  await clock.advanceAsync(0);
  const at = new Date(TEST_EPOCH).toISOString();
  assert.deepEqual(await store.page({ limit: 10 }), [{ id: 1, at, ...known }]);
});

Deno.test("what is not known of an act is left out", async () => {
  const { clock, store, recorder: audit } = recorder(new MemoryAuditStore());
  audit.record({ act: "epoch_rotate", principal: "command-line", object: "store" });
  await clock.advanceAsync(0);
  const [row] = await store.page({ limit: 1 });
  assert.deepEqual(Object.keys(row!), ["id", "at", "act", "principal", "object"]);
});

Deno.test("texts are cut, and half a character is no reason to lose a row", async () => {
  const { clock, store, recorder: audit } = recorder(new MemoryAuditStore());
  audit.record({ ...ENTRY, object: "x".repeat(5_000), details: { reason: "\ud800" } });
  await clock.advanceAsync(0);
  const [row] = await store.page({ limit: 1 });
  assert.equal(row!.object, `${"x".repeat(MAX_AUDIT_TEXT)}…`);
  assert.deepEqual(row!.details, { reason: "\ufffd" });
});

Deno.test("rows wait for a store in trouble, in order, and one line says so", async () => {
  const { clock, log, store, recorder: audit } = recorder(new TroubledStore());
  store.failing = true;
  for (const object of ["a", "b", "c"]) {
    audit.record({ ...ENTRY, object });
    await clock.advanceAsync(AUDIT_RETRY_MILLIS * 2);
  }
  assert.equal(log.lines.filter(({ level }) => level === "error").length, 1);
  store.failing = false;
  await clock.advanceAsync(AUDIT_RETRY_MILLIS);
  assert.deepEqual(store.batches.flat().map(({ object }) => object), ["a", "b", "c"]);
  assert.equal(log.find({ message: "the audit is kept again" }).length, 1);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("the rows that wait are bounded; what comes beyond is a line and a fault of its own", async () => {
  const { clock, log, store, recorder: audit } = recorder(new TroubledStore());
  store.failing = true;
  for (let i = 0; i < MAX_WAITING_ROWS + 2; i++) audit.record(ENTRY);
  assert.equal(log.find({ message: "audit" }).length, MAX_WAITING_ROWS + 2);
  const lost = log.lines.filter(({ message }) => message.startsWith("the audit keeps no row"));
  assert.equal(lost.length, 2);
  store.failing = false;
  await clock.advanceAsync(AUDIT_RETRY_MILLIS);
  assert.equal(store.batches.flat().length, MAX_WAITING_ROWS);
});

Deno.test("stopping waits for rows under way and tries once more what waits", async () => {
  const { clock, store, recorder: audit } = recorder(new TroubledStore());
  store.failing = true;
  audit.record(ENTRY);
  await clock.advanceAsync(0);
  store.failing = false;
  await audit.stop();
  assert.equal(store.batches.flat().length, 1);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("stopping says how many rows a store in trouble has not taken", async () => {
  const { clock, log, store, recorder: audit } = recorder(new TroubledStore());
  store.failing = true;
  audit.record(ENTRY);
  await audit.stop();
  assert.equal(log.lines.at(-1)!.properties["rows"], 1);
  assert.equal(clock.pendingTimers, 0);
});
