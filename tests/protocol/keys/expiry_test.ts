import assert from "node:assert/strict";
import { parseExpiry } from "../../../protocol/keys/expiry.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");

Deno.test("an expiry is a time from now or a date", () => {
  assert.equal(parseExpiry("90d", NOW), "2026-08-30T12:00:00.000Z");
  assert.equal(parseExpiry("4w", NOW), "2026-06-29T12:00:00.000Z");
  assert.equal(parseExpiry("12h", NOW), "2026-06-02T00:00:00.000Z");
  assert.equal(parseExpiry("30m", NOW), "2026-06-01T12:30:00.000Z");
  assert.equal(parseExpiry("2027-01-31", NOW), "2027-01-31T00:00:00.000Z");
  assert.equal(parseExpiry("2027-01-31T18:00:00+01:00", NOW), "2027-01-31T17:00:00.000Z");
});

Deno.test("what is no time, or not in the future, is no expiry", () => {
  const wrong = ["", "90", "d", "0d", "-1d", "1.5d", "90 d", "90D", "never", "2026-06-01"];
  for (const text of [...wrong, "2027-02-30", "2027-13-01", "2027-01-31T18:00:00", "999999w"]) {
    assert.equal(parseExpiry(text, NOW), undefined, text);
  }
});
