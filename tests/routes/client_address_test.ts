import assert from "node:assert/strict";
import fc from "fast-check";
import { Config } from "../../protocol/config.ts";
import {
  clientAddress,
  ForwardingRules,
  isSecure,
  parseAddress,
} from "../../routes/client_address.ts";

const PROXIES = ["10.0.0.0/8", "192.0.2.7", "fd00::/8"];

function rulesOf(server: Readonly<Record<string, unknown>> = { trustedProxies: PROXIES }) {
  return new ForwardingRules(Config.parse({ server }).server);
}

const RULES = rulesOf();

function requestWith(headers: HeadersInit): Request {
  return new Request("http://desk.example/", { headers });
}

function infoOf(hostname: string) {
  return { remoteAddr: { transport: "tcp", hostname, port: 40_000 } } as const;
}

function addressOf(peer: string, headers: HeadersInit = {}, rules = RULES): string {
  return clientAddress(requestWith(headers), infoOf(peer), rules);
}

Deno.test("without trusted proxies the peer is the client, whatever headers say", () => {
  const headers = { "X-Forwarded-For": "9.9.9.9", Forwarded: "for=9.9.9.9" };
  assert.equal(addressOf("10.0.0.1", headers, rulesOf({})), "10.0.0.1");
});

Deno.test("headers of a peer that is not trusted are ignored", () => {
  assert.equal(addressOf("203.0.113.5", { "X-Forwarded-For": "9.9.9.9" }), "203.0.113.5");
  assert.equal(addressOf("203.0.113.5", { Forwarded: "for=9.9.9.9" }), "203.0.113.5");
});

Deno.test("the client is the last address that no trusted proxy wrote", () => {
  const cases: readonly (readonly [list: string, expected: string])[] = [
    ["203.0.113.5", "203.0.113.5"],
    ["9.9.9.9, 203.0.113.5", "203.0.113.5"],
    ["9.9.9.9, 203.0.113.5, 10.1.1.1", "203.0.113.5"],
    ["9.9.9.9,203.0.113.5 ,10.1.1.1,192.0.2.7", "203.0.113.5"],
    ["203.0.113.5:61000", "203.0.113.5"],
    ["[2001:db8::5]:61000, fd00::1", "2001:db8::5"],
    ["2001:DB8:0:0:0:0:0:5", "2001:db8::5"],
    ["::ffff:203.0.113.5", "203.0.113.5"],
    ["203.0.113.5, ::ffff:10.1.1.1", "203.0.113.5"],
  ];
  for (const [list, expected] of cases) {
    assert.equal(addressOf("10.0.0.1", { "X-Forwarded-For": list }), expected, list);
  }
});

Deno.test("where everybody is a trusted proxy, the first of them is the client", () => {
  assert.equal(addressOf("10.0.0.1", { "X-Forwarded-For": "10.3.3.3, 10.2.2.2" }), "10.3.3.3");
  assert.equal(addressOf("10.0.0.1"), "10.0.0.1");
});

Deno.test("for an entry that is no address, the proxy that wrote it stands", () => {
  const cases: readonly (readonly [list: string, expected: string])[] = [
    ["", "10.0.0.1"],
    ["unknown", "10.0.0.1"],
    ["203.0.113.5,", "10.0.0.1"],
    ["203.0.113.5, -, 10.1.1.1", "10.1.1.1"],
    ["203.0.113.5, 10.1.1.1.1", "10.0.0.1"],
    ["203.0.113.5, 010.1.1.1", "10.0.0.1"],
    ["203.0.113.5, 1.2.3.4:port", "10.0.0.1"],
    ["203.0.113.5, <script>", "10.0.0.1"],
  ];
  for (const [list, expected] of cases) {
    assert.equal(addressOf("10.0.0.1", { "X-Forwarded-For": list }), expected, list);
  }
});

Deno.test("Forwarded is read like X-Forwarded-For, in all forms of RFC 7239", () => {
  const cases: readonly (readonly [header: string, expected: string])[] = [
    ["for=203.0.113.5", "203.0.113.5"],
    ['For="203.0.113.5:61000"', "203.0.113.5"],
    ['for=9.9.9.9, for="[2001:db8::5]:61000";proto=https;by=10.0.0.1', "2001:db8::5"],
    ["by=10.0.0.1; for=203.0.113.5, for=10.1.1.1", "203.0.113.5"],
    ["for=203.0.113.5, for=_hidden", "10.0.0.1"],
    ["for=203.0.113.5, for=unknown", "10.0.0.1"],
    ["for=203.0.113.5, proto=http", "10.0.0.1"],
    ["for=9.9.9.9, for=203.0.113.5;for=1.1.1.1", "10.0.0.1"],
    ['for=9.9.9.9;x=", for=203.0.113.5', "203.0.113.5"],
    ['for=9.9.9.9;x=", for="203.0.113.5"', "203.0.113.5"],
    ["203.0.113.5", "10.0.0.1"],
  ];
  for (const [header, expected] of cases) {
    assert.equal(addressOf("10.0.0.1", { Forwarded: header }), expected, header);
  }
});

Deno.test("when both headers are there, they must say the same, or one of them must be chosen", () => {
  const both = { "X-Forwarded-For": "203.0.113.5", Forwarded: "for=9.9.9.9" };
  assert.equal(addressOf("10.0.0.1", both), "10.0.0.1");
  assert.equal(addressOf("10.0.0.1", { ...both, Forwarded: "for=203.0.113.5" }), "203.0.113.5");
  const choose = (forwardedHeader: string) => rulesOf({ trustedProxies: PROXIES, forwardedHeader });
  assert.equal(addressOf("10.0.0.1", both, choose("x-forwarded-for")), "203.0.113.5");
  assert.equal(addressOf("10.0.0.1", both, choose("forwarded")), "9.9.9.9");
});

Deno.test("nothing that a client writes before what its proxy appends changes its address", () => {
  const printable = fc.string({
    unit: fc.constantFrom(...'0123456789.,:;="\\[] forx'),
    maxLength: 60,
  });
  const junk = fc.oneof(printable, fc.constantFrom("9.9.9.9", "10.1.1.1", 'for="', "for=9.9.9.9"));
  fc.assert(fc.property(junk, (text) => {
    assert.equal(
      addressOf("10.0.0.1", { "X-Forwarded-For": `${text}, 203.0.113.5` }),
      "203.0.113.5",
    );
    for (const own of ["for=203.0.113.5", 'for="203.0.113.5:1";proto=https']) {
      assert.equal(addressOf("10.0.0.1", { Forwarded: `${text}, ${own}` }), "203.0.113.5");
    }
  }));
});

Deno.test("an IPv4 peer of a listener for both families is an IPv4 address", () => {
  assert.equal(addressOf("::ffff:203.0.113.5"), "203.0.113.5");
  assert.equal(addressOf("::ffff:10.0.0.1", { "X-Forwarded-For": "203.0.113.5" }), "203.0.113.5");
});

Deno.test("proxies may be written as addresses and blocks of both families, and nothing else", () => {
  const rules = rulesOf({ trustedProxies: ["2001:db8::/32", "::ffff:172.16.0.0/108", "::1"] });
  for (const trusted of ["2001:db8:1::1", "172.16.0.1", "::1"]) assert.ok(rules.trusts(trusted));
  for (const foreign of ["2001:db9::1", "173.16.0.1", "::2", "unknown"]) {
    assert.ok(!rules.trusts(foreign), foreign);
  }
  for (const wrong of ["10.0.0.0/33", "10.0.0", "proxy.example", "fd00::/129", "10.0.0.1:80", ""]) {
    assert.throws(() => rulesOf({ trustedProxies: [wrong] }), wrong);
  }
});

Deno.test("a request is secure over TLS of our own, or when a trusted proxy says so", () => {
  const secure = (peer: string, headers: HeadersInit, rules = RULES) =>
    isSecure(requestWith(headers), infoOf(peer), rules);
  assert.ok(isSecure(new Request("https://desk.example/"), infoOf("203.0.113.5"), RULES));
  assert.ok(secure("10.0.0.1", { "X-Forwarded-Proto": "https" }));
  assert.ok(secure("10.0.0.1", { "X-Forwarded-Proto": "http, HTTPS" }));
  assert.ok(secure("10.0.0.1", { Forwarded: "for=1.1.1.1;proto=http, for=2.2.2.2;proto=https" }));
  assert.ok(!secure("10.0.0.1", { "X-Forwarded-Proto": "https, http" }));
  assert.ok(!secure("203.0.113.5", { "X-Forwarded-Proto": "https" }));
  assert.ok(!secure("10.0.0.1", {}));
  const forwarded = rulesOf({ trustedProxies: PROXIES, forwardedHeader: "forwarded" });
  assert.ok(!secure("10.0.0.1", { "X-Forwarded-Proto": "https" }, forwarded));
});

Deno.test("only addresses are read as addresses", () => {
  assert.equal(parseAddress("fe80::1%eth0"), "fe80::1");
  for (const text of ["1", "1.2.3", "localhost", "[1.2.3.4]", "[::1", "::1]", "1.2.3.4:", "::g"]) {
    assert.equal(parseAddress(text), undefined, text);
  }
});
