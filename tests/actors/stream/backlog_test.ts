import assert from "node:assert/strict";
import {
  Backlog,
  endOfPage,
  MAX_BACKLOG_LENGTH,
  PAGE_EVENTS,
} from "../../../actors/stream/backlog.ts";
import type { LoggedEvent } from "../../../actors/stream/channel_log.ts";
import type { StoredEvent } from "../../../actors/ports.ts";
import { storedEvent } from "../../support/stream_fixture.ts";

const encode = (stored: StoredEvent): LoggedEvent => ({
  stored,
  seq: stored.seq,
  v1: { text: "", bytes: 0, replayAt: 0, skippedAt: 0 },
  dataBytes: stored.data.length,
  attributes: undefined,
});

function events(first: number, last: number, fill = 0): StoredEvent[] {
  return Array.from(
    { length: last - first + 1 },
    (_, index) => storedEvent("risk-alerts", first + index, "a", { fill }),
  );
}

Deno.test("a page ends with a multiple of its size", () => {
  assert.deepEqual([1, 2, PAGE_EVENTS].map(endOfPage), [PAGE_EVENTS, PAGE_EVENTS, PAGE_EVENTS]);
  assert.equal(endOfPage(PAGE_EVENTS + 1), PAGE_EVENTS * 2);
});

Deno.test("it knows the events that were put, and no others", () => {
  const backlog = new Backlog();
  backlog.put(events(10, 20), encode);
  assert.deepEqual([9, 10, 20, 21].map((seq) => backlog.get(seq)?.seq), [
    undefined,
    10,
    20,
    undefined,
  ]);
  assert.equal(backlog.get(PAGE_EVENTS + 10), undefined);
});

Deno.test("a page that is read again takes the place of the earlier reading", () => {
  const backlog = new Backlog();
  backlog.put(events(10, 20), encode);
  backlog.put(events(5, 30), encode);
  assert.deepEqual([5, 10, 30].map((seq) => backlog.get(seq)?.seq), [5, 10, 30]);
});

Deno.test("beyond its size it forgets the pages that were read longest ago", () => {
  const backlog = new Backlog();
  const fill = Math.ceil(MAX_BACKLOG_LENGTH / 3 / PAGE_EVENTS);
  const page = (number: number) =>
    events(number * PAGE_EVENTS + 1, (number + 1) * PAGE_EVENTS, fill);
  for (const number of [0, 1, 2]) backlog.put(page(number), encode);
  // Each has a little more than a third, so that two fit.
  const held = () => [0, 1, 2].filter((number) => backlog.get(number * PAGE_EVENTS + 1));
  assert.deepEqual(held(), [1, 2]);
  backlog.put(page(1), encode);
  backlog.put(page(0), encode);
  assert.deepEqual(held(), [0, 1]);
});

Deno.test("the newest page stays, however large it is", () => {
  const backlog = new Backlog();
  backlog.put(events(1, 4, MAX_BACKLOG_LENGTH / 2), encode);
  assert.equal(backlog.get(4)?.seq, 4);
  backlog.put(events(PAGE_EVENTS + 1, PAGE_EVENTS + 4, MAX_BACKLOG_LENGTH / 2), encode);
  assert.deepEqual([4, PAGE_EVENTS + 4].map((seq) => backlog.get(seq)?.seq), [
    undefined,
    PAGE_EVENTS + 4,
  ]);
});
