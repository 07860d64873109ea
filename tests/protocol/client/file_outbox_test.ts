/**
 * An outbox in a file keeps what was promised, whatever happens to its program.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { COMPACT_BYTES, fileOutbox } from "../../../protocol/client/file_outbox.ts";
import type { Outbox } from "../../../protocol/client/mod.ts";
import { TempDir } from "../../support/store_fixture.ts";

/** An entry with a number. */
function entry(n: number, filling = "") {
  return { eventId: `e${n}`, text: JSON.stringify({ n, filling, eventId: `e${n}` }) };
}

/** The ids that a file holds. */
async function idsIn(path: string): Promise<string[]> {
  const outbox = fileOutbox(path, { sync: false });
  const entries = await outbox.open();
  await outbox.close();
  return entries.map(({ eventId }) => eventId);
}

/** A file that does not exist yet, and its outbox. */
async function opened(directory: TempDir): Promise<{ path: string; outbox: Outbox }> {
  const path = `${directory.path}/outbox`;
  const outbox = fileOutbox(path, { sync: false });
  assert.deepEqual(await outbox.open(), []);
  return { path, outbox };
}

Deno.test("what is appended is there for the next program, in order; what is removed is not", async () => {
  using directory = new TempDir();
  const { path, outbox } = await opened(directory);
  await outbox.append([entry(1), entry(2)]);
  await outbox.append([entry(3)]);
  await outbox.remove(["e2"]);
  assert.deepEqual(await idsIn(path), ["e1", "e3"]);
  await outbox.close();
});

Deno.test("a file that was cut anywhere holds every append that is whole, and goes on", async () => {
  using directory = new TempDir();
  const { path, outbox } = await opened(directory);
  const ends: number[] = [];
  for (let n = 1; n <= 4; n++) {
    await outbox.append([entry(n)]);
    ends.push((await Deno.stat(path)).size);
  }
  await outbox.close();
  const whole = await Deno.readFile(path);
  for (let length = 0; length <= whole.length; length++) {
    await Deno.writeFile(path, whole.subarray(0, length));
    const outbox = fileOutbox(path, { sync: false });
    const kept = (await outbox.open()).map(({ eventId }) => eventId);
    assert.equal(kept.length, ends.filter((end) => end <= length).length);
    await outbox.append([entry(9)]);
    await outbox.close();
    assert.deepEqual(await idsIn(path), [...kept, "e9"]);
  }
});

Deno.test("property: it holds what a list would, over any appends, removals and reopenings", async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("append"), count: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ kind: fc.constant("remove"), count: fc.integer({ min: 0, max: 3 }) }),
    fc.constant({ kind: "reopen", count: 0 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      using directory = new TempDir();
      let { path, outbox } = await opened(directory);
      let model: string[] = [];
      let last = 0;
      for (const { kind, count } of steps) {
        if (kind === "append") {
          const entries = Array.from({ length: count }, () => entry(++last));
          await outbox.append(entries);
          model.push(...entries.map(({ eventId }) => eventId));
        } else if (kind === "remove") {
          const gone = model.slice(0, count);
          await outbox.remove(gone);
          model = model.slice(count);
        } else {
          await outbox.close();
          outbox = fileOutbox(path, { sync: false });
          assert.deepEqual((await outbox.open()).map(({ eventId }) => eventId), model);
        }
      }
      await outbox.close();
    }),
    { numRuns: 40 },
  );
});

Deno.test("a file that holds mostly what was removed is written anew", async () => {
  using directory = new TempDir();
  const { path, outbox } = await opened(directory);
  const filling = "x".repeat(COMPACT_BYTES / 8);
  for (let n = 1; n <= 20; n++) {
    await outbox.append([entry(n, filling)]);
    await outbox.remove([`e${n}`]);
    assert.ok((await Deno.stat(path)).size < 2 * COMPACT_BYTES);
  }
  await outbox.append([entry(21)]);
  assert.deepEqual(await idsIn(path), ["e21"]);
  await outbox.close();
});

Deno.test("an outbox that is full takes nothing", async () => {
  using directory = new TempDir();
  const outbox = fileOutbox(`${directory.path}/outbox`, { sync: false, maxBytes: 100 });
  await outbox.open();
  await outbox.append([entry(1)]);
  await assert.rejects(outbox.append([entry(2), entry(3, "x".repeat(60))]), {
    code: "outbox_full",
  });
  await outbox.remove(["e1"]);
  await outbox.append([entry(4)]);
  await outbox.close();
});
