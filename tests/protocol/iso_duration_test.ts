import assert from "node:assert/strict";
import fc from "fast-check";
import { formatIsoDuration, IsoDuration } from "../../protocol/iso_duration.ts";

/** Reads `PT#H#M#S` back into whole ms, by the definition of ISO-8601 and not by our own code. */
function parseTime(text: string): number {
  const match = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,3}))?S)?$/.exec(text);
  assert.ok(match, text);
  const [, hours = "0", minutes = "0", seconds = "0", fraction = ""] = match;
  return Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1_000 +
    Number(fraction.padEnd(3, "0"));
}

const UP_TO_A_CENTURY = 100 * 366 * 86_400_000;

Deno.test("a duration that is written can be read back to the millisecond", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: UP_TO_A_CENTURY }), (milliseconds) => {
    const text = formatIsoDuration(milliseconds);
    return parseTime(text) === milliseconds && IsoDuration.safeParse(text).success;
  }));
});

Deno.test("minutes and seconds stay below 60, and hours take the rest", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: UP_TO_A_CENTURY }), (milliseconds) => {
    const text = formatIsoDuration(milliseconds);
    const minutes = /(\d+)M/.exec(text)?.[1] ?? "0";
    const seconds = /([\d.]+)S/.exec(text)?.[1] ?? "0";
    return Number(minutes) < 60 && Number(seconds) < 60;
  }));
});

Deno.test("durations are written as the trading core writes them", () => {
  // What java.time.Duration.toString gives for the same durations.
  const expected: readonly (readonly [number, string])[] = [
    [0, "PT0S"],
    [15_000, "PT15S"],
    [500, "PT0.5S"],
    [1, "PT0.001S"],
    [60_000, "PT1M"],
    [3_600_000, "PT1H"],
    [3_601_000, "PT1H1S"],
    [90_061_500, "PT25H1M1.5S"],
    [15_000.9, "PT15S"],
  ];
  for (const [milliseconds, text] of expected) {
    assert.equal(formatIsoDuration(milliseconds), text);
  }
});

Deno.test("durations of the trading core are accepted", () => {
  const signed = ["PT-5S", "PT-1.5S", "-PT5S", "+PT5S", "PT-8H-6M", "P-2DT+3H", "PT1.S", "PT1,5S"];
  const long = ["P999999999D", "PT999999999999999S", "PT0.123456789S"];
  for (
    const text of ["PT15S", "PT0S", "PT74H", "PT8H6M12.345678S", "P1DT2H", ...signed, ...long]
  ) {
    assert.equal(IsoDuration.parse(text), text);
  }
});

Deno.test("what Java does not parse is not accepted", () => {
  const calendar = ["P2W", "P1Y", "P1Y2M", "P1M", "P1.5D", "P1DT", "PT-S", "--PT1S"];
  const long = ["P1000000000D", "PT1000000000000000S", "PT0.1234567890S"];
  const others = ["", "P", "PT", "15", "15s", "PT15", "1H", "pt15s", "PT1S ", 15, null];
  for (const value of [...others, ...calendar, ...long]) {
    assert.equal(IsoDuration.safeParse(value).success, false, JSON.stringify(value));
  }
});
