import assert from "node:assert/strict";
import { BATCH_MILLIS, LineWriter, MAX_HELD_LENGTH } from "../../../routes/cli/line_writer.ts";
import { TestClock } from "../../support/test_clock.ts";

/** A writer to memory that takes at most so many bytes at once. */
function fixture(atOnce = Infinity) {
  const clock = new TestClock();
  const writes: string[] = [];
  const writer = new LineWriter(clock, (bytes) => {
    const taken = bytes.subarray(0, Math.min(atOnce, bytes.length));
    writes.push(new TextDecoder().decode(taken));
    return taken.length;
  });
  return { clock, writes, writer };
}

Deno.test("lines are written together after a moment, in order", () => {
  const { clock, writes, writer } = fixture();
  writer.write("one", false);
  clock.advance(BATCH_MILLIS - 1);
  writer.write("two", false);
  assert.deepEqual(writes, []);
  clock.advance(1);
  assert.deepEqual(writes, ["one\ntwo\n"]);
  clock.advance(BATCH_MILLIS * 2);
  assert.equal(writes.length, 1);
});

Deno.test("an urgent line is out at once, after those that were held", () => {
  const { clock, writes, writer } = fixture();
  writer.write("one", false);
  writer.write("two", true);
  assert.deepEqual(writes, ["one\ntwo\n"]);
  clock.advance(BATCH_MILLIS);
  assert.equal(writes.length, 1);
});

Deno.test("what is held is bounded", () => {
  const { writes, writer } = fixture();
  writer.write("x".repeat(MAX_HELD_LENGTH), false);
  assert.equal(writes.length, 1);
});

Deno.test("an output that takes a part at a time gets the whole", () => {
  const { writes, writer } = fixture(2);
  writer.write("sieben", true);
  assert.equal(writes.join(""), "sieben\n");
});

Deno.test("an output that nobody reads is no fault", () => {
  const writer = new LineWriter(new TestClock(), () => {
    throw new Deno.errors.BrokenPipe("broken pipe");
  });
  writer.write("one", true);
  writer.write("two", true);
});
