import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import {
  headerKeyOf,
  KEY_PROTOCOL_PREFIX,
  offeredProtocols,
  queryKeyOf,
  queryTicketOf,
  redactUrl,
} from "../../../routes/auth/credentials.ts";

const keyProtocol = (secret: string) =>
  KEY_PROTOCOL_PREFIX + Buffer.from(secret).toString("base64url");

function request(headers: Record<string, string>, path = "/ws/telemetry"): Request {
  return new Request(`http://localhost:8080${path}`, { headers });
}

/** The key that counts, as the authenticator looks for it. */
function credentialOf(request: Request, allowQuery: boolean): string | undefined {
  return headerKeyOf(request) ?? (allowQuery ? queryKeyOf(request) : undefined);
}

Deno.test("a ticket stands in the query alone, and an empty one is none", () => {
  assert.equal(queryTicketOf(request({}, "/ws/telemetry?clientId=a&ticket=t1")), "t1");
  assert.equal(queryTicketOf(request({}, "/ws/telemetry?ticket=")), undefined);
  assert.equal(queryTicketOf(request({}, "/ws/telemetry?tickets=t1")), undefined);
  assert.equal(queryTicketOf(request({ ticket: "t1" })), undefined);
});

Deno.test("a credential is found wherever the contract lets it stand", () => {
  const forms: readonly Request[] = [
    request({ "X-API-Key": "s3cret" }),
    request({ Authorization: "Bearer s3cret" }),
    request({ Authorization: "bearer   s3cret " }),
    request({ "Sec-WebSocket-Protocol": `telemetry.v1, ${keyProtocol("s3cret")}` }),
    request({ "Sec-WebSocket-Protocol": `${keyProtocol("s3cret")},telemetry.v1` }),
    request({}, "/ws/telemetry?apiKey=s3cret"),
  ];
  for (const form of forms) assert.equal(credentialOf(form, true), "s3cret");
  assert.equal(credentialOf(request({}), true), undefined);
});

Deno.test("headers go before the subprotocol, and the subprotocol before the query", () => {
  const headers = {
    "X-API-Key": "header",
    "Authorization": "Bearer bearer",
    "Sec-WebSocket-Protocol": keyProtocol("protocol"),
  };
  const order = ["header", "bearer", "protocol", "query"];
  for (const [first, expected] of order.entries()) {
    const left = Object.fromEntries(Object.entries(headers).slice(first));
    assert.equal(credentialOf(request(left, "/?apiKey=query"), true), expected);
  }
});

Deno.test("any key can be offered as a subprotocol, as unpadded base64url", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (secret) => {
    const name = keyProtocol(secret);
    assert.match(name, /^telemetry\.key\.[A-Za-z0-9_-]*$/);
    return credentialOf(request({ "Sec-WebSocket-Protocol": name }), false) === secret;
  }));
});

Deno.test("a key in the query counts with and without an Origin, and can be switched off", () => {
  const path = "/ws/telemetry?apiKey=s3cret";
  assert.equal(credentialOf(request({ Origin: "http://localhost:8080" }, path), true), "s3cret");
  assert.equal(credentialOf(request({}, path), true), "s3cret");
  assert.equal(credentialOf(request({}, path), false), undefined);
});

Deno.test("an empty header and another scheme than Bearer are no credential: the next place counts", () => {
  const headers: readonly Record<string, string>[] = [
    { "X-API-Key": "" },
    { "X-API-Key": "", Authorization: "" },
    { Authorization: "Basic dXNlcjpwYXNz" },
    { Authorization: "Negotiate" },
  ];
  for (const one of headers) {
    assert.equal(credentialOf(request(one), true), undefined, JSON.stringify(one));
    assert.equal(credentialOf(request(one, "/?apiKey=s3cret"), true), "s3cret");
    const offered = { ...one, "Sec-WebSocket-Protocol": keyProtocol("s3cret") };
    assert.equal(credentialOf(request(offered), true), "s3cret");
  }
});

Deno.test("a malformed credential is never taken for none", () => {
  const forms = [
    request({ Authorization: "Bearer" }),
    request({ Authorization: "Bearer  " }),
    request({ "Sec-WebSocket-Protocol": KEY_PROTOCOL_PREFIX }),
    request({ "Sec-WebSocket-Protocol": `${KEY_PROTOCOL_PREFIX}a` }),
    request({ "Sec-WebSocket-Protocol": `${KEY_PROTOCOL_PREFIX}*!~` }),
    request({}, "/?apiKey="),
  ];
  for (const form of forms) assert.notEqual(credentialOf(form, true), undefined);
});

Deno.test("what a handshake offers is listed without its credential", () => {
  const offered = (header: string) =>
    offeredProtocols(request({ "Sec-WebSocket-Protocol": header }));
  assert.deepEqual(offeredProtocols(request({})), { names: [], hasKey: false });
  assert.deepEqual(offered("telemetry.v1"), { names: ["telemetry.v1"], hasKey: false });
  assert.deepEqual(offered("a,telemetry.v1 , b"), {
    names: ["a", "telemetry.v1", "b"],
    hasKey: false,
  });
  assert.deepEqual(offered(`${keyProtocol("k")},telemetry.v1`), {
    names: ["telemetry.v1"],
    hasKey: true,
  });
  assert.deepEqual(offered(keyProtocol("k")), { names: [], hasKey: true });
});

Deno.test("a URL is written without its credentials, and otherwise as it is", () => {
  const base = "http://localhost:8080/ws/telemetry";
  const redacted: Record<string, string> = {
    [`${base}?apiKey=s3cret`]: `${base}?apiKey=REDACTED`,
    [`${base}?a=1&apiKey=s3cret&b=2`]: `${base}?a=1&apiKey=REDACTED&b=2`,
    [`${base}?ticket=s3cret`]: `${base}?ticket=REDACTED`,
    [`${base}?APIKEY=s3cret`]: `${base}?APIKEY=REDACTED`,
    [`${base}?apiKey=s3cret&apiKey=s3cret`]: `${base}?apiKey=REDACTED&apiKey=REDACTED`,
    [`${base}?clientId=desk&channels=positions`]: `${base}?clientId=desk&channels=positions`,
    [base]: base,
  };
  for (const [url, expected] of Object.entries(redacted)) assert.equal(redactUrl(url), expected);
});

Deno.test("whatever way of writing the query hands over a key, the redacted URL does not show it", () => {
  const names = ["apiKey", "api%4Bey", "%61piKey", "apiK%65y", "%61%70%69%4b%65%79"];
  for (const name of names) {
    const path = `/ws/telemetry?clientId=desk&${name}=s3cret`;
    assert.equal(credentialOf(request({}, path), true), "s3cret", name);
    assert.doesNotMatch(redactUrl(`http://localhost:8080${path}`), /s3cret/, name);
  }
});
