import assert from "node:assert/strict";
import {
  carriedSession,
  endedSessionCookie,
  foreignUseOf,
  mustBeSecure,
  sessionCookie,
} from "../../../routes/auth/session_cookie.ts";

function request(headers: Record<string, string>, init: RequestInit = {}, scheme = "http") {
  const host = headers["Host"] ?? "desk.example:8080";
  return new Request(`${scheme}://${host}/api/v1/session`, {
    ...init,
    headers: { Host: host, ...headers },
  });
}

const NAME = "telemetry_session_8080";
const OWN = { Origin: "http://desk.example:8080" };

Deno.test("the cookie is kept from scripts, other sites and, over TLS, from plain text", () => {
  const token = "id.signature";
  assert.equal(
    sessionCookie(request({}), { token, secure: false }),
    `${NAME}=id.signature; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict`,
  );
  const secure = sessionCookie(request({}), { token, secure: true });
  assert.match(secure, /^telemetry_session_8080=id\.signature\.s; .*; Secure/);
  const sent = request({ Cookie: secure.split(";")[0]! });
  assert.deepEqual(carriedSession(sent), { token, secure: true });
  assert.match(endedSessionCookie(sent), /^telemetry_session_8080=; Max-Age=0; .*Secure/);
});

Deno.test("the cookies of two gateways on one host do not take each other's place", () => {
  const Cookie = "telemetry_session=a; telemetry_session_8080=b; telemetry_session_9090=c";
  const tokenAt = (Host: string) => carriedSession(request({ Host, Cookie }))?.token;
  assert.deepEqual(["h:8080", "h:9090", "h", "h:1"].map(tokenAt), ["b", "c", "a", undefined]);
  assert.equal(carriedSession(request({ Cookie: "other=1" })), undefined);
  assert.equal(carriedSession(request({ Cookie: `${NAME}=` })), undefined);
});

Deno.test("a cookie is for TLS alone where the client or its page speaks it", () => {
  assert.equal(mustBeSecure(request(OWN), { secure: false }), false);
  assert.equal(mustBeSecure(request(OWN), { secure: true }), true);
  assert.equal(mustBeSecure(request({ Origin: "https://desk.example" }), {}), true);
});

const UPGRADE = { Upgrade: "websocket" };
const COUNTS: Record<string, Request> = {
  "reading by our own page, as old browsers ask": request({}),
  "reading by our own page": request({ "Sec-Fetch-Site": "same-origin" }),
  "an address that somebody typed": request({ "Sec-Fetch-Site": "none" }),
  "a handshake of our own page": request({ ...UPGRADE, ...OWN }),
  "changing something from our own page": request(OWN, { method: "DELETE" }),
  "a page behind a proxy with TLS": request({
    Host: "desk.example",
    Origin: "https://desk.example",
  }),
};
for (const [name, one] of Object.entries(COUNTS)) {
  Deno.test(`a session counts for ${name}`, () => assert.equal(foreignUseOf(one), undefined));
}

const FOREIGN = { Origin: "http://desk.example:3000" };
const COUNTS_NOT: Record<string, Request> = {
  "reading by a page of another port": request(FOREIGN),
  "reading by a page of another port without Origin": request({ "Sec-Fetch-Site": "same-site" }),
  "reading by another site": request({ "Sec-Fetch-Site": "cross-site" }),
  "a handshake of a page of another port": request({ ...UPGRADE, ...FOREIGN }),
  "a handshake without Origin": request(UPGRADE),
  "a handshake that somebody typed": request({ ...UPGRADE, "Sec-Fetch-Site": "none" }),
  "changing something without a sign of the page": request({}, { method: "POST" }),
  "changing something from another port": request(FOREIGN, { method: "POST" }),
  "a page without an origin": request({ Origin: "null" }),
  "a page in plain text of a gateway with TLS": request(
    { Host: "desk.example", Origin: "http://desk.example" },
    {},
    "https",
  ),
};
for (const [name, one] of Object.entries(COUNTS_NOT)) {
  Deno.test(`a session does not count for ${name}`, () => {
    assert.match(foreignUseOf(one) ?? "", /session counts/);
  });
}
