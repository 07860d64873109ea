/**
 * The thread of a store ends by itself: another goes on, and the file says what was stored.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Durability } from "../../../../actors/store/sqlite/epoch.ts";
import { STORE_FILE } from "../../../../actors/store/sqlite/database.ts";
import { SqliteStore } from "../../../../actors/store/sqlite/sqlite_store.ts";
import { DIE_AFTER, DIE_BEFORE, DIE_IDLE } from "../../../support/mortal_keys.ts";
import {
  codeOf,
  event,
  events,
  everything,
  identity,
  retainAll,
  seqs,
  sqliteOptions,
  STORE_EPOCH,
  TempDir,
} from "../../../support/store_fixture.ts";
import { markerPath } from "../../../../actors/store/sqlite/file_guard.ts";
import { quietTests } from "../../../support/quiet_tests.ts";
import { waitUntil } from "../../../support/wait.ts";

const THREAD = new URL("../../../support/mortal_engine_worker.ts", import.meta.url);

/** A store whose thread can be ended, and why its threads were lost. */
async function openMortal(directory: string, durability: Durability, bootId = "") {
  const lost: string[] = [];
  const store = await SqliteStore.open(sqliteOptions(directory, {
    durability,
    bootId,
    threadModule: THREAD,
    onThreadLost: (why) => lost.push(why.message),
  }));
  return { store, lost };
}

/** What the file holds in its next life. */
async function reopened(directory: string) {
  const store = await SqliteStore.open(sqliteOptions(directory));
  const kept = seqs(await store.read("positions", 0, 99));
  const { clean } = store.report;
  await store.close();
  return { kept, clean };
}

quietTests(import.meta.url, "a store survives the loss of its thread", () => {
  for (const durability of ["process", "power"] as const) {
    Deno.test(`${durability}: a thread that ends before a commit stored nothing, and the next commit is taken`, async () => {
      using directory = new TempDir();
      const { store, lost } = await openMortal(directory.path, durability);
      await store.commit(events("positions", 1, 2));
      const { epoch } = store.head("positions");
      const batch = [event("positions", 3, DIE_BEFORE), event("risk-alerts", 1)];
      assert.equal(await codeOf(store.commit(batch, [identity("positions", 3)])), "lost");
      assert.deepEqual(store.head("positions"), { epoch, seq: 2 });
      assert.match(lost.join(), /ended before the commit/);

      await store.commit(events("positions", 3, 4));
      assert.deepEqual(seqs(await store.read("positions", 0, 9)), [1, 2, 3, 4]);
      const { channels, identities } = await store.restore(everything());
      assert.equal(channels.get("positions")!.epoch, epoch, "the machine has not stopped");
      assert.deepEqual([channels.get("risk-alerts")!.seq, identities.length], [0, 0]);
      await store.close();
      assert.deepEqual(await reopened(directory.path), { kept: [1, 2, 3, 4], clean: true });
    });

    Deno.test(`${durability}: a commit whose answer was lost is found in the file`, async () => {
      using directory = new TempDir();
      const { store } = await openMortal(directory.path, durability);
      const batch = [event("positions", 1, DIE_AFTER), event("risk-alerts", 1)];
      await store.commit(batch, [identity("positions", 1)]);
      assert.equal(store.head("positions").seq, 1);
      assert.equal(store.head("risk-alerts").seq, 1);
      await store.commit(events("positions", 2, 2));
      assert.deepEqual(seqs(await store.read("positions", 0, 9)), [1, 2]);
      assert.equal((await store.restore(everything())).identities.length, 1);
      await store.close();
      assert.deepEqual(await reopened(directory.path), { kept: [1, 2], clean: true });
    });

    Deno.test(`${durability}: what is called after the end of an idle thread finds another`, async () => {
      using directory = new TempDir();
      const { store, lost } = await openMortal(directory.path, durability);
      for (let seq = 1; seq <= 3; seq++) {
        await store.commit([event("positions", seq, DIE_IDLE)]);
        // Reads, retention and commits that come together share one new thread.
        await waitUntil("the thread ended", async () => {
          const page = store.read("positions", 0, 9);
          await retainAll(store, STORE_EPOCH);
          return { read: seqs(await page), lost: lost.length };
        }, (state) => state.lost === seq);
      }
      assert.deepEqual(seqs(await store.read("positions", 0, 9)), [1, 2, 3]);
      assert.equal(lost.length, 3);
      await store.close();
      assert.deepEqual(await reopened(directory.path), { kept: [1, 2, 3], clean: true });
    });
  }

  Deno.test("a commit that nobody can look for ends the store: no number is given out again", async () => {
    using directory = new TempDir();
    const { store } = await openMortal(directory.path, "process");
    await store.commit(events("positions", 1, 2));
    // What a thread that starts now opens is empty, as if the disk had been taken away.
    for (const suffix of ["", "-wal"]) Deno.removeSync(`${directory.path}/${STORE_FILE}${suffix}`);
    await assert.rejects(store.commit([event("positions", 3, DIE_AFTER)]), {
      code: "lost",
      message: /ended during a commit .*it is gone.* restart the gateway/,
    });
    assert.equal(await codeOf(store.commit(events("positions", 3, 3))), "lost");
    assert.equal(await codeOf(store.read("positions", 0, 9)), "lost");
    await assert.rejects(store.close());
  });

  Deno.test("a new thread does not go on in a database that took the place of the lost one's", async () => {
    using root = new TempDir();
    const [data, old] = [`${root.path}/data`, `${root.path}/old`];
    const first = await SqliteStore.open(sqliteOptions(data));
    await first.commit(events("positions", 1, 3));
    await first.close();
    Deno.copyFileSync(`${data}/${STORE_FILE}`, old);
    const { store } = await openMortal(data, "process");
    await store.commit([event("positions", 4, DIE_IDLE)]);
    Deno.renameSync(old, `${data}/${STORE_FILE}`);
    const code = await waitUntil(
      "the thread ended",
      () => codeOf(store.read("positions", 0, 9).then(() => Promise.reject({ code: "read" }))),
      (code) => code !== "read",
    );
    assert.equal(code, "replaced");
    assert.ok(Deno.statSync(markerPath(`${data}/${STORE_FILE}`)));
    await store.close().catch(() => {});
  });
});
