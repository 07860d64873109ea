/**
 * Keys for pages that may do less than everything.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";

/** Makes a key; returns its secret. */
export async function createKey(gateway: GatewayProcess, draft: object): Promise<string> {
  const answer = await new HttpApi(gateway).request("/api/v1/keys", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(draft),
  });
  assert.equal(answer.status, 201, answer.text);
  return answer.body["data"].secret;
}

/** Revokes a key. */
export async function revokeKey(gateway: GatewayProcess, name: string): Promise<void> {
  const answer = await new HttpApi(gateway).request(`/api/v1/keys/${name}`, { method: "DELETE" });
  assert.equal(answer.status, 200, answer.text);
}
