import assert from "node:assert/strict";
import fc from "fast-check";
import type { LoggedEvent } from "../../../actors/stream/channel_log.ts";
import { RecentKeys } from "../../../actors/stream/recent_keys.ts";
import { storedEvent } from "../../support/stream_fixture.ts";

const NO_FRAME = { text: "", bytes: 0, replayAt: 0, skippedAt: 0 };

function logged(seq: number, key: string, fill = 0): LoggedEvent {
  const stored = storedEvent("risk-alerts", seq, key, { fill });
  return { stored, seq, v1: NO_FRAME, dataBytes: stored.data.length, attributes: undefined };
}

function recent(keys: string, capacity: number, maxBytes?: number): RecentKeys {
  const recent = new RecentKeys(capacity, maxBytes);
  [...keys].forEach((key, index) => recent.put(logged(index + 1, key)));
  return recent;
}

const seqs = (events: readonly LoggedEvent[]) => events.map(({ seq }) => seq);

Deno.test("recent keys: the id that was quiet for longest makes room", () => {
  assert.deepEqual(seqs(recent("abacdd", 3).newest(9, 6)), [3, 4, 6]);
});

Deno.test("recent keys: beyond the bytes the oldest go, but never the newest event", () => {
  const { bytes } = recent("a", 9);
  const two = recent("abc", 9, bytes * 2);
  assert.deepEqual(seqs(two.newest(9, 3)), [2, 3]);
  assert.equal(two.bytes, bytes * 2);
  two.put(logged(4, "d", bytes * 5));
  assert.deepEqual(seqs(two.newest(9, 4)), [4]);
});

Deno.test("property: recent keys are the latest event of each of the last ids, and count their bytes", () => {
  const steps = fc.array(
    fc.record({ key: fc.constantFrom(..."abcdef"), fill: fc.integer({ min: 0, max: 9 }) }),
  );
  fc.assert(fc.property(steps, fc.integer({ min: 1, max: 7 }), (steps, capacity) => {
    const recent = new RecentKeys(capacity);
    const events = steps.map(({ key, fill }, index) => logged(index + 1, key, fill));
    for (const event of events) recent.put(event);
    const latest = [...new Map(events.map((event) => [event.stored.key, event])).values()]
      .sort((a, b) => a.seq - b.seq).slice(-capacity);
    assert.deepEqual(recent.newest(Infinity, events.length), latest);
    assert.equal(recent.bytes, latest.reduce((sum, { dataBytes }) => sum + dataBytes, 0));
  }));
});
