import assert from "node:assert/strict";
import { isAllowedOrigin, loopbackFault, type OriginRules } from "../../../routes/auth/origin.ts";

const LOCAL: OriginRules = { host: "127.0.0.1", publicHosts: [], allowedOrigins: [] };

/** A request as the runtime hands it over, with the text of its `Host`. */
function received(host: string, headers: HeadersInit = {}): Request {
  const request = new Request(`http://${host}/`, { headers });
  request.headers.set("host", host);
  return request;
}

function allows(origin: string | undefined, host: string, rules: OriginRules = LOCAL): boolean {
  const headers: HeadersInit = origin === undefined ? {} : { Origin: origin };
  return isAllowedOrigin(received(host, headers), rules);
}

function isLocal(host: string, headers: HeadersInit = {}, rules: OriginRules = LOCAL): boolean {
  return loopbackFault(received(host, headers), rules) === undefined;
}

Deno.test("a page of the gateway itself may use it, whether TLS ends at a proxy or not", () => {
  assert.equal(allows(undefined, "localhost:8080"), true);
  assert.equal(allows("http://localhost:8080", "localhost:8080"), true);
  assert.equal(allows("https://desk.example", "desk.example"), true);
  assert.equal(allows("https://desk.example:8443", "desk.example:8443"), true);
});

Deno.test("the default port of a scheme may be written or not, in Origin and in Host", () => {
  assert.equal(allows("https://desk.example", "desk.example:443"), true);
  assert.equal(allows("https://desk.example:443", "desk.example"), true);
  assert.equal(allows("http://desk.example", "desk.example:80"), true);
  assert.equal(allows("http://desk.example:80", "desk.example"), true);
  assert.equal(allows("https://desk.example", "desk.example:80"), false);
  assert.equal(allows("http://desk.example", "desk.example:443"), false);
});

Deno.test("a foreign page may not", () => {
  const origins = [
    "http://evil.example",
    "http://localhost:3000",
    "http://127.0.0.1:8080",
    "http://localhost",
    "app://localhost:8080",
    "http://user@localhost:8080",
    "http://localhost:8080/",
    "localhost:8080",
    "null",
    "",
    "file://",
  ];
  for (const origin of origins) {
    assert.equal(allows(origin, "localhost:8080"), false, JSON.stringify(origin));
  }
});

Deno.test("an allowed origin may, and no other; its default port may be written or not", () => {
  const allowedOrigins = ["https://desk.example", "app://desk", "https://port.example:443"];
  const rules = { ...LOCAL, allowedOrigins };
  const allowed = (origin: string) => allows(origin, "localhost:8080", rules);
  for (const origin of [...allowedOrigins, "https://desk.example:443", "https://port.example"]) {
    assert.equal(allowed(origin), true, origin);
  }
  const others = ["http://desk.example", "https://desk.example:8443", "http://port.example:443"];
  for (const origin of [...others, "https://desk.example.evil.example", "app://desk:443"]) {
    assert.equal(allowed(origin), false, origin);
  }
});

Deno.test("loopback is a loopback bind, a loopback Host and nobody who forwards", () => {
  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    assert.equal(isLocal(`${host}:8080`), true, host);
  }
  assert.equal(isLocal("localhost:8080", {}, { ...LOCAL, host: "0.0.0.0" }), false);
  assert.equal(isLocal("localhost:8080", {}, { ...LOCAL, host: "10.0.0.5" }), false);
  const rules = { ...LOCAL, publicHosts: ["desk.example"] };
  assert.equal(isLocal("desk.example", {}, rules), false);
});

Deno.test("every header of a proxy takes the privileges of loopback away", () => {
  const headers = [
    ...["Forwarded", "X-Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"],
    ...["X-Original-Forwarded-For", "Via", "CDN-Loop", "X-Envoy-External-Address"],
    ...[
      "X-Real-IP",
      "X-Client-IP",
      "X-Cluster-Client-IP",
      "CF-Connecting-IP",
      "CF-Connecting-IPv6",
    ],
    ...["True-Client-IP", "Fastly-Client-IP", "X-Azure-ClientIP", "X-Remote-Addr"],
  ];
  for (const header of headers) {
    assert.equal(isLocal("localhost:8080", { [header]: "10.0.0.1" }), false, header);
  }
});

Deno.test("headers of ordinary clients leave the privileges of loopback alone", () => {
  const headers = { "User-Agent": "curl", "X-Client-Version": "1", "X-Requested-With": "fetch" };
  assert.equal(isLocal("localhost:8080", headers), true);
});
