import assert from "node:assert/strict";
import { accessInMemory } from "../../../actors/access/access.ts";
import { SESSION_MILLIS } from "../../../actors/access/sessions.ts";
import { Config } from "../../../protocol/config.ts";
import { type ApiKey, apiKey, KeyRing } from "../../../routes/auth/api_keys.ts";
import { assertError } from "../../support/envelopes.ts";
import {
  type FakeGateway,
  HANDSHAKE,
  OPS_SECRET,
  withGateway,
} from "../../support/fake_gateway.ts";
import { cookieOf, OWN_ORIGIN, signIn } from "../../support/sign_in.ts";
import { TEST_EPOCH, TestClock } from "../../support/test_clock.ts";

const SESSION = "/api/v1/session";
const OPS = apiKey("ops", OPS_SECRET);
const DESK = apiKey("desk", "desk-secret", {
  scopes: new Set(["subscribe"]),
  channels: new Set(["positions"]),
  traders: new Set(["42"]),
});
const DEVELOPMENT = apiKey("development", "dev-secret", { loopbackOnly: true });

/** Keys that a test can revoke. */
class Keys extends KeyRing {
  readonly revoked = new Set<ApiKey>();

  override current(name: string, secretId: string): ApiKey | undefined {
    const key = super.current(name, secretId);
    return key !== undefined && this.revoked.has(key) ? undefined : key;
  }
}

const newKeys = () => new Keys([OPS, DESK, DEVELOPMENT]);

// deno-lint-ignore no-explicit-any -- answers are asserted on, not typed
async function dataOf(answer: Response, status = 200): Promise<any> {
  assert.equal(answer.status, status, await answer.clone().text());
  return (await answer.json()).data;
}

async function fails(answer: Response, status: number, code: string) {
  const body = await answer.json();
  assertError({ status: answer.status, body }, status, code);
  return { message: body.error.message as string, cookie: answer.headers.get("set-cookie") };
}

function begin(fake: FakeGateway, body: unknown, headers: Record<string, string> = {}) {
  const all = { "Content-Type": "application/json", Origin: OWN_ORIGIN, ...headers };
  const init = { method: "POST", headers: all, body: JSON.stringify(body) };
  return fake.request(SESSION, init, null);
}

Deno.test("a key begins a session, which says who one is and until when", async () => {
  await withGateway({ keys: newKeys() }, async (fake) => {
    const answer = await fake.request(SESSION, { method: "POST" }, "desk-secret");
    const expected = {
      principal: "desk",
      authenticated: true,
      scopes: ["subscribe"],
      channels: ["positions"],
      traders: ["42"],
      portfolio: false,
      secretId: DESK.secretId,
      expiresAt: new Date(TEST_EPOCH + SESSION_MILLIS).toISOString(),
    };
    assert.deepEqual(await dataOf(answer), expected);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    const field = answer.headers.get("set-cookie")!;
    assert.match(field, /; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
    const again = await fake.request(SESSION, { headers: { Cookie: cookieOf(answer) } }, null);
    assert.deepEqual(await dataOf(again), expected);
    assert.equal(again.headers.get("cache-control"), "no-store");
    assert.equal(again.headers.get("set-cookie"), field, "each use hands it on for 12 hours");
  });
});

Deno.test("a session has the scopes of its key, no more, on every route", async () => {
  await withGateway({ keys: newKeys() }, async (fake) => {
    const headers = await signIn(fake, "desk-secret");
    await dataOf(await fake.request("/api/v1/telemetry/positions/snapshot", { headers }, null));
    const stats = await fake.request("/api/v1/websocket/stats", { headers }, null);
    await fails(stats, 403, "FORBIDDEN");
    const foreign = await fake.request("/api/v1/telemetry/market-data/snapshot", { headers }, null);
    await fails(foreign, 403, "FORBIDDEN");
  });
});

Deno.test("whoever has no session is told so, without a line in the log for a page that asks", async () => {
  await withGateway({ keys: newKeys() }, async (fake) => {
    const asked = await fails(await fake.request(SESSION, {}, null), 401, "API_KEY_MISSING");
    assert.match(asked.message, /X-API-Key/);
    await fails(await fake.request(SESSION, { method: "DELETE" }, null), 401, "API_KEY_MISSING");
    await fails(await begin(fake, {}), 401, "API_KEY_MISSING");
    await fails(await fake.request(SESSION, {}, "wrong"), 401, "API_KEY_INVALID");
    assert.deepEqual(
      fake.log.find({ message: "request refused" }).map(({ properties }) => {
        const { code, path } = properties;
        return [code, path];
      }),
      [["API_KEY_MISSING", SESSION], ["API_KEY_INVALID", SESSION]],
    );
  });
});

Deno.test("a program may ask who its key is", async () => {
  await withGateway({ keys: newKeys() }, async (fake) => {
    const { principal, expiresAt } = await dataOf(await fake.request(SESSION));
    assert.deepEqual([principal, expiresAt], ["ops", undefined]);
    const answer = await fake.request(SESSION, { method: "DELETE" });
    await fails(answer, 404, "NO_SESSION");
  });
});

Deno.test("a session that was not used for 12 hours says so once, and its cookie is taken away", async () => {
  // A clock of its own: that of the gateway has something to do four times a second.
  const clock = new TestClock();
  const access = accessInMemory(Config.parse({}), clock);
  await withGateway({ keys: newKeys(), deps: { access } }, async (fake) => {
    const headers = await signIn(fake);
    clock.advance(SESSION_MILLIS);
    const late = await fake.request(SESSION, { headers }, null);
    const { message, cookie } = await fails(late, 401, "API_KEY_INVALID");
    assert.match(message, /not used for 12 hours; sign in again/);
    assert.match(cookie ?? "", /^telemetry_session_8080=; Max-Age=0;/);
  });
});

Deno.test("signing out ends the session, its cookie and the connections made from it, no others", async () => {
  await withGateway({ keys: newKeys() }, async (fake) => {
    const headers = await signIn(fake);
    const { sessionId, ...ops } = await principalOf(fake, headers);
    assert.match(sessionId ?? "", /^[0-9a-f]{16}$/);
    const page = fake.connect({ principal: { ...ops, sessionId: sessionId! } });
    const other = fake.connect({ principal: { ...ops, sessionId: "0123456789abcdef" } });
    const program = fake.connect({ principal: ops });
    const answer = await fake.request(SESSION, { method: "DELETE", headers }, null);
    assert.deepEqual(await dataOf(answer), { ended: true, connections: 1 });
    assert.match(answer.headers.get("set-cookie")!, /^telemetry_session_8080=; Max-Age=0;/);
    await fake.clock.advanceAsync(2_000);
    assert.deepEqual(page.socket.closings, [{ code: 4401, reason: "signed out" }]);
    assert.deepEqual([other.socket.closings, program.socket.closings], [[], []]);
    const { message } = await fails(
      await fake.request(SESSION, { headers }, null),
      401,
      "API_KEY_INVALID",
    );
    assert.match(message, /the session has ended/);
  });
});

/** The principal of a request, as the authenticator sees it. */
async function principalOf(fake: FakeGateway, headers: HeadersInit) {
  const { socket, principal } = await handshake(fake, headers);
  socket.end("disconnected");
  return principal;
}

/** A handshake with these headers, as far as the runtime's upgrade, which fails without a listener. */
async function handshake(fake: FakeGateway, headers: HeadersInit) {
  const seen: ReturnType<FakeGateway["hub"]["connectionsOf"]>[number][] = [];
  const { hub } = fake;
  const admit = hub.admit.bind(hub);
  hub.admit = (peer) => {
    const admitted = admit(peer);
    if (admitted.ok) seen.push(admitted.connection);
    return admitted;
  };
  await fake.request("/ws/telemetry", { headers: { ...HANDSHAKE, ...headers } }, null);
  hub.admit = admit;
  assert.equal(seen.length, 1, "the handshake was refused");
  return { socket: seen[0]!, principal: seen[0]!.peer.principal };
}

Deno.test("a page of another origin cannot use the session, not even one that is allowed", async () => {
  const config = { security: { allowedOrigins: ["http://localhost:3000"] } };
  await withGateway({ keys: newKeys(), config }, async (fake) => {
    const { Cookie } = await signIn(fake);
    const headers = { Cookie, Origin: "http://localhost:3000" };
    for (const path of [SESSION, "/api/v1/websocket/tickets", "/api/v1/websocket/drain"]) {
      const method = path === SESSION ? "DELETE" : "POST";
      const answer = await fake.request(path, { method, headers }, null);
      const { message, cookie } = await fails(answer, 401, "API_KEY_INVALID");
      assert.match(message, /own pages alone/);
      assert.equal(cookie, null, "and cannot sign anybody out");
    }
    const shake = await fake.request(
      "/ws/telemetry",
      { headers: { ...HANDSHAKE, ...headers } },
      null,
    );
    await fails(shake, 401, "API_KEY_INVALID");
    assert.equal(fake.drains, 0);
    await dataOf(await fake.request(SESSION, { headers: { Cookie } }, null));
    const beginning = await fake.request(SESSION, { method: "POST", headers }, OPS_SECRET);
    await fails(beginning, 403, "ORIGIN_NOT_ALLOWED");
  });
});

Deno.test("without the Origin that browsers send, a session opens no socket and changes nothing", async () => {
  await withGateway({ keys: newKeys() }, async (fake) => {
    const { Cookie } = await signIn(fake);
    const shake = { headers: { ...HANDSHAKE, Cookie } };
    await fails(await fake.request("/ws/telemetry", shake, null), 401, "API_KEY_INVALID");
    const drain = { method: "POST", headers: { Cookie } };
    const answer = await fake.request("/api/v1/websocket/drain", drain, null);
    await fails(answer, 401, "API_KEY_INVALID");
    assert.equal(fake.drains, 0);
  });
});

Deno.test("revoking a key ends its sessions, whose pages learn why", async () => {
  const keys = newKeys();
  await withGateway({ keys }, async (fake) => {
    const headers = await signIn(fake);
    keys.revoked.add(OPS);
    const first = await fails(
      await fake.request(SESSION, { headers }, null),
      401,
      "API_KEY_INVALID",
    );
    assert.match(first.message, /revoked or has expired/);
    assert.match(first.cookie ?? "", /Max-Age=0/);
    keys.revoked.clear();
    const { message } = await fails(
      await fake.request(SESSION, { headers }, null),
      401,
      "API_KEY_INVALID",
    );
    assert.match(message, /the session has ended/, "it does not come back");
  });
});

Deno.test("the session of the development key counts where that key does", async () => {
  await withGateway({ keys: newKeys() }, async (fake) => {
    const headers = await signIn(fake, "dev-secret");
    const proxied = { headers: { ...headers, Via: "1.1 proxy" } };
    const { cookie } = await fails(
      await fake.request(SESSION, proxied, null),
      401,
      "API_KEY_INVALID",
    );
    assert.equal(cookie, null);
    await dataOf(await fake.request(SESSION, { headers }, null));
  });
});

Deno.test("a ticket begins a session, once, and the session a page has does not stand in its way", async () => {
  await withGateway({ keys: newKeys() }, async (fake) => {
    const { ticket } = await dataOf(
      await fake.request("/api/v1/websocket/tickets", { method: "POST" }, "desk-secret"),
    );
    const { Cookie } = await signIn(fake);
    const answer = await begin(fake, { ticket }, { Cookie });
    assert.equal((await dataOf(answer)).principal, "desk");
    const { message } = await fails(await begin(fake, { ticket }), 401, "API_KEY_INVALID");
    assert.match(message, /used before/);
    const before = await fake.request(SESSION, { headers: { Cookie } }, null);
    await fails(before, 401, "API_KEY_INVALID");
  });
});

Deno.test("signing in again with the same key goes on with the session, connections and all", async () => {
  await withGateway({ keys: newKeys() }, async (fake) => {
    const headers = await signIn(fake);
    const again = await fake.request(SESSION, { method: "POST", headers }, OPS_SECRET);
    assert.equal(cookieOf(again), headers.Cookie);
  });
});

Deno.test("a link's ticket begins a session on this machine alone, and opens nothing else", async () => {
  const clock = new TestClock();
  const access = accessInMemory(Config.parse({}), clock);
  await withGateway({ keys: newKeys(), deps: { access } }, async (fake) => {
    const grant = { name: "development", secretId: DEVELOPMENT.secretId };
    const { ticket } = access.tickets.issue(grant, "link") as { ticket: string };
    const path = `/api/v1/websocket/stats?ticket=${ticket}`;
    await fails(await fake.request(path, {}, null), 401, "API_KEY_INVALID");
    await fails(await begin(fake, { ticket }, { Via: "1.1 proxy" }), 401, "API_KEY_INVALID");
    assert.equal((await dataOf(await begin(fake, { ticket }))).principal, "development");
  });
});

Deno.test("an anonymous client has no session, and is told who it is", async () => {
  const config = { security: { anonymousScopes: ["subscribe"] } };
  await withGateway({ keys: newKeys(), config }, async (fake) => {
    const { principal, authenticated } = await dataOf(await fake.request(SESSION, {}, null));
    assert.deepEqual([principal, authenticated], ["anonymous", false]);
    await fails(await begin(fake, {}), 401, "API_KEY_MISSING");
  });
});

Deno.test("sessions of a key are bounded, and the answer names the option", async () => {
  await withGateway(
    { keys: newKeys(), config: { security: { maxSessionsPerKey: 2 } } },
    async (fake) => {
      const headers = await signIn(fake);
      await signIn(fake);
      const third = await fake.request(SESSION, { method: "POST" });
      assert.equal(third.headers.get("retry-after"), "60");
      const { message, cookie } = await fails(third, 429, "TOO_MANY_SESSIONS");
      assert.match(message, /security\.maxSessionsPerKey/);
      assert.equal(cookie, null);
      await signIn(fake, "desk-secret");
      await fake.request(SESSION, { method: "DELETE", headers }, null);
      await signIn(fake);
    },
  );
});

const BODIES: readonly (readonly [name: string, body: string, type: string, code: string])[] = [
  ["no JSON", "{", "application/json", "INVALID_REQUEST"],
  ["no object", "[]", "application/json", "INVALID_REQUEST"],
  ["another field", '{"key":"s3cret"}', "application/json", "INVALID_REQUEST"],
  ["no text", '{"ticket":1}', "application/json", "INVALID_REQUEST"],
  ["a long ticket", `{"ticket":"${"x".repeat(129)}"}`, "application/json", "INVALID_REQUEST"],
  ["a large body", `{"ticket":"${"x".repeat(2_000)}"}`, "application/json", "PAYLOAD_TOO_LARGE"],
  ["a form", "ticket=x", "application/x-www-form-urlencoded", "UNSUPPORTED_MEDIA_TYPE"],
  ["plain text, as a foreign form sends it", "{}", "text/plain", "UNSUPPORTED_MEDIA_TYPE"],
];
for (const [name, body, type, code] of BODIES) {
  Deno.test(`nobody signs in with ${name}, and nothing of it is repeated`, async () => {
    await withGateway({ keys: newKeys() }, async (fake) => {
      const headers = { "Content-Type": type };
      const answer = await fake.request(SESSION, { method: "POST", headers, body }, null);
      const text = await answer.clone().text();
      assert.equal((await answer.json()).error.code, code);
      assert.ok(!/s3cret|xxxx/.test(text));
    });
  });
}

Deno.test("what is written about sessions holds no token, and metrics count them", async () => {
  await withGateway({ keys: newKeys() }, async (fake) => {
    const { Cookie } = await signIn(fake);
    const metrics = await (await fake.request("/metrics")).text();
    assert.match(metrics, /^autotrader_telemetry_sessions 1$/m);
    await fake.request(
      SESSION,
      { method: "DELETE", headers: { Cookie, Origin: OWN_ORIGIN } },
      null,
    );
    const lines = JSON.stringify(fake.log.lines);
    assert.match(lines, /session begun.*session ended/);
    for (const part of Cookie.split("=")[1]!.split(".")) assert.ok(!lines.includes(part));
  });
});
