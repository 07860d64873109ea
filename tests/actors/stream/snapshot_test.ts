import assert from "node:assert/strict";
import { MAX_FRAME_LENGTH, Snapshot, type SnapshotPart } from "../../../actors/stream/snapshot.ts";
import { shortBatches } from "../../support/batch_notation.ts";
import { type EventOptions, StreamFixture } from "../../support/stream_fixture.ts";

/** A snapshot of one position for each size of payload. */
function snapshot(fills: readonly number[], options: EventOptions = {}): Snapshot {
  const fixture = new StreamFixture();
  fills.forEach((fill, index) => fixture.append("positions", `k${index}`, { ...options, fill }));
  const stream = fixture.stream("positions");
  return new Snapshot(stream, stream.latest!.newest(Infinity, stream.log.head));
}

function partsOf(it: Snapshot): SnapshotPart[] {
  const parts = [it.part(0)];
  while (!parts.at(-1)!.last) parts.push(it.part(parts.length));
  return parts;
}

Deno.test("a small table is one part, and the last", () => {
  const [part, ...others] = partsOf(snapshot([0, 0, 0]));
  assert.deepEqual(shortBatches([part!.text]), ["S3: 1 2 3"]);
  assert.deepEqual([part!.count, others], [3, []]);
});

Deno.test("a part ends before it has more than 64 Ki characters of events", () => {
  const parts = partsOf(snapshot(new Array(40).fill(10_000)));
  assert.equal(parts.reduce((sum, { count }) => sum + count, 0), 40);
  for (const { text } of parts) assert.ok(text.length <= MAX_FRAME_LENGTH + 200);
  // Six of ten thousand and their envelopes fit, a seventh does not.
  assert.deepEqual(parts.map(({ count }) => count), [6, 6, 6, 6, 6, 6, 4]);
});

Deno.test("an event that is longer than a part stands alone in one", () => {
  const parts = partsOf(snapshot([0, MAX_FRAME_LENGTH + 1, 0]));
  assert.deepEqual(shortBatches(parts.map(({ text }) => text)), ["S3: 1 …", "S3: 2 …", "S3: 3"]);
});

Deno.test("it stays as it was taken, whatever is published meanwhile", () => {
  const fixture = new StreamFixture();
  fixture.append("positions", "a", { fill: 60_000 });
  fixture.append("positions", "b", { fill: 60_000 });
  const stream = fixture.stream("positions");
  const it = new Snapshot(stream, stream.latest!.newest(Infinity, 2));
  it.part(0);
  fixture.append("positions", "b", { ends: "removed" });
  fixture.append("positions", "c");
  assert.equal(it.seq, 2);
  assert.deepEqual(shortBatches([it.part(0).text, it.part(1).text]), ["S2: 1 …", "S2: 2"]);
});

Deno.test("a part is encoded once, for all that read it", () => {
  const it = snapshot([60_000, 60_000]);
  assert.equal(it.part(0), it.part(0));
  assert.equal(it.part(1), it.part(1));
});

Deno.test("sizes are told in bytes", () => {
  const [part] = partsOf(snapshot([0], { fields: { reason: "für €" } }));
  assert.equal(part!.bytes, new TextEncoder().encode(part!.text).length);
});
