import assert from "node:assert/strict";
import fc from "fast-check";
import { HostCheck, type HostRules, parseAuthority } from "../../../routes/auth/host.ts";

const LOCAL: HostRules = { host: "127.0.0.1", publicHosts: [] };

/** A request as the runtime hands it over: the text of `Host` before the path. */
function received(host: string | null, target = "/x", scheme = "http"): Request {
  const headers = new Headers();
  if (host !== null) headers.set("host", host);
  const url = target.startsWith("/") ? `${scheme}://${host || "localhost:8080"}${target}` : target;
  return { url, headers } as Request;
}

function faultOf(host: string | null, rules = LOCAL, target?: string, scheme?: string) {
  return new HostCheck(rules).faultOf(received(host, target, scheme))?.kind;
}

Deno.test("the names of this machine are known on any port", () => {
  const hosts = ["localhost", "127.0.0.1", "[::1]", "localhost:8080", "LOCALHOST:1", "localhost:"];
  for (const host of hosts) assert.equal(faultOf(host), undefined, host);
  assert.equal(faultOf("[0:0:0:0:0:0:0:1]:80"), undefined);
});

Deno.test("other names are foreign, above all those that only look alike", () => {
  const hosts = [
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "10.0.0.1",
    "2130706433",
    "0x7f.1",
    "127.1",
    "[::ffff:127.0.0.1]",
  ];
  for (const host of hosts) assert.equal(faultOf(host), "foreign", host);
});

Deno.test("a Host that holds more than a host and a port, or nothing, is malformed", () => {
  const hosts = [
    null,
    "",
    "127.0.0.1:8080/api/health?",
    "127.0.0.1/",
    "127.0.0.1?",
    "127.0.0.1#x",
    "127.0.0.1\\x",
    "user@127.0.0.1",
    "user:secret@127.0.0.1:8080",
    "127.0.0.1:99999",
    "1.2.3.4.5",
    "127.0.0.1:80:80",
    "127.0.0.1:http",
    "localhost, evil.example",
    "local host",
    "local\thost",
    "%6cocalhost",
    "[::1",
    "[::g]",
    "[:::]",
    "::1",
  ];
  for (const host of hosts) assert.equal(faultOf(host), "malformed", JSON.stringify(host));
});

Deno.test("property: what passes as a host can rewrite nothing, whatever the text", () => {
  const text = fc.string({ unit: fc.constantFrom(..."a1.:-[]@/?#\\ %") });
  fc.assert(fc.property(text, (host) => {
    const authority = parseAuthority(host);
    if (authority === undefined) return;
    const url = new URL(`http://${host}/x?y`);
    assert.deepEqual([url.pathname, url.search, url.username], ["/x", "?y", ""]);
  }));
});

Deno.test("a request target that names another host than Host is malformed", () => {
  assert.equal(faultOf("localhost", LOCAL, "http://evil.example/x"), "malformed");
  assert.equal(faultOf("localhost", LOCAL, "http://user@localhost/x"), "malformed");
  assert.equal(faultOf("localhost:80", LOCAL, "http://LOCALHOST/x"), undefined);
  assert.equal(faultOf("evil.example", LOCAL, "http://localhost/x"), "malformed");
});

Deno.test("over TLS, where HTTP/2 has no Host header, the host of the URL counts", () => {
  const check = new HostCheck({ ...LOCAL, publicHosts: ["desk.example"] });
  const kind = (url: string) => check.faultOf({ url, headers: new Headers() } as Request)?.kind;
  assert.equal(kind("https://desk.example/x"), undefined);
  assert.equal(kind("https://evil.example/x"), "foreign");
  assert.equal(kind("http://desk.example/x"), "malformed");
});

Deno.test("public hosts are known: with a port on that port, without one on any", () => {
  const rules = { ...LOCAL, publicHosts: ["desk.example", "other.example:8443"] };
  for (const host of ["desk.example", "DESK.example:9000", "other.example:8443"]) {
    assert.equal(faultOf(host, rules), undefined, host);
  }
  for (const host of ["other.example", "other.example:1", "desk.example.evil.example"]) {
    assert.equal(faultOf(host, rules), "foreign", host);
  }
});

Deno.test("the default port of a public host may be written or not", () => {
  const rules = { ...LOCAL, publicHosts: ["tls.example:443", "plain.example:80", "[fd00::5]:443"] };
  const hosts = ["tls.example", "tls.example:443", "plain.example", "plain.example:80"];
  for (const host of [...hosts, "[fd00:0:0::5]"]) {
    assert.equal(faultOf(host, rules), undefined, host);
  }
  assert.equal(faultOf("tls.example:80", rules), "foreign");
  assert.equal(faultOf("plain.example:443", rules), "foreign");
});

Deno.test("the address that is listened on is known", () => {
  assert.equal(faultOf("10.0.0.5:8080", { ...LOCAL, host: "10.0.0.5" }), undefined);
  assert.equal(faultOf("[fd00::5]:8080", { ...LOCAL, host: "fd00::5" }), undefined);
});

Deno.test("a host that was known makes no other known that begins like it", () => {
  const check = new HostCheck({ ...LOCAL, publicHosts: ["desk.example"] });
  const kind = (host: string, target?: string) => check.faultOf(received(host, target))?.kind;
  for (let round = 0; round < 2; round++) {
    assert.equal(kind("desk.example", "/ws/telemetry?a=http://evil.example/"), undefined);
    assert.equal(kind("desk.example:8080"), undefined);
    assert.equal(kind("desk.example", "http://evil.example/desk.example/"), "malformed");
    for (const other of ["desk.example.evil.example", "desk.exampl"]) {
      assert.equal(kind(other), "foreign", other);
      assert.equal(kind(other, "/http://desk.example/"), "foreign", other);
    }
  }
});
