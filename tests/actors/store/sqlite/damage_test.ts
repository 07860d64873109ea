/**
 * What was stored and is not what was written is found when it is read.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { checksumOf } from "../../../../actors/store/sqlite/checksum.ts";
import { STORE_FILE } from "../../../../actors/store/sqlite/database.ts";
import { type SqliteOptions, SqliteStore } from "../../../../actors/store/sqlite/sqlite_store.ts";
import { readAlerts } from "../../../../actors/log/incident_recovery.ts";
import type { Channel } from "../../../../protocol/channels.ts";
import {
  codeOf,
  event,
  events,
  everything,
  seqs,
  sqliteOptions,
  TempDir,
} from "../../../support/store_fixture.ts";

/** Changes the file of a closed store. */
function edit(directory: string, ...statements: string[]): void {
  const db = new DatabaseSync(`${directory}/${STORE_FILE}`);
  for (const sql of statements) db.exec(sql);
  db.close();
}

/** A store of ten positions and ten alerts of three keys each, closed, with some statements run. */
async function damaged(directory: string, ...statements: string[]): Promise<void> {
  const store = await SqliteStore.open(sqliteOptions(directory));
  await store.commit([...events("positions", 1, 10), ...events("risk-alerts", 1, 10)]);
  await store.close();
  edit(directory, ...statements);
}

async function reopen(directory: string) {
  const found: string[] = [];
  const onDamage: SqliteOptions["onDamage"] = (channel, { seq, lost }) =>
    found.push(`${lost} ${seq} of ${channel}`);
  const store = await SqliteStore.open(sqliteOptions(directory, { onDamage }));
  const { channels } = await store.restore(everything());
  return { store, channels, found };
}

const COLUMNS: Readonly<Record<string, string>> = {
  "a digit of its data": `data = replace(data, '"n":4', '"n":5')`,
  "the JSON of its data": `data = replace(data, '{', 'z')`,
  "its key": "key = 'k9'",
  "its time": "timestamp = timestamp + 1",
  "its time in the payload": "time = '2026'",
  "how it ends its key": "ends = 'closed'",
};

for (const [what, change] of Object.entries(COLUMNS)) {
  Deno.test(`an event of which ${what} has changed is not read, and others are`, async () => {
    using directory = new TempDir();
    await damaged(directory.path, `UPDATE events_positions SET ${change} WHERE seq = 4`);
    const { store, channels, found } = await reopen(directory.path);
    assert.deepEqual(seqs(await store.read("positions", 0, 9)), [1, 2, 3]);
    await assert.rejects(store.read("positions", 3, 5), {
      code: "damaged",
      message: "event 4 of positions is damaged in the store",
    });
    assert.deepEqual(seqs(await store.read("positions", 4, 9)), [5, 6, 7, 8, 9, 10]);
    // A start goes on with what is consecutive up to the head.
    assert.deepEqual(seqs(channels.get("positions")!.events), [5, 6, 7, 8, 9, 10]);
    assert.deepEqual(found, ["event 4 of positions"]);
    await store.close();
  });
}

Deno.test("a damaged latest state is taken from its event, while that is sound", async () => {
  using directory = new TempDir();
  await damaged(directory.path, "UPDATE latest_positions SET data = 'x' WHERE seq = 9");
  const { store, channels, found } = await reopen(directory.path);
  assert.deepEqual(channels.get("positions")!.latest, events("positions", 8, 10));
  assert.deepEqual(found, []);
  await store.close();
});

Deno.test("a latest state of which no copy is sound is left out, and no table before it counts", async () => {
  using directory = new TempDir();
  await damaged(
    directory.path,
    "UPDATE latest_positions SET data = 'x' WHERE seq = 9",
    "UPDATE events_positions SET data = 'x' WHERE seq = 9",
  );
  const { store, channels, found } = await reopen(directory.path);
  const { latest, horizon } = channels.get("positions")!;
  assert.deepEqual(seqs(latest), [8, 10]);
  assert.equal(horizon, 9);
  assert.deepEqual(found, ["event 9 of positions", "state 9 of positions"]);
  await store.close();
});

Deno.test("a start reads incidents up to the first alert that is damaged", async () => {
  using directory = new TempDir();
  await damaged(directory.path, "UPDATE events_risk_alerts SET data = 'x' WHERE seq = 4");
  const { store, channels } = await reopen(directory.path);
  const held = channels.get("risk-alerts")!.events;
  assert.deepEqual(seqs(await readAlerts(store, held)), [5, 6, 7, 8, 9, 10]);
  assert.deepEqual(seqs(await readAlerts(store, held.slice(2))), [7, 8, 9, 10]);
  await store.close();
});

/** Takes the column away, as an earlier version made the tables. */
function withoutChecksums(channels: readonly string[]): string[] {
  return channels.map((table) => `ALTER TABLE ${table} DROP COLUMN checksum`);
}

const TABLES = ["events_positions", "latest_positions", "events_risk_alerts"];

Deno.test("a store of an earlier version opens, is read, and goes back to that version", async () => {
  using directory = new TempDir();
  await damaged(directory.path, ...withoutChecksums(TABLES));
  const { store, channels, found } = await reopen(directory.path);
  assert.equal(store.report.migratedFrom, undefined, "the version of the schema is the same");
  assert.deepEqual(channels.get("positions")!.events, events("positions", 1, 10));
  assert.deepEqual(channels.get("positions")!.latest, events("positions", 8, 10));
  await store.commit([event("positions", 11)]);
  await store.close();
  // What that version runs: it does not know the column.
  const columns = "seq, key, ends, timestamp, time, data";
  edit(
    directory.path,
    `INSERT INTO events_positions (${columns}) VALUES (12, 'k0', NULL, 1, 't', '{}')`,
    `INSERT OR REPLACE INTO latest_positions (${columns}) VALUES (12, 'k0', NULL, 1, 't', '{}')`,
  );
  const again = await reopen(directory.path);
  assert.equal(again.channels.get("positions")!.latest.at(-1)!.data, "{}");
  assert.deepEqual([...found, ...again.found], []);
  await again.store.close();
});

Deno.test("an event of an earlier version is not read when it is no JSON any more", async () => {
  using directory = new TempDir();
  const change = "UPDATE events_positions SET data = replace(data, '{', 'z') WHERE seq = 4";
  await damaged(directory.path, ...withoutChecksums(TABLES), change);
  const { store } = await reopen(directory.path);
  assert.equal(await codeOf(store.read("positions", 3, 9)), "damaged");
  await store.close();
});

Deno.test("property: a flipped bit anywhere in a row changes its checksum", () => {
  const text = fc.string({ minLength: 1 });
  fc.assert(fc.property(text, text, fc.nat(), fc.nat(), (key, data, seq, bit) => {
    const sum = (data: string) => checksumOf(seq, key, null, 1, "t", data);
    const bytes = new TextEncoder().encode(data);
    const at = bit % (bytes.length * 8);
    bytes[at >> 3]! ^= 1 << (at & 7);
    const flipped = new TextDecoder().decode(bytes);
    assert.equal(sum(data) === sum(flipped), data === flipped);
  }));
});

Deno.test("the checksum is that of FNV-1a, and stays the same however often it is computed", () => {
  // Test vectors of http://www.isthe.com/chongo/tech/comp/fnv/: the columns are joined by new lines.
  const reference = (text: string) => {
    let hash = 2_166_136_261n;
    for (const unit of text) hash = (hash ^ BigInt(unit.charCodeAt(0))) * 16_777_619n % 2n ** 32n;
    return Number(hash);
  };
  assert.equal(reference("foobar"), 0xbf9cf968);
  const expected = reference("7\nk\nclosed\n123\nt\n{data}");
  for (let time = 0; time < 100_000; time++) {
    if (checksumOf(7, "k", "closed", 123, "t", "{data}") !== expected) assert.fail(`at ${time}`);
  }
});

Deno.test("what is stored in any channel carries its checksum", async () => {
  using directory = new TempDir();
  const channels: Channel[] = ["positions", "market-data", "trader-status", "risk-alerts"];
  const store = await SqliteStore.open(sqliteOptions(directory.path));
  await store.commit(channels.map((channel) => event(channel, 1, 'ß"\u0000😀')));
  await store.close();
  const db = new DatabaseSync(`${directory.path}/${STORE_FILE}`, { readOnly: true });
  for (const channel of channels) {
    const table = `events_${channel.replace("-", "_")}`;
    assert.equal(typeof db.prepare(`SELECT checksum FROM ${table}`).get()!["checksum"], "number");
  }
  db.close();
});
