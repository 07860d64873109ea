import assert from "node:assert/strict";
import fc from "fast-check";
import { StateRoom } from "../../../actors/log/state_room.ts";
import { PublishError } from "../../../actors/operations.ts";
import type { AppendedEvent } from "../../../actors/log/event_log.ts";
import { ChannelStream } from "../../../actors/stream/channel_stream.ts";
import { PRODUCT_CHANNELS } from "../../../protocol/channel_set.ts";
import { type Channel, CHANNELS } from "../../../protocol/channels.ts";
import type { Submission } from "../../../protocol/publish.ts";

/** The bound in these tests: 64 of {@link UNIT}. */
const MAX_BYTES = 64 * 1_024;

const UNIT = 1_024;

/** A state of a position that takes so many units. */
function state(key: string, units: number, ends?: "closed", fill = "x"): Submission {
  const data = fill.repeat(units * UNIT);
  const draft = { channel: "positions", key, time: "", data, ...(ends && { ends }) };
  return { draft } as unknown as Submission;
}

/** The positions, and turns that are committed one after the other. */
class Positions {
  readonly streams = new Map<Channel, ChannelStream>(
    CHANNELS.map((
      channel,
    ) => [channel, ChannelStream.begin(PRODUCT_CHANNELS.get(channel), "e", 0, 4)]),
  );
  readonly stream = this.streams.get("positions")!;

  /** Offers requests in one turn; which of them were accepted. */
  turn(...requests: readonly (readonly Submission[])[]): boolean[] {
    const events: AppendedEvent[] = [];
    const room = new StateRoom(this.streams, events, MAX_BYTES);
    let { head } = this.stream.log;
    const accepted = requests.map((submissions) => {
      try {
        room.take(submissions, () => false);
      } catch (error) {
        assert.ok(error instanceof PublishError && error.code === "SNAPSHOT_FULL", String(error));
        return false;
      }
      for (const { draft } of submissions) {
        events.push({ stored: { ...draft, seq: ++head, timestamp: 0 } });
      }
      return true;
    });
    for (const { stored } of events) this.stream.append({ stored }, 0);
    return accepted;
  }

  get units(): number {
    return this.stream.latest!.bytes / UNIT;
  }
}

Deno.test("a state is refused when the states of its channel would take more than the bound", () => {
  const positions = new Positions();
  assert.deepEqual(positions.turn([state("a", 40)], [state("b", 24)], [state("c", 1)]), [
    true,
    true,
    false,
  ]);
  assert.equal(positions.units, 64);
});

Deno.test("an update that would take more is refused, one that takes less or the same is not", () => {
  const positions = new Positions();
  positions.turn([state("a", 40), state("b", 24)]);
  assert.deepEqual(positions.turn([state("b", 25)]), [false]);
  assert.deepEqual(positions.turn([state("b", 24)]), [true]);
  assert.deepEqual(positions.turn([state("b", 10)], [state("c", 14)], [state("c", 15)]), [
    true,
    true,
    false,
  ]);
});

Deno.test("ending a key is never refused, and makes room within the same turn", () => {
  const positions = new Positions();
  positions.turn([state("a", 40), state("b", 24)]);
  assert.deepEqual(positions.turn([state("a", 50, "closed")], [state("c", 40)]), [true, true]);
  assert.equal(positions.units, 64);
});

Deno.test("a refused request takes no room from those after it", () => {
  const positions = new Positions();
  const requests = [[state("a", 40), state("b", 30)], [state("b", 60)], [state("c", 4)]];
  assert.deepEqual(positions.turn(...requests), [false, true, true]);
});

Deno.test("text beyond Latin-1 counts with the two bytes that it takes", () => {
  const positions = new Positions();
  assert.deepEqual(positions.turn([state("a", 33, undefined, "€")]), [false]);
  assert.deepEqual(positions.turn([state("a", 32, undefined, "€")]), [true]);
});

Deno.test("states of an older store that take more can be updated and ended, but not grow", () => {
  const positions = new Positions();
  const large = (seq: number, key: string) => ({
    stored: { ...state(key, 40).draft, seq, timestamp: 0 },
  });
  for (const [index, key] of ["a", "b"].entries()) {
    positions.stream.append(large(index + 1, key), 0);
  }
  assert.equal(positions.units, 80);
  assert.deepEqual(positions.turn([state("a", 40)], [state("b", 41)], [state("c", 1)]), [
    true,
    false,
    false,
  ]);
  assert.deepEqual(positions.turn([state("a", 1, "closed")], [state("c", 20)]), [true, true]);
});

Deno.test("property: accepted states stay within the bound, whatever comes in which turns", () => {
  const submission = fc.record({
    key: fc.constantFrom("a", "b", "c", "d"),
    size: fc.integer({ min: 0, max: 30 }),
    ends: fc.constantFrom(undefined, undefined, undefined, "closed" as const),
  });
  const turns = fc.array(fc.array(fc.array(submission, { maxLength: 3 }), { maxLength: 3 }));
  fc.assert(
    fc.property(turns, (turns) => {
      const positions = new Positions();
      for (const requests of turns) {
        positions.turn(
          ...requests.map((one) => one.map(({ key, size, ends }) => state(key, size, ends))),
        );
        assert.ok(positions.stream.latest!.bytes <= MAX_BYTES);
      }
    }),
    { numRuns: 50 },
  );
});
