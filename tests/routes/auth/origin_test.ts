import assert from "node:assert/strict";
import {
  isAllowedOrigin,
  isKnownHost,
  isLoopbackRequest,
  KnownHosts,
  type OriginRules,
} from "../../../routes/auth/origin.ts";

const LOCAL: OriginRules = { host: "127.0.0.1", publicHosts: [], allowedOrigins: [] };

const knows = (url: string, rules: OriginRules = LOCAL) => isKnownHost(new URL(url), rules);

function allows(origin: string | undefined, url: string, rules: OriginRules = LOCAL): boolean {
  const headers: HeadersInit = origin === undefined ? {} : { Origin: origin };
  return isAllowedOrigin(new Request(url, { headers }), rules);
}

function isLocal(url: string, headers: HeadersInit = {}, rules: OriginRules = LOCAL): boolean {
  return isLoopbackRequest(new Request(url, { headers }), new URL(url), rules);
}

Deno.test("the names of this machine are known on any port", () => {
  for (const host of ["localhost", "127.0.0.1", "[::1]", "localhost:8080", "LOCALHOST:1"]) {
    assert.equal(knows(`http://${host}/`), true, host);
  }
});

Deno.test("other names are strangers, above all those that only look alike", () => {
  const hosts = ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1"];
  for (const host of hosts) assert.equal(knows(`http://${host}:8080/`), false, host);
});

Deno.test("a host that was known makes no other known that begins like it", () => {
  const hosts = new KnownHosts({ ...LOCAL, publicHosts: ["desk.example"] });
  for (let round = 0; round < 2; round++) {
    assert.equal(hosts.has("http://desk.example/ws/telemetry?a=http://evil.example/"), true);
    assert.equal(hosts.has("http://desk.example/"), true);
    assert.equal(hosts.has("http://desk.example:8080/"), true);
    for (const other of ["desk.example.evil.example", "desk.example@evil.example", "desk.exampl"]) {
      assert.equal(hosts.has(`http://${other}/`), false, other);
      assert.equal(hosts.has(`http://${other}/http://desk.example/`), false, other);
    }
    assert.equal(hosts.has("no url"), false);
    assert.equal(hosts.has(""), false);
  }
});

Deno.test("public hosts are known: with a port on that port, without one on any", () => {
  const rules = { ...LOCAL, publicHosts: ["desk.example", "other.example:8443"] };
  assert.equal(knows("http://desk.example/", rules), true);
  assert.equal(knows("http://DESK.example:9000/", rules), true);
  assert.equal(knows("http://other.example:8443/", rules), true);
  assert.equal(knows("http://other.example/", rules), false);
  assert.equal(knows("http://other.example:1/", rules), false);
});

Deno.test("the address that is listened on is known", () => {
  assert.equal(knows("http://10.0.0.5:8080/", { ...LOCAL, host: "10.0.0.5" }), true);
  assert.equal(knows("http://[fd00::5]:8080/", { ...LOCAL, host: "fd00::5" }), true);
});

Deno.test("a page of the gateway itself may use it, whether TLS ends at a proxy or not", () => {
  assert.equal(allows(undefined, "http://localhost:8080/"), true);
  assert.equal(allows("http://localhost:8080", "http://localhost:8080/"), true);
  assert.equal(allows("https://desk.example", "http://desk.example/"), true);
  assert.equal(allows("https://desk.example:8443", "http://desk.example:8443/"), true);
});

Deno.test("a foreign page may not", () => {
  const origins = [
    "http://evil.example",
    "http://localhost:3000",
    "http://127.0.0.1:8080",
    "http://localhost",
    "null",
    "",
    "file://",
  ];
  for (const origin of origins) {
    assert.equal(allows(origin, "http://localhost:8080/"), false, JSON.stringify(origin));
  }
});

Deno.test("an allowed origin may, and only as it is written", () => {
  const rules = { ...LOCAL, allowedOrigins: ["https://desk.example", "app://desk"] };
  assert.equal(allows("https://desk.example", "http://localhost:8080/", rules), true);
  assert.equal(allows("app://desk", "http://localhost:8080/", rules), true);
  assert.equal(allows("http://desk.example", "http://localhost:8080/", rules), false);
  assert.equal(allows("https://desk.example.evil.example", "http://localhost:8080/", rules), false);
});

Deno.test("loopback is a loopback bind, a loopback Host and nobody who forwards", () => {
  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    assert.equal(isLocal(`http://${host}:8080/`), true, host);
  }
  assert.equal(isLocal("http://localhost:8080/", {}, { ...LOCAL, host: "0.0.0.0" }), false);
  assert.equal(isLocal("http://localhost:8080/", {}, { ...LOCAL, host: "10.0.0.5" }), false);
  const rules = { ...LOCAL, publicHosts: ["desk.example"] };
  assert.equal(isLocal("http://desk.example/", {}, rules), false);
});

Deno.test("every header of a proxy takes the privileges of loopback away", () => {
  const headers = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP"];
  for (const header of headers) {
    assert.equal(isLocal("http://localhost:8080/", { [header]: "10.0.0.1" }), false, header);
  }
  for (const header of ["X-Forwarded-Proto", "Via"]) {
    assert.equal(isLocal("http://localhost:8080/", { [header]: "https" }), false, header);
  }
});
