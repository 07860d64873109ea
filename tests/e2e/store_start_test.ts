/**
 * A gateway whose store cannot be used says why in one line that says what to do, ends with 1, and
 * leaves the file as it is.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { STORE_FILE } from "../../actors/store/sqlite/database.ts";
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import { riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { MAY_FREEZE, whileFrozen, withoutFreeze } from "../support/small_disk.ts";
import { BOOT, events, sqliteOptions, TempDir } from "../support/store_fixture.ts";

const DURABILITIES = ["process", "power"] as const;

function envOf(directory: string, durability: string): Record<string, string> {
  return {
    TELEMETRY_STORE: "sqlite",
    TELEMETRY_STORE_DURABILITY: durability,
    TELEMETRY_DATA_DIR: directory,
    TELEMETRY_BOOT_ID: BOOT,
  };
}

/** Starts a gateway on a directory in vain, once per durability. */
async function assertRefused(directory: string, advice: RegExp): Promise<void> {
  for (const durability of DURABILITIES) {
    const env = envOf(directory, durability);
    const { code, output } = await GatewayProcess.startAndEnd({ env });
    assert.equal(code, 1, output);
    const lines = output.split("\n").filter((line) => line.trim() !== "");
    assert.equal(lines.length, 1, output);
    assert.ok(lines[0]!.startsWith(`error: ${directory}/${STORE_FILE}`), output);
    assert.match(lines[0]!, advice);
  }
}

/** A store that was closed in order. */
async function makeStore(directory: string): Promise<void> {
  const store = await SqliteStore.open(sqliteOptions(directory));
  await store.commit(events("positions", 1, 2_000, { data: `"${"x".repeat(200)}"` }));
  await store.close();
}

function changeStore(directory: string, sql: string): void {
  const db = new DatabaseSync(`${directory}/${STORE_FILE}`);
  db.exec(sql);
  db.close();
}

/** What makes a file unusable, and what the gateway says about it. */
const BAD: Readonly<Record<string, readonly [make: (directory: string) => unknown, RegExp]>> = {
  "a file that is no database": [
    (directory) => Deno.writeTextFileSync(`${directory}/${STORE_FILE}`, "my notes\n".repeat(900)),
    /is not a store of the telemetry gateway .*move it away, or set TELEMETRY_DATA_DIR/,
  ],
  "the database of another program": [
    (directory) => changeStore(directory, "CREATE TABLE theirs (a)"),
    /is not a store of the telemetry gateway .*move it away, or set TELEMETRY_DATA_DIR/,
  ],
  "a store of a newer version": [
    async (directory) => {
      await makeStore(directory);
      changeStore(directory, "PRAGMA user_version = 99");
    },
    /written by a newer version .*run that version, or set TELEMETRY_DATA_DIR/,
  ],
  "a file that was damaged by an unclean stop": [
    async (directory) => {
      await makeStore(directory);
      changeStore(directory, "UPDATE session SET clean = 0");
      const file = Deno.openSync(`${directory}/${STORE_FILE}`, { write: true });
      file.seekSync(20 * 4_096, Deno.SeekMode.Start);
      file.writeSync(new Uint8Array(60 * 4_096).fill(0x5a));
      file.close();
    },
    /is damaged .*restore a backup and rotate its epoch, or start without it/,
  ],
};

for (const [name, [make, advice]] of Object.entries(BAD)) {
  Deno.test(`${name} stops the start, and stays as it is`, async () => {
    using directory = new TempDir();
    await make(directory.path);
    const before = Deno.readFileSync(`${directory.path}/${STORE_FILE}`);
    await assertRefused(directory.path, advice);
    assert.deepEqual(Deno.readFileSync(`${directory.path}/${STORE_FILE}`), before);
  });
}

Deno.test("a second gateway on the same directory is refused, and the first does not notice", async () => {
  for (const durability of DURABILITIES) {
    using directory = new TempDir();
    await using gateway = await GatewayProcess.start({ env: envOf(directory.path, durability) });
    const api = new HttpApi(gateway);
    await api.publish(riskAlert("1"));
    await assertRefused(directory.path, /in use by another process; stop it, or set TELEMETRY_D/);
    const { last } = await api.publish(riskAlert("2"));
    assert.equal(last["risk-alerts"].seq, 2);
    assert.equal((await gateway.stop()).code, 0);
  }
});

Deno.test({
  name: `a directory that cannot be written stops the start${withoutFreeze}`,
  ignore: !MAY_FREEZE,
  fn: async () => {
    using directory = new TempDir();
    const advice = /cannot be opened, read or written .*see to the disk and to the rights/;
    await whileFrozen([directory.path], () => assertRefused(directory.path, advice));
    await using gateway = await GatewayProcess.start({ env: envOf(directory.path, "process") });
    assert.equal((await gateway.stop()).code, 0);
  },
});
