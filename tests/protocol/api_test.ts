import assert from "node:assert/strict";
import {
  ClientsQuery,
  DisconnectQuery,
  errorEnvelope,
  MAX_BAN_SECONDS,
  MAX_CLIENTS_PAGE,
  successEnvelope,
} from "../../protocol/api.ts";
import { ERRORS } from "../../protocol/errors.ts";

const NOON = Date.parse("2026-01-31T12:00:00Z");

Deno.test("an answer is wrapped as the contract says", () => {
  assert.equal(
    JSON.stringify(successEnvelope({ n: 1 }, NOON)),
    '{"success":true,"data":{"n":1},"timestamp":"2026-01-31T12:00:00.000Z"}',
  );
});

Deno.test("an error is wrapped as the contract says, with details only when there are some", () => {
  assert.equal(
    JSON.stringify(errorEnvelope("CLIENT_NOT_FOUND", "gone", NOON, { id: "c" })),
    '{"success":false,"error":{"code":"CLIENT_NOT_FOUND","message":"gone","details":{"id":"c"}},' +
      '"timestamp":"2026-01-31T12:00:00.000Z"}',
  );
  assert.equal("details" in errorEnvelope("CLIENT_NOT_FOUND", "gone", NOON).error, false);
});

Deno.test("every error code has an error status", () => {
  for (const [code, { status }] of Object.entries(ERRORS)) {
    assert.ok(status >= 400 && status <= 599, code);
  }
});

Deno.test("a list without a limit is the largest page", () => {
  assert.deepEqual(ClientsQuery.parse({}), { limit: MAX_CLIENTS_PAGE });
  assert.equal(ClientsQuery.safeParse({ limit: String(MAX_CLIENTS_PAGE) }).success, true);
});

Deno.test("queries outside their bounds are faults", () => {
  for (const limit of ["0", "-1", "1.5", "x", String(MAX_CLIENTS_PAGE + 1)]) {
    assert.equal(ClientsQuery.safeParse({ limit }).success, false, limit);
  }
  assert.equal(ClientsQuery.safeParse({ state: "asleep" }).success, false);
  for (const banSeconds of ["-1", "0.5", "x", String(MAX_BAN_SECONDS + 1)]) {
    assert.equal(DisconnectQuery.safeParse({ banSeconds }).success, false, banSeconds);
  }
  assert.equal(DisconnectQuery.safeParse({ reason: "x".repeat(257) }).success, false);
  assert.deepEqual(DisconnectQuery.parse({ banSeconds: "60", reason: "r" }), {
    banSeconds: 60,
    reason: "r",
  });
});
