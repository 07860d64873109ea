import assert from "node:assert/strict";
import fc from "fast-check";
import type { Cursor } from "../../../actors/stream/cursor.ts";
import { CursorGroup, PREFERENCE_MILLIS } from "../../../actors/stream/cursor_group.ts";

Deno.test("property: cursors come and go, and each knows its slot", () => {
  fc.assert(fc.property(fc.array(fc.nat(5), { maxLength: 40 }), (toggles) => {
    const market = new CursorGroup(0);
    const cursors = Array.from({ length: 6 }, () => ({ slot: -1 }) as Cursor);
    const attached = new Set<Cursor>();
    for (const index of toggles) {
      const cursor = cursors[index]!;
      if (attached.delete(cursor)) market.detach(cursor);
      else {
        market.attach(cursor);
        attached.add(cursor);
      }
      assert.equal(market.cursors.length, attached.size);
      for (const each of cursors) {
        assert.equal(market.cursors[each.slot] === each, attached.has(each));
      }
    }
  }));
});

Deno.test("property: clients that have spoken come before those that have not, and each knows its slot", () => {
  const step = fc.record({ index: fc.nat(5), does: fc.constantFrom("toggle", "speak", "wait") });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const alerts = new CursorGroup(0, true);
    const cursors = Array.from({ length: 6 }, () => ({ slot: -1 }) as Cursor);
    const attached = new Set<Cursor>();
    const spoken = new Set<Cursor>();
    let now = 0;
    let since = -Infinity;
    for (const { index, does } of steps) {
      const cursor = cursors[index]!;
      if (does === "wait") {
        now += PREFERENCE_MILLIS / 2;
      } else if (does === "speak") {
        alerts.prefer(cursor, now);
        if (attached.has(cursor)) {
          if (now - since >= PREFERENCE_MILLIS) spoken.clear();
          if (now - since >= PREFERENCE_MILLIS) since = now;
          spoken.add(cursor);
        }
      } else if (attached.delete(cursor)) {
        alerts.detach(cursor);
        spoken.delete(cursor);
      } else {
        alerts.attach(cursor);
        attached.add(cursor);
      }
      assert.deepEqual(new Set(alerts.cursors), attached);
      alerts.cursors.forEach((one, slot) => assert.equal(one.slot, slot));
      assert.deepEqual(new Set(alerts.cursors.slice(0, spoken.size)), spoken);
    }
  }));
});

Deno.test("detaching twice is harmless", () => {
  const market = new CursorGroup(0);
  const [one, two] = [{ slot: -1 } as Cursor, { slot: -1 } as Cursor];
  market.attach(one);
  market.attach(two);
  market.detach(one);
  market.detach(one);
  assert.deepEqual(market.cursors, [two]);
});

Deno.test("a group that is served at once is due with every event", () => {
  const group = new CursorGroup(0);
  for (let now = 0; now < 3; now++) {
    group.notify(now);
    assert.deepEqual([group.due, group.waiting], [true, false]);
    group.due = false;
  }
});

Deno.test("the first event after quiet is due at once, what follows waits for the tick", () => {
  const group = new CursorGroup(50);
  group.notify(1_013);
  assert.deepEqual([group.due, group.waiting, group.nextTickAt], [true, false, 1_050]);
  group.due = false;
  group.notify(1_049);
  assert.deepEqual([group.due, group.waiting], [false, true]);
  group.flush(1_050);
  assert.deepEqual([group.due, group.waiting, group.nextTickAt], [true, false, 1_100]);
  group.due = false;
  group.notify(1_100);
  assert.deepEqual([group.due, group.waiting, group.nextTickAt], [true, false, 1_150]);
});

Deno.test("ticks of all groups fall together, whenever they began", () => {
  const [fast, slow] = [new CursorGroup(50), new CursorGroup(200)];
  fast.flush(1_013);
  slow.flush(1_171);
  assert.deepEqual([fast.nextTickAt, slow.nextTickAt], [1_050, 1_200]);
});

Deno.test("a pass that is under way starts over for a new event and for a cursor that left", () => {
  for (const happens of ["event", "leaving"] as const) {
    const group = new CursorGroup(0);
    const cursor = { slot: -1 } as Cursor;
    group.attach(cursor);
    group.attach({ slot: -1 } as Cursor);
    group.markDue();
    group.position = 1;
    if (happens === "event") group.notify(0);
    else group.detach(cursor);
    assert.equal(group.again, true, happens);
  }
});
