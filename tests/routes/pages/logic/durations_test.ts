import assert from "node:assert/strict";
import {
  formatAge,
  formatDuration,
  formatWholeAge,
  parseIsoDuration,
} from "../../../../routes/pages/logic/durations.ts";

Deno.test("an age has one unit, and tenths below ten seconds", () => {
  const ages = [-5, 340, 9_990, 14_000, 72_000, 7_200_000, 200_000_000].map(formatAge);
  assert.deepEqual(ages, ["0.0 s", "0.3 s", "9.9 s", "14 s", "1 min", "2 h", "2 d"]);
  assert.equal(formatWholeAge(3_999), "3 s");
});

Deno.test("a duration is shown by the clock, days apart", () => {
  const durations = [0, 42_000, 3_599_000, 67_205_000, 188_000_000].map(formatDuration);
  assert.deepEqual(durations, ["0:00", "0:42", "59:59", "18:40:05", "2 d 04:13"]);
});

Deno.test("durations of the core are read, in every form that Java writes and takes", () => {
  assert.equal(parseIsoDuration("PT0S"), 0);
  assert.equal(parseIsoDuration("PT52H10M0.5S"), 52 * 3_600_000 + 600_500);
  assert.equal(parseIsoDuration("P1DT2H"), 26 * 3_600_000);
  assert.equal(parseIsoDuration("-PT1.5S"), -1_500);
  assert.equal(parseIsoDuration("PT-6H3M"), -6 * 3_600_000 + 180_000);
  assert.equal(parseIsoDuration("15 s"), undefined);
});
