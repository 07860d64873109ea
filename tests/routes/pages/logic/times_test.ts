import assert from "node:assert/strict";
import {
  formatDateTime,
  formatTime,
  startOfDay,
  zoneName,
} from "../../../../routes/pages/logic/times.ts";

const AT = Date.UTC(2026, 10, 28, 14, 2, 11, 500);

Deno.test("times of UTC are those of UTC wherever the machine is, and say so", () => {
  assert.equal(formatTime(AT, "utc"), "14:02:11");
  assert.equal(formatDateTime(AT, "utc"), "2026-11-28 14:02:11");
  assert.equal(zoneName("utc", AT), "UTC");
  assert.equal(startOfDay(AT, "utc"), Date.UTC(2026, 10, 28));
});

Deno.test("local times are those of the machine, and name its zone", () => {
  const two = (value: number) => `${value}`.padStart(2, "0");
  const date = new Date(AT);
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  assert.equal(formatTime(AT, "local"), time);
  assert.match(zoneName("local", AT), /^[A-Z]{3,4}|^GMT[+-]/);
  assert.equal(new Date(startOfDay(AT, "local")).getHours(), 0);
});

Deno.test("midnight is 00, not 24", () => {
  assert.equal(formatTime(Date.UTC(2026, 0, 1), "utc"), "00:00:00");
});
