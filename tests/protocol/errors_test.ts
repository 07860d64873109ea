import assert from "node:assert/strict";
import { ERROR_CODES, errorCodesOf, ERRORS, SOCKET_ERRORS } from "../../protocol/errors.ts";

Deno.test("an error that is retryable on REST is retryable on sockets, and the other way round", () => {
  for (const code of ERROR_CODES) {
    const entry = ERRORS[code];
    if (!("onSocket" in entry)) continue;
    assert.equal(SOCKET_ERRORS[entry.onSocket].retryable, entry.retryable, code);
  }
});

Deno.test("every meaning is a sentence", () => {
  for (const [code, { meaning }] of [...Object.entries(ERRORS), ...Object.entries(SOCKET_ERRORS)]) {
    assert.match(meaning, /^[A-Z].*\.$/, code);
    assert.equal(meaning.includes("|"), false, "tables of the documentation hold it");
  }
});

Deno.test("each dialect sends exactly its own codes", () => {
  assert.equal(errorCodesOf("v1").includes("unauthorized"), true);
  assert.equal((errorCodesOf("v2") as readonly string[]).includes("unauthorized"), false);
  assert.equal((errorCodesOf("collector") as readonly string[]).includes("not_found"), false);
  assert.deepEqual([...errorCodesOf("v1")].sort(), [
    "forbidden",
    "invalid_channels",
    "invalid_payload",
    "rate_limited",
    "too_large",
    "unauthorized",
    "unknown_action",
  ]);
});
