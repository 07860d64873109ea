import assert from "node:assert/strict";
import { type Ending, ENDINGS, type Reconnect } from "../../protocol/close_codes.ts";

/** The table of the contract: every code with its meaning and what a client does next. */
const CONTRACT: Readonly<Record<number, { meaning: RegExp; reconnect: Reconnect }>> = {
  1001: { meaning: /going away/, reconnect: "after-hint" },
  1009: { meaning: /message too large/, reconnect: "no" },
  1011: { meaning: /internal error/, reconnect: "yes" },
  1013: { meaning: /overloaded/, reconnect: "later" },
  4400: { meaning: /protocol violation/, reconnect: "no" },
  4401: { meaning: /credentials revoked or expired/, reconnect: "no" },
  4403: { meaning: /forbidden/, reconnect: "no" },
  4408: { meaning: /heartbeat timeout/, reconnect: "yes" },
  4409: { meaning: /replaced by a newer connection/, reconnect: "no" },
  4410: { meaning: /disconnected by an administrator/, reconnect: "no" },
  4413: { meaning: /slow consumer/, reconnect: "yes" },
  4429: { meaning: /too many messages/, reconnect: "later" },
};

const ALL: readonly (readonly [string, Ending])[] = Object.entries(ENDINGS);

Deno.test("the catalogue has exactly the codes of the contract", () => {
  const codes = new Set(ALL.map(([, { code }]) => code));
  assert.deepEqual([...codes].sort((a, b) => a - b), Object.keys(CONTRACT).map(Number));
});

for (const [code, { meaning, reconnect }] of Object.entries(CONTRACT)) {
  Deno.test(`${code} means what the contract says`, () => {
    const endings = ALL.filter(([, ending]) => ending.code === Number(code));
    assert.ok(
      endings.some(([, ending]) => meaning.test(ending.reason) && ending.reconnect === reconnect),
    );
  });
}

Deno.test("each code has one meaning; only 1001 covers the runtime's ways of being gone", () => {
  const counts = Map.groupBy(ALL, ([, { code }]) => code);
  for (const [code, endings] of counts) {
    if (code !== 1001) assert.equal(endings.length, 1, String(code));
  }
  for (const [cause, { reconnect }] of counts.get(1001)!) {
    assert.notEqual(reconnect, "no", `${cause}: whoever is gone may come back`);
  }
});

Deno.test("each cause has a reason of its own that fits a Close frame", () => {
  const reasons = ALL.map(([, { reason }]) => reason);
  assert.equal(new Set(reasons).size, reasons.length);
  for (const reason of reasons) {
    const bytes = new TextEncoder().encode(reason).length;
    assert.ok(bytes > 0 && bytes <= 123, reason); // RFC 6455 §5.5: 125 less the code.
  }
});

Deno.test("every code may stand in a Close frame", () => {
  // RFC 6455 §7.4: 1004, 1005, 1006 and 1015 are never sent; 4000–4999 are private use.
  for (const [cause, { code }] of ALL) {
    const registered = [1001, 1009, 1011, 1013].includes(code);
    assert.ok(registered || (code >= 4_000 && code <= 4_999), cause);
  }
});
