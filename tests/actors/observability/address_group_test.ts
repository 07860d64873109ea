import assert from "node:assert/strict";
import { addressGroup } from "../../../actors/observability/address_group.ts";

Deno.test("an IPv4 address is a peer of its own, however it is written", () => {
  assert.equal(addressGroup("192.0.2.1"), "192.0.2.1");
  assert.equal(addressGroup("::ffff:192.0.2.1"), "192.0.2.1");
  assert.equal(addressGroup("::FFFF:192.0.2.1"), "192.0.2.1");
  assert.equal(addressGroup("unknown"), "unknown");
});

Deno.test("the addresses of one IPv6 network of 64 bits are one peer", () => {
  const one = addressGroup("2001:db8:1:2::1");
  assert.equal(addressGroup("2001:DB8:1:2:ffff:ffff:ffff:ffff"), one);
  assert.equal(addressGroup("2001:0db8:0001:0002:0:0:0:9"), one);
  assert.notEqual(addressGroup("2001:db8:1:3::1"), one);
  assert.notEqual(addressGroup("2001:db8:1::2:0:0:1"), one);
  assert.equal(addressGroup("fe80::1%eth0"), addressGroup("fe80::2%eth1"));
  assert.equal(addressGroup("::1"), addressGroup("0:0:0:0::2"));
});
