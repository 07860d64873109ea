import assert from "node:assert/strict";
import { RowFilter } from "../../../actors/stream/row_filter.ts";
import { MAX_IDLE_ROW_VIEWS } from "../../../actors/stream/row_views.ts";
import { StreamFixture } from "../../support/stream_fixture.ts";

const limit = (...traders: string[]) => new RowFilter(new Set(traders), false);

Deno.test("the same limit is the same view, in whatever order its traders are named", () => {
  const readers = new StreamFixture().readers("positions");
  assert.equal(readers.rows(limit("1", "2")), readers.rows(limit("2", "1")));
  assert.notEqual(readers.rows(limit("1")), readers.rows(limit("1", "2")));
  assert.notEqual(readers.rows(limit()), readers.rows(new RowFilter(new Set(), true)));
  assert.equal(readers.view(undefined, limit("1")), readers.view(undefined, limit("1")));
  assert.notEqual(readers.view(undefined, limit("1")), readers.view(undefined));
});

Deno.test("of limits that nobody uses the last ones asked for are kept, and every one in use", () => {
  const readers = new StreamFixture().readers("positions");
  const used = readers.rows(limit("used"));
  used.users = 1;
  const idle = readers.rows(limit("idle"));
  for (let index = 0; index <= MAX_IDLE_ROW_VIEWS; index++) readers.rows(limit(`${index}`));
  assert.equal(readers.rows(limit("used")), used);
  assert.notEqual(readers.rows(limit("idle")), idle);
});

Deno.test("an event is judged once, however many clients of v2 have the limit", () => {
  const fixture = new StreamFixture();
  const readers = Array.from({ length: 500 }, () => fixture.reader());
  for (const { subscriber } of readers) {
    fixture.subscribe(subscriber, {
      channel: "positions",
      snapshot: false,
      intervalMs: 0,
      conflate: false,
      limit: limit("1"),
    });
  }
  const view = fixture.readers("positions").rows(limit("1"));
  let judged = 0;
  const see = view.see.bind(view);
  view.see = (event) => (judged += 1, see(event));
  fixture.publish("positions", ["a"], { fields: { traderId: "1" } });
  for (const { socket } of readers) assert.equal(socket.take().length, 1);
  assert.ok(judged <= 3, `${judged}`);
});

Deno.test("numbers that left the ring before the limit was in use are not said to be withheld", () => {
  const fixture = new StreamFixture(4);
  for (let count = 0; count < 8; count++) {
    fixture.publish("positions", ["a"], { fields: { traderId: count % 2 === 0 ? "1" : "2" } });
  }
  const view = fixture.readers("positions").rows(limit("1"));
  assert.equal(view.countWithheld(1, 8), 2);
  assert.equal(view.countWithheld(5, 8), 2);
  assert.equal(view.countWithheld(7, 6), 0);
  view.users = 1;
  fixture.publish("positions", ["b", "c", "d", "e", "f"], { fields: { traderId: "2" } });
  assert.equal(view.countWithheld(5, 13), 7, "what is in use goes on knowing");
});
