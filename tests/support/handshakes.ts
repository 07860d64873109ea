/**
 * Handshakes of the two WebSocket endpoints, for tests of their routes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { assertError } from "./envelopes.ts";
import { type FakeGateway, HANDSHAKE, OPS_SECRET } from "./fake_gateway.ts";

/** The key of `ops` as a subprotocol. */
export const KEY_PROTOCOL = `telemetry.key.${Buffer.from(OPS_SECRET).toString("base64url")}`;

/** Sends a handshake; `secret` is that of `ops` when absent, `null` for none. */
export type Shake = (
  fake: FakeGateway,
  headers?: Readonly<Record<string, string>>,
  query?: string,
  secret?: string | null,
) => Promise<Response>;

/** Handshakes with the endpoint of a path. */
export function handshakesWith(path: string): Shake {
  return (fake, headers = {}, query = "", secret = OPS_SECRET) =>
    fake.request(`${path}${query}`, { headers: { ...HANDSHAKE, ...headers } }, secret);
}

/** What was logged of connections: nothing, when nobody took a seat. */
export function seatsTaken(fake: FakeGateway) {
  return fake.log.lines.filter(({ message }) => message !== "handshake refused");
}

/** Asserts that an answer is an error. */
export async function assertRefused(answer: Response, status: number, code: string) {
  return assertError({ status: answer.status, body: await answer.json() }, status, code);
}

/**
 * Asserts that a handshake was admitted. The runtime upgrades a request that no listener accepted as
 * well; its socket never opens.
 */
export function assertAdmitted(fake: FakeGateway, answer: Response): void {
  assert.equal(answer.status, 101);
  assert.equal(fake.hub.stats().connecting, 1);
}
