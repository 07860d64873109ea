import assert from "node:assert/strict";
import fc from "fast-check";
import { type Line, MAX_LINE_BYTES, readLines } from "../../../../routes/cli/tape/lines.ts";
import { streamOf } from "./bytes.ts";

async function collect(stream: ReadableStream<Uint8Array>): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of readLines(stream)) lines.push(line);
  return lines;
}

Deno.test("readLines() gives the lines of a text, however it is cut into chunks", async () => {
  const line = fc.string({ unit: "grapheme", maxLength: 20 })
    .map((text) => text.replaceAll(/[\r\n\uFEFF]/g, ""));
  const chunk = fc.integer({ min: 1, max: 30 });
  const ends = fc.constantFrom("\n", "\r\n");
  await fc.assert(
    fc.asyncProperty(fc.array(line), chunk, ends, async (texts, size, end) => {
      const text = texts.map((each) => each + end).join("");
      const lines = await collect(streamOf(text, size));
      assert.deepEqual(lines.map(({ text }) => text), texts);
      assert.deepEqual(lines.map(({ number }) => number), texts.map((_, index) => index + 1));
      const total = new TextEncoder().encode(text).length;
      assert.equal(lines.at(-1)?.bytes ?? 0, total);
    }),
  );
});

Deno.test("readLines() takes a last line without an end, and drops a byte order mark", async () => {
  const lines = await collect(streamOf("\uFEFFa,b\nc"));
  assert.deepEqual(lines, [
    { number: 1, text: "a,b", bytes: 7 },
    { number: 2, text: "c", bytes: 8 },
  ]);
});

Deno.test("readLines() refuses a line that never ends", async () => {
  let cancelled = false;
  const stream = streamOf(`ok\n${"x".repeat(2 * MAX_LINE_BYTES)}`, 1_000, () => cancelled = true);
  await assert.rejects(collect(stream), /line 2 is longer than 65536 bytes/);
  assert.equal(cancelled, true);
});

Deno.test("readLines() cancels the stream when its reader stops early", async () => {
  let cancelled = false;
  for await (const line of readLines(streamOf("a\nb\nc\n", 2, () => cancelled = true))) {
    if (line.number === 1) break;
  }
  assert.equal(cancelled, true);
});
