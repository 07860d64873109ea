import assert from "node:assert/strict";
import { TelemetryError } from "../../../../protocol/client/mod.ts";
import { describePresence } from "../../../../routes/pages/logic/presence.ts";

const LIVE = { status: "live", connectionId: "c1" } as const;

Deno.test("a connection is live as long as something was heard within two seconds", () => {
  assert.deepEqual(describePresence(LIVE, 300, 0), {
    tone: "live",
    word: "Live",
    detail: "heard 0.3 s ago",
  });
  const late = describePresence(LIVE, 2_000, 0);
  assert.deepEqual([late.tone, late.word], ["late", "Silent"]);
});

Deno.test("a connection that waits says why in words, and when it tries again", () => {
  const state = {
    status: "waiting",
    why: new TelemetryError("unreachable"),
    retryAt: 0,
  } as const;
  assert.deepEqual(describePresence(state, 9_000, 3_400), {
    tone: "lost",
    word: "Gateway away",
    detail: "next try in 4 s",
  });
  assert.equal(describePresence(state, 9_000, -5).detail, "trying now");
});

Deno.test("a connection that ended is never called anything else", () => {
  for (const code of ["unauthorized", "replaced", "disconnected", "protocol"] as const) {
    const why = new TelemetryError(code);
    const { tone, word } = describePresence({ status: "ended", why }, 0, 0);
    assert.equal(tone, "lost");
    assert.notEqual(word, "Live");
  }
});
