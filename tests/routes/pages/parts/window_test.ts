import assert from "node:assert/strict";
import fc from "fast-check";
import { ROW_HEIGHT, visibleRows } from "../../../../routes/pages/parts/window.ts";

Deno.test("every row in view is in the document, and never many more", () => {
  const count = fc.integer({ min: 0, max: 20_000 });
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(fc.property(count, place, fc.integer({ min: 0, max: 2_000 }), (rows, share, height) => {
    const top = Math.max(0, rows * ROW_HEIGHT - height) * share;
    const { from, to } = visibleRows(top, height, rows);
    assert.ok(from >= 0 && from <= to && to <= rows);
    const last = Math.min(rows, Math.ceil((top + height) / ROW_HEIGHT));
    assert.ok(rows === 0 || from <= Math.floor(top / ROW_HEIGHT), "the first in view");
    assert.ok(to >= last, "the last in view");
    assert.ok(to - from <= height / ROW_HEIGHT + 30);
  }));
});
