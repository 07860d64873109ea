/**
 * Signs a page in at a gateway in memory.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { FakeGateway } from "./fake_gateway.ts";
import { OPS_SECRET } from "./fake_gateway.ts";

/** The origin of the gateway's own pages. */
export const OWN_ORIGIN = "http://localhost:8080";

/** What a page sends with each request: its origin and the cookie of its session. */
export interface PageHeaders extends Record<string, string> {
  readonly Origin: string;
  readonly Cookie: string;
}

/** The cookie that an answer sets, as it is sent back. */
export function cookieOf(answer: Response): string {
  const field = answer.headers.get("set-cookie");
  assert.ok(field !== null, "no cookie was set");
  return field.split(";")[0]!;
}

/** Begins a session with a key, and returns the headers of its page. */
export async function signIn(fake: FakeGateway, secret = OPS_SECRET): Promise<PageHeaders> {
  const init = { method: "POST", headers: { Origin: OWN_ORIGIN } };
  const answer = await fake.request("/api/v1/session", init, secret);
  assert.equal(answer.status, 200, await answer.clone().text());
  return { Origin: OWN_ORIGIN, Cookie: cookieOf(answer) };
}
