import assert from "node:assert/strict";
import type { Durability } from "../../../../actors/store/sqlite/epoch.ts";
import { SqliteStore } from "../../../../actors/store/sqlite/sqlite_store.ts";
import { everything, retainAll, sqliteOptions, TempDir } from "../../../support/store_fixture.ts";

/** Kills per durability. The long form of the test sets `TELEMETRY_TEST_KILLS`. */
const KILLS = Number(Deno.env.get("TELEMETRY_TEST_KILLS") ?? 3);

const CHILD = new URL("../../../support/store_child.ts", import.meta.url);

/** Where the repository is, which names the packages to a process that runs elsewhere. */
const CONFIG = new URL("../../../../deno.json", import.meta.url);

/** Runs a committing process and kills it after so many lines; returns the last that it wrote. */
async function commitAndKill(
  directory: string,
  durability: Durability,
  life: string,
  lines: number,
): Promise<{ readonly batch: number; readonly head: number }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--config", CONFIG.pathname, CHILD.href, directory, durability, life],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  let killed = false;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (!killed && text.split("\n").length > lines) {
      child.kill("SIGKILL");
      killed = true;
    }
  }
  await child.status;
  assert.ok(killed, "the child ended by itself");
  // A line that was cut off is no promise.
  const [batch, head] = text.slice(0, text.lastIndexOf("\n")).split("\n").at(-1)!.split(" ");
  return { batch: Number(batch), head: Number(head) };
}

for (const durability of ["process", "power"] as const) {
  Deno.test(`${durability}: ${KILLS} kills at random moments lose no resolved commit and leave no half batch`, async () => {
    using directory = new TempDir();
    let epoch: string | undefined;
    let before = 0;
    for (let kill = 1; kill <= KILLS; kill++) {
      const lines = 1 + Math.floor(Math.random() * 300);
      const life = `life-${kill}`;
      const last = await commitAndKill(directory.path, durability, "one-boot", lines);
      const options = sqliteOptions(directory.path, { durability, bootId: "one-boot" });
      const store = await SqliteStore.open(options);
      assert.equal(store.report.clean, false);
      epoch ??= store.head("positions").epoch;
      assert.equal(store.head("positions").epoch, epoch, life);
      const { seq } = store.head("positions");
      assert.equal(store.head("risk-alerts").seq, seq, "a batch was stored by half");
      assert.ok(seq >= last.head, `${last.head} was resolved, ${seq} is stored`);
      assert.ok(last.head > before, "the child did nothing");

      const { channels, identities } = await store.restore(everything());
      for (const channel of ["positions", "risk-alerts"] as const) {
        const { events } = channels.get(channel)!;
        const oldest = store.oldest(channel);
        assert.deepEqual(events.map((one) => one.seq), events.map((_, index) => oldest + index));
        assert.equal(events.at(-1)!.seq, seq);
        const { index, size, batch } = JSON.parse(events.at(-1)!.data);
        assert.equal(index, size - 1, "the last batch is not whole");
        assert.ok(batch >= last.batch);
      }
      const { latest } = channels.get("positions")!;
      assert.equal(latest.at(-1)!.seq, seq, "the snapshot is not of the same commit");
      assert.equal(identities.length, seq * 2, "an identity is missing");
      await retainAll(store, 0);
      before = seq;
      await store.close();
    }
  });
}
