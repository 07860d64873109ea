import assert from "node:assert/strict";
import fc from "fast-check";
import type { LoggedEvent } from "../../../actors/stream/channel_log.ts";
import {
  LatestStates,
  MAX_TOMBSTONE_BYTES,
  MAX_TOMBSTONES,
  TOMBSTONE_MILLIS,
} from "../../../actors/stream/latest_states.ts";
import { storedEvent } from "../../support/stream_fixture.ts";

/** Runs against the naive model; `FAST_CHECK_RUNS` in the environment asks for another number. */
const MODEL_RUNS = Number(Deno.env.get("FAST_CHECK_RUNS") ?? 1_000);

type Ends = "closed" | "removed" | undefined;

/** The frame plays no part here. */
const NO_FRAME = { text: "", bytes: 0, replayAt: 0, skippedAt: 0 };

function logged(seq: number, key: string, ends?: Ends): LoggedEvent {
  return {
    dataBytes: 0,
    attributes: undefined,
    stored: storedEvent("positions", seq, key, { ...(ends && { ends }) }),
    seq,
    v1: NO_FRAME,
  };
}

/** Puts one event per key, from number 1 on; `!` at its end closes a key. */
function put(states: LatestStates, keys: readonly string[], first = 1, now = 0): void {
  keys.forEach((key, index) => {
    const name = key.replace("!", "");
    states.put(logged(first + index, name, key === name ? undefined : "closed"), now);
  });
}

/** The numbers of every state after a number, as a conflated cursor walks them. */
function after(states: LatestStates, seq: number): number[] {
  const seqs: number[] = [];
  for (let state = states.after(seq); state !== undefined; state = state.next) {
    seqs.push(state.event.seq);
  }
  return seqs;
}

const seqs = (events: readonly LoggedEvent[]) => events.map(({ seq }) => seq);

Deno.test("nothing is known at first", () => {
  const states = new LatestStates();
  assert.equal(states.size, 0);
  assert.equal(states.horizon, 0);
  assert.equal(states.has("a"), false);
  assert.equal(states.after(0), undefined);
  assert.deepEqual(states.newest(10, 10), []);
});

Deno.test("a later event of a key takes the place of the earlier one, at the end", () => {
  const states = new LatestStates();
  put(states, ["a", "b", "c", "a"]);
  assert.equal(states.size, 3);
  assert.deepEqual(after(states, 0), [2, 3, 4]);
  assert.deepEqual(seqs(states.newest(10, 10)), [2, 3, 4]);
});

Deno.test("after a number come only the states above it", () => {
  const states = new LatestStates();
  put(states, ["a", "b", "c", "d"]);
  assert.deepEqual(after(states, 2), [3, 4]);
  assert.deepEqual(after(states, 4), []);
});

Deno.test("the newest are the last so many up to a number, oldest first", () => {
  const states = new LatestStates();
  put(states, ["a", "b", "c", "d", "e"]);
  assert.deepEqual(seqs(states.newest(2, 5)), [4, 5]);
  assert.deepEqual(seqs(states.newest(2, 3)), [2, 3]);
  assert.deepEqual(states.newest(0, 5), []);
});

Deno.test("an ended key is not live and not in a snapshot, but those behind learn of its end", () => {
  const states = new LatestStates();
  put(states, ["a", "b", "a!"]);
  assert.equal(states.size, 1);
  assert.equal(states.has("a"), false);
  assert.equal(states.has("b"), true);
  assert.deepEqual(seqs(states.newest(10, 3)), [2]);
  assert.deepEqual(after(states, 1), [2, 3]);
});

Deno.test("a removed key is treated like a closed one", () => {
  const states = new LatestStates();
  states.put(logged(1, "a"), 0);
  states.put(logged(2, "a", "removed"), 0);
  assert.deepEqual([states.size, states.has("a")], [0, false]);
  assert.deepEqual(after(states, 0), [2]);
});

Deno.test("ending a key that was never seen, or twice, counts no live key away", () => {
  const states = new LatestStates();
  put(states, ["b", "a!", "a!"]);
  assert.equal(states.size, 1);
  assert.deepEqual(after(states, 0), [1, 3]);
});

Deno.test("a key may live again after its end", () => {
  const states = new LatestStates();
  put(states, ["a", "a!", "a"]);
  assert.deepEqual([states.size, states.has("a")], [1, true]);
  put(states, ["b"], 4, TOMBSTONE_MILLIS * 2); // Its old tombstone is due, and must not take it along.
  assert.deepEqual([states.size, states.has("a"), states.horizon], [2, true, 0]);
  assert.deepEqual(after(states, 0), [3, 4]);
});

Deno.test("a tombstone stays for an hour, and its number is the horizon once it is gone", () => {
  const states = new LatestStates();
  put(states, ["a", "a!"]);
  put(states, ["b"], 3, TOMBSTONE_MILLIS - 1);
  assert.deepEqual([after(states, 0), states.horizon], [[2, 3], 0]);
  put(states, ["b"], 4, TOMBSTONE_MILLIS);
  assert.deepEqual([after(states, 0), states.horizon], [[4], 2]);
});

Deno.test("a key that ends again is kept for an hour from then on", () => {
  const states = new LatestStates();
  put(states, ["a!"]);
  put(states, ["a!"], 2, 1_000);
  put(states, ["b"], 3, TOMBSTONE_MILLIS + 999);
  assert.deepEqual([after(states, 0), states.horizon], [[2, 3], 0]);
  put(states, ["b"], 4, TOMBSTONE_MILLIS + 1_000);
  assert.deepEqual([after(states, 0), states.horizon], [[4], 2]);
});

Deno.test("beyond the most tombstones the oldest goes before its time", () => {
  const states = new LatestStates();
  states.put(logged(1, "live"), 0);
  for (let index = 0; index <= MAX_TOMBSTONES; index++) {
    states.put(logged(2 + index, `k${index}`, "closed"), 0);
  }
  assert.equal(states.horizon, 2);
  assert.deepEqual([states.size, states.has("live")], [1, true]);
  const left = after(states, 0);
  assert.deepEqual([left.length, left[0], left[1]], [1 + MAX_TOMBSTONES, 1, 3]);
});

Deno.test("a key that keeps ending and returning pushes no other tombstone out", () => {
  const states = new LatestStates();
  states.put(logged(1, "a", "closed"), 0);
  for (let index = 0; index <= MAX_TOMBSTONES; index++) {
    states.put(logged(2 + index * 2, "b"), 0);
    states.put(logged(3 + index * 2, "b", "closed"), 0);
  }
  // There are two tombstones, far fewer than may be kept.
  assert.deepEqual(after(states, 0), [1, 3 + MAX_TOMBSTONES * 2]);
  assert.equal(states.horizon, 0);
});

interface Step {
  readonly key: string;
  readonly ends: Ends;
  /** How long it comes after the one before, in quarters of a tombstone's time. */
  readonly quarters: number;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    key: fc.constantFrom(..."abcdef"),
    ends: fc.option(fc.constantFrom("closed" as const, "removed" as const), { nil: undefined }),
    quarters: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(5)),
  }),
  { maxLength: 50, size: "max" },
);

/** The same, as a plain list of what is known, searched from one end to the other. */
class Model {
  entries: { seq: number; key: string; ends: Ends; at: number }[] = [];
  horizon = 0;

  put(seq: number, key: string, ends: Ends, at: number): void {
    this.entries = [...this.entries.filter((entry) => entry.key !== key), { seq, key, ends, at }];
    for (const entry of this.entries) {
      if (this.#expired(entry, at)) this.horizon = Math.max(this.horizon, entry.seq);
    }
    this.entries = this.entries.filter((entry) => !this.#expired(entry, at));
  }

  live(): Model["entries"] {
    return this.entries.filter(({ ends }) => ends === undefined);
  }

  #expired({ ends, at }: Model["entries"][number], now: number): boolean {
    return ends !== undefined && now - at >= TOMBSTONE_MILLIS;
  }
}

Deno.test("property: it agrees with a plain list after every event", () => {
  fc.assert(
    fc.property(steps, fc.nat(8), fc.nat(60), (schedule, limit, upTo) => {
      const states = new LatestStates();
      const model = new Model();
      let now = 0;
      for (const [index, { key, ends, quarters }] of schedule.entries()) {
        const seq = index + 1;
        now += quarters * TOMBSTONE_MILLIS / 4;
        states.put(logged(seq, key, ends), now);
        model.put(seq, key, ends, now);
        const live = model.live();
        assert.equal(states.size, live.length);
        assert.equal(states.horizon, model.horizon);
        for (const probe of "abcdef") {
          assert.equal(states.has(probe), live.some((entry) => entry.key === probe));
        }
        for (let cursor = 0; cursor <= seq; cursor++) {
          const above = model.entries.filter((entry) => entry.seq > cursor);
          assert.deepEqual(after(states, cursor), above.map((entry) => entry.seq));
        }
        const upToNow = live.filter((entry) => entry.seq <= upTo).map((entry) => entry.seq);
        const newest = limit === 0 ? [] : upToNow.slice(-limit);
        assert.deepEqual(seqs(states.newest(limit, upTo)), newest);
      }
    }),
    { numRuns: MODEL_RUNS },
  );
});

Deno.test("property: a reader at any number that applies the fold knows the last state of every key", () => {
  const schedule = steps.map((list) => list.map((step) => ({ ...step, quarters: 0 })));
  fc.assert(
    fc.property(schedule, fc.nat(50), (list, start) => {
      const states = new LatestStates();
      const truth = new Map<string, number>();
      const reader = new Map<string, number>();
      for (const [index, { key, ends }] of list.entries()) {
        states.put(logged(index + 1, key, ends), 0);
        truth.set(key, index + 1);
        if (index < start) reader.set(key, index + 1); // Until here it was sent everything.
      }
      for (let state = states.after(start); state !== undefined; state = state.next) {
        reader.set(state.event.stored.key, state.event.seq);
      }
      assert.deepEqual([...reader].sort(), [...truth].sort());
    }),
    { numRuns: MODEL_RUNS },
  );
});

/** An event whose payload counts so many bytes. */
function sized(seq: number, key: string, dataBytes: number, ends?: Ends): LoggedEvent {
  return { ...logged(seq, key, ends), dataBytes };
}

Deno.test("latest states count the bytes of live states and of tombstones apart", () => {
  const states = new LatestStates();
  states.put(sized(1, "a", 10), 0);
  states.put(sized(2, "b", 20), 0);
  states.put(sized(3, "a", 5), 0);
  assert.deepEqual([states.bytes, states.tombstoneBytes, states.bytesOf("a")], [25, 0, 5]);
  states.put(sized(4, "b", 7, "closed"), 0);
  assert.deepEqual([states.bytes, states.tombstoneBytes, states.bytesOf("b")], [5, 7, 0]);
  states.put(sized(5, "b", 1), 0);
  assert.deepEqual([states.bytes, states.tombstoneBytes], [6, 0]);
});

Deno.test("tombstones beyond their bytes go before their time, the oldest first, and raise the horizon", () => {
  const states = new LatestStates();
  states.put(sized(1, "a", MAX_TOMBSTONE_BYTES / 2, "closed"), 0);
  states.put(sized(2, "b", MAX_TOMBSTONE_BYTES / 2, "closed"), 0);
  assert.equal(states.horizon, 0);
  states.put(sized(3, "c", 1, "closed"), 0);
  assert.deepEqual([states.horizon, states.tombstoneBytes], [1, MAX_TOMBSTONE_BYTES / 2 + 1]);
});
