import assert from "node:assert/strict";
import fc from "fast-check";
import { detectTimeFormat, parseTime, TIME_FORMATS } from "../../../../routes/cli/tape/time.ts";

Deno.test("detectTimeFormat() tells units by size and texts by form", () => {
  const examples = {
    s: ["1582329602", "1582329602.111"],
    ms: ["1582329602111"],
    us: ["1582329602111000", "1582329602111000.5"],
    ns: ["1582329602111000123"],
    iso: ["2020-02-22T00:00:02.111Z", "2020-02-22 00:00:02", "2020-02-22", "2020-02-22T00:00+0100"],
    compact: ["20200101 170000065"],
  };
  for (const format of TIME_FORMATS) {
    for (const text of examples[format]) assert.equal(detectTimeFormat(text), format, text);
  }
  for (const text of ["", "timestamp", "1e9", "-5", "20/02/2020", "12:00"]) {
    assert.equal(detectTimeFormat(text), undefined, text);
  }
});

Deno.test("parseTime() reads the same moment in every format", () => {
  const moment = Date.parse("2020-02-22T00:00:02.111Z");
  const examples = [
    ["1582329602.111", "s"],
    ["1582329602111", "ms"],
    ["1582329602111000", "us"],
    ["1582329602111000000", "ns"],
    ["2020-02-22T00:00:02.111Z", "iso"],
    ["2020-02-22 01:00:02.111+0100", "iso"],
    ["2020-02-22 00:00:02.111000", "iso"],
    ["20200222 000002111", "compact"],
  ] as const;
  for (const [text, format] of examples) assert.equal(parseTime(text, format), moment, text);
});

Deno.test("parseTime() loses no millisecond, whatever the unit", () => {
  const moment = fc.integer({ min: Date.parse("1990-01-01"), max: Date.parse("2100-01-01") });
  fc.assert(fc.property(moment, fc.integer({ min: 0, max: 999_000 }), (millis, nanos) => {
    const below = String(nanos).padStart(6, "0");
    const digits = String(millis);
    const second = `${digits.slice(0, -3)}.${digits.slice(-3)}`;
    const micros = `${digits}${below.slice(0, 3)}`;
    for (
      const [text, format] of [
        [second, "s"],
        [digits, "ms"],
        [micros, "us"],
        [`${digits}${below}`, "ns"],
        [new Date(millis).toISOString(), "iso"],
      ] as const
    ) {
      assert.equal(Math.floor(parseTime(text, format)!), millis, text);
    }
  }));
});

Deno.test("parseTime() refuses what is no time, or none that can be written", () => {
  const bad = [
    ["2020-02-30", "iso"],
    ["2020-13-01T00:00:00Z", "iso"],
    ["2020-02-22T25:00:00Z", "iso"],
    ["20200230 000000000", "compact"],
    ["253402300800000", "ms"],
    ["1582329602111000", "s"],
    ["", "ms"],
    ["1969-12-31", "iso"],
  ] as const;
  for (const [text, format] of bad) assert.equal(parseTime(text, format), undefined, text);
});
