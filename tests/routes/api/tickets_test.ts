import assert from "node:assert/strict";
import { TICKET_MILLIS } from "../../../actors/access/tickets.ts";
import type { Connection } from "../../../actors/connection/actor.ts";
import { apiKey, KeyRing } from "../../../routes/auth/api_keys.ts";
import { assertError } from "../../support/envelopes.ts";
import {
  type FakeGateway,
  HANDSHAKE,
  OPS_SECRET,
  withGateway,
} from "../../support/fake_gateway.ts";
import { signIn } from "../../support/sign_in.ts";
import { TEST_EPOCH } from "../../support/test_clock.ts";

const TICKETS = "/api/v1/websocket/tickets";
const keys = new KeyRing([
  apiKey("ops", OPS_SECRET),
  apiKey("desk", "desk-secret", { scopes: new Set(["subscribe"]) }),
]);

async function ticketFor(fake: FakeGateway, secret: string | null = OPS_SECRET, init = {}) {
  const answer = await fake.request(TICKETS, { method: "POST", ...init }, secret);
  assert.equal(answer.status, 200, await answer.clone().text());
  assert.equal(answer.headers.get("cache-control"), "no-store");
  return (await answer.json()).data as { ticket: string; expiresAt: string };
}

async function statusWith(fake: FakeGateway, ticket: string): Promise<number> {
  const path = `/api/v1/websocket/stats?ticket=${ticket}`;
  const answer = await fake.request(path, {}, null);
  if (answer.status === 401) {
    assertError({ status: 401, body: await answer.json() }, 401, "API_KEY_INVALID");
  }
  return answer.status;
}

Deno.test("a ticket counts once, with the scopes of the key that asked for it", async () => {
  await withGateway({ keys }, async (fake) => {
    const { ticket, expiresAt } = await ticketFor(fake);
    assert.equal(expiresAt, new Date(TEST_EPOCH + TICKET_MILLIS).toISOString());
    assert.deepEqual([await statusWith(fake, ticket), await statusWith(fake, ticket)], [200, 401]);
    const { ticket: narrow } = await ticketFor(fake, "desk-secret");
    assert.equal(await statusWith(fake, narrow), 403);
    assert.equal(await statusWith(fake, narrow), 401, "a refused use is one, too");
  });
});

Deno.test("a ticket of a minute ago, an unknown and a changed one are none", async () => {
  await withGateway({ keys }, async (fake) => {
    const { ticket } = await ticketFor(fake);
    assert.equal(await statusWith(fake, "unknown"), 401);
    assert.equal(await statusWith(fake, ticket.toLowerCase() + "x"), 401);
    await fake.clock.advanceAsync(TICKET_MILLIS);
    assert.equal(await statusWith(fake, ticket), 401);
  });
});

Deno.test("a page gets a ticket with its session", async () => {
  await withGateway({ keys }, async (fake) => {
    const { ticket } = await ticketFor(fake, null, { headers: await signIn(fake) });
    assert.equal(await statusWith(fake, ticket), 200);
  });
});

Deno.test("a key in a header goes before a ticket, which stays as it is", async () => {
  await withGateway({ keys }, async (fake) => {
    const { ticket } = await ticketFor(fake);
    const path = `/api/v1/websocket/stats?ticket=${ticket}`;
    assert.equal((await fake.request(path, {}, "desk-secret")).status, 403);
    assert.equal(await statusWith(fake, ticket), 200);
  });
});

Deno.test("the tickets of a key that wait are bounded, and the answer names the option", async () => {
  await withGateway({ keys, config: { security: { maxTicketsPerKey: 2 } } }, async (fake) => {
    const { ticket } = await ticketFor(fake);
    await ticketFor(fake);
    const answer = await fake.request(TICKETS, { method: "POST" });
    assert.equal(answer.headers.get("retry-after"), "60");
    const body = await answer.json();
    assertError({ status: answer.status, body }, 429, "TOO_MANY_TICKETS");
    assert.match(body.error.message, /security\.maxTicketsPerKey/);
    await ticketFor(fake, "desk-secret");
    assert.equal(await statusWith(fake, ticket), 200);
    await ticketFor(fake);
    const metrics = await (await fake.request("/metrics")).text();
    assert.match(metrics, /^autotrader_telemetry_tickets 3$/m);
    assert.match(metrics, /^autotrader_telemetry_tickets_issued_total 4$/m);
    assert.match(metrics, /^autotrader_telemetry_tickets_used_total 1$/m);
  });
});

Deno.test("a ticket that a page got ends with its session, and so do connections made from it", async () => {
  await withGateway({ keys }, async (fake) => {
    const headers = await signIn(fake);
    const { ticket } = await ticketFor(fake, null, { headers });
    const { ticket: used } = await ticketFor(fake, null, { headers });
    const shake = { headers: HANDSHAKE };
    const admitted: Connection[] = [];
    const { hub } = fake;
    const admit = hub.admit.bind(hub);
    hub.admit = (peer) => {
      const answer = admit(peer);
      if (answer.ok) admitted.push(answer.connection);
      return answer;
    };
    await fake.request(`/ws/telemetry?ticket=${used}`, shake, null);
    const { principal } = admitted[0]!.peer;
    const { socket } = fake.connect({ principal });
    await fake.request("/api/v1/session", { method: "DELETE", headers }, null);
    await fake.clock.advanceAsync(2_000);
    assert.deepEqual(socket.codes, [4401]);
    assert.equal(await statusWith(fake, ticket), 401);
  });
});

Deno.test("a page that came by a ticket signs nobody out whose cookie the browser sends along", async () => {
  const config = { security: { allowedOrigins: ["http://localhost:3000"] } };
  await withGateway({ keys, config }, async (fake) => {
    const { Cookie } = await signIn(fake);
    const { ticket } = await ticketFor(fake, null, { headers: await signIn(fake) });
    const headers = { Cookie, Origin: "http://localhost:3000" };
    const path = `/api/v1/session?ticket=${ticket}`;
    const answer = await fake.request(path, { method: "DELETE", headers }, null);
    const body = await answer.json();
    assertError({ status: answer.status, body }, 404, "NO_SESSION");
    assert.equal(answer.headers.get("set-cookie"), null);
    assert.equal(
      (await fake.request("/api/v1/session", { headers: { Cookie } }, null)).status,
      200,
    );
  });
});
