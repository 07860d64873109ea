import assert from "node:assert/strict";
import {
  Admission,
  HOLD_STEP_MILLIS,
  MAX_HOLD_MILLIS,
  MAX_REMEMBERED,
  RETURN_WINDOW_MILLIS,
} from "../../../actors/hub/admission.ts";
import type { Hub } from "../../../actors/hub/hub.ts";
import { LimitHits } from "../../../actors/limits/limit_hits.ts";
import {
  ANONYMOUS,
  fakePeer,
  keyHolder,
  PeerSocket,
  withGateway,
} from "../../support/fake_gateway.ts";
import { Metrics } from "../../support/metrics_text.ts";
import { TestClock } from "../../support/test_clock.ts";

const LIMITS = {
  maxConnections: 10,
  maxConnectionsPerAddress: 10,
  maxConnectionsPerKey: 10,
  handshakesPerSecond: 0,
  handshakesPerSecondPerAddress: 0,
  limitHits: new LimitHits(),
};

const CLIENT = fakePeer({ clientId: "desk-7" });

function refusalOf(hub: Hub, peer = fakePeer()) {
  const admitted = hub.admit(peer);
  assert.equal(admitted.ok, false);
  return admitted as Extract<typeof admitted, { ok: false }>;
}

Deno.test("a gateway that is full refuses with OVERLOADED and says when to come back", async () => {
  await withGateway({ config: { server: { maxConnections: 2 } } }, (fake) => {
    fake.connect({ address: "10.0.0.1" });
    const second = fake.connect({ address: "10.0.0.2" });
    const { code, retryAfterSeconds } = refusalOf(fake.hub, fakePeer({ address: "10.0.0.3" }));
    assert.equal(code, "OVERLOADED");
    assert.ok(retryAfterSeconds! > 0);
    fake.hub.closed(second.connection, 1000);
    assert.equal(fake.hub.admit(fakePeer({ address: "10.0.0.3" })).ok, true);
  });
});

Deno.test("the total is clipped to 80 % of the descriptors", async () => {
  const config = { server: { maxConnections: 100, fileDescriptorLimit: 5 } };
  await withGateway({ config }, (fake) => {
    for (let i = 0; i < 4; i++) fake.connect();
    assert.equal(refusalOf(fake.hub).code, "OVERLOADED");
  });
});

Deno.test("an address has its own limit", async () => {
  await withGateway({ config: { server: { maxConnectionsPerAddress: 1 } } }, (fake) => {
    const { connection } = fake.connect({ address: "10.0.0.1" });
    const peer = fakePeer({ address: "10.0.0.1", principal: keyHolder("other") });
    assert.equal(refusalOf(fake.hub, peer).code, "TOO_MANY_CONNECTIONS");
    fake.connect({ address: "10.0.0.2" });
    fake.hub.closed(connection, 1000);
    assert.equal(fake.hub.admit(peer).ok, true);
  });
});

Deno.test("addresses of one IPv6 network count as one", async () => {
  await withGateway({ config: { server: { maxConnectionsPerAddress: 1 } } }, (fake) => {
    const { connection } = fake.connect({ address: "2001:db8:0:7::1" });
    assert.equal(
      refusalOf(fake.hub, fakePeer({ address: "2001:db8:0:7:a::2" })).code,
      "TOO_MANY_CONNECTIONS",
    );
    fake.connect({ address: "2001:db8:0:8::1" });
    fake.hub.closed(connection, 1000);
    assert.equal(fake.hub.admit(fakePeer({ address: "2001:db8:0:7:a::2" })).ok, true);
  });
});

Deno.test("a key has its own limit, and so has everybody without one", async () => {
  await withGateway({ config: { server: { maxConnectionsPerKey: 1 } } }, (fake) => {
    fake.connect({ principal: keyHolder("a"), address: "10.0.0.1" });
    const again = fakePeer({ principal: keyHolder("a"), address: "10.0.0.2" });
    assert.equal(refusalOf(fake.hub, again).code, "TOO_MANY_CONNECTIONS");
    fake.connect({ principal: keyHolder("b"), address: "10.0.0.1" });
    fake.connect({ principal: ANONYMOUS, address: "10.0.0.1" });
    const anonymous = fakePeer({ principal: ANONYMOUS, address: "10.0.0.2" });
    assert.equal(refusalOf(fake.hub, anonymous).code, "TOO_MANY_CONNECTIONS");
  });
});

Deno.test("handshakes under way count against the limits; refused ones do not", async () => {
  await withGateway({ config: { server: { maxConnections: 1 } } }, (fake) => {
    const first = fake.hub.admit(fakePeer());
    assert.ok(first.ok);
    for (let i = 0; i < 3; i++) assert.equal(refusalOf(fake.hub).code, "OVERLOADED");
    first.connection.refuse("INVALID_REQUEST");
    assert.equal(fake.hub.admit(fakePeer()).ok, true);
    assert.equal(fake.hub.stats().endings.refused, 4);
  });
});

Deno.test("a connection that ended counts until its socket is gone", async () => {
  const config = {
    server: { maxConnections: 1, maxConnectionsPerAddress: 1, maxConnectionsPerKey: 1 },
  };
  await withGateway({ config }, (fake) => {
    const { connection } = fake.connect();
    connection.end("slowConsumer");
    assert.equal(fake.hub.stats().lingering, 1);
    assert.equal(fake.hub.stats().activeConnections, 0);
    assert.equal(refusalOf(fake.hub).code, "OVERLOADED");
    fake.hub.closed(connection, 1005);
    assert.equal(fake.hub.stats().lingering, 0);
    assert.equal(fake.hub.admit(fakePeer()).ok, true);
  });
});

Deno.test("a lingering connection counts against its address and its key", async () => {
  const limits = [{ maxConnectionsPerAddress: 1 }, { maxConnectionsPerKey: 1 }];
  for (const server of limits) {
    await withGateway({ config: { server } }, (fake) => {
      const { connection } = fake.connect();
      connection.end("slowConsumer");
      assert.equal(refusalOf(fake.hub).code, "TOO_MANY_CONNECTIONS");
      fake.hub.closed(connection, 1005);
      assert.equal(fake.hub.admit(fakePeer()).ok, true);
    });
  }
});

Deno.test("a socket that opens after its handshake ended counts until it is gone", async () => {
  await withGateway({ config: { server: { maxConnections: 1 } } }, (fake) => {
    const admitted = fake.hub.admit(fakePeer());
    assert.ok(admitted.ok);
    admitted.connection.timeOut("handshakeTimeout");
    fake.hub.open(admitted.connection, new PeerSocket(), { channels: [], replay: false });
    // The peer holds a descriptor and memory of ours until it answers the closing handshake.
    assert.equal(fake.hub.stats().lingering, 1);
    assert.equal(refusalOf(fake.hub).code, "OVERLOADED");
    fake.hub.closed(admitted.connection, 1005);
    assert.equal(fake.hub.stats().lingering, 0);
    assert.equal(fake.hub.admit(fakePeer()).ok, true);
  });
});

Deno.test("a refusal builds nothing: no id is used and nothing is logged", async () => {
  await withGateway({ config: { server: { maxConnections: 1 } } }, (fake) => {
    const { connection } = fake.connect();
    const lines = fake.log.lines.length;
    for (let i = 0; i < 5; i++) refusalOf(fake.hub);
    assert.equal(fake.log.lines.length, lines);
    fake.hub.closed(connection, 1000);
    const [before, after] = [connection, fake.connect().connection].map(({ id }) =>
      parseInt(id.split("-").at(-1)!, 36)
    );
    assert.equal(after, before! + 1);
  });
});

Deno.test("a client that an administrator banned is refused until the ban is over", async () => {
  await withGateway({}, (fake) => {
    const { connection, socket } = fake.connect({ clientId: "desk-7" });
    assert.equal(fake.hub.disconnect("desk-7", "calm down", 60, "ops"), 1);
    assert.deepEqual(socket.closings, [{ code: 4410, reason: "calm down" }]);
    fake.hub.closed(connection, 4410);
    fake.clock.advance(59_000);
    const { code, retryAfterSeconds } = refusalOf(fake.hub, CLIENT);
    assert.equal(code, "BANNED");
    assert.equal(retryAfterSeconds, 1);
    // The same id from elsewhere, or with another key, is somebody else.
    assert.ok(fake.hub.admit(fakePeer({ clientId: "desk-7", address: "10.0.0.2" })).ok);
    assert.ok(fake.hub.admit(fakePeer({ clientId: "desk-7", principal: keyHolder("x") })).ok);
    assert.ok(fake.hub.admit(fakePeer({ clientId: "desk-8" })).ok);
    fake.clock.advance(1_000);
    assert.ok(fake.hub.admit(CLIENT).ok);
  });
});

Deno.test("a disconnect without a ban refuses nobody", async () => {
  await withGateway({}, (fake) => {
    fake.connect({ clientId: "desk-7" });
    fake.hub.disconnect("desk-7", "restart", 0, "ops");
    assert.ok(fake.hub.admit(CLIENT).ok);
  });
});

Deno.test("a client that the gateway closed is held when it returns at once, not refused", async () => {
  await withGateway({}, (fake) => {
    const { connection } = fake.connect({ clientId: "desk-7" });
    connection.end("slowConsumer");
    fake.hub.closed(connection, 4413);
    const admitted = fake.hub.admit(CLIENT);
    assert.ok(admitted.ok);
    assert.equal(admitted.holdMillis, 1_000);
  });
});

Deno.test("a client that closed by itself is not held", async () => {
  await withGateway({}, (fake) => {
    const { connection } = fake.connect({ clientId: "desk-7" });
    fake.hub.closed(connection, 1001);
    const admitted = fake.hub.admit(CLIENT);
    assert.ok(admitted.ok);
    assert.equal(admitted.holdMillis, 0);
  });
});

Deno.test("holds grow by a second for every closing in a row, up to five", () => {
  const admission = new Admission(new TestClock(), LIMITS);
  const holds = Array.from({ length: 7 }, () => {
    admission.recordClosing(CLIENT);
    return admission.holdFor(CLIENT);
  });
  assert.deepEqual(holds, [1_000, 2_000, 3_000, 4_000, 5_000, 5_000, 5_000]);
  assert.equal(HOLD_STEP_MILLIS, 1_000);
  assert.equal(MAX_HOLD_MILLIS, 5_000);
});

Deno.test("a client is held only within five seconds of its closing", () => {
  const clock = new TestClock();
  const admission = new Admission(clock, LIMITS);
  admission.recordClosing(CLIENT);
  clock.advance(RETURN_WINDOW_MILLIS);
  assert.equal(RETURN_WINDOW_MILLIS, 5_000);
  assert.equal(admission.holdFor(CLIENT), 1_000);
  clock.advance(1);
  assert.equal(admission.holdFor(CLIENT), 0);
});

Deno.test("a client that stays away long enough starts over", () => {
  const clock = new TestClock();
  const admission = new Admission(clock, LIMITS);
  admission.recordClosing(CLIENT);
  admission.recordClosing(CLIENT);
  // Held for as long as possible and closed right away is still in a row.
  clock.advance(RETURN_WINDOW_MILLIS + MAX_HOLD_MILLIS);
  admission.recordClosing(CLIENT);
  assert.equal(admission.holdFor(CLIENT), 3_000);
  clock.advance(RETURN_WINDOW_MILLIS + MAX_HOLD_MILLIS + 1);
  admission.recordClosing(CLIENT);
  assert.equal(admission.holdFor(CLIENT), 1_000);
});

Deno.test("only the same key, address and clientId is the same client", () => {
  const admission = new Admission(new TestClock(), LIMITS);
  admission.recordClosing(CLIENT);
  const others = [
    fakePeer(),
    fakePeer({ clientId: "desk-8" }),
    fakePeer({ clientId: "desk-7", address: "10.0.0.2" }),
    fakePeer({ clientId: "desk-7", principal: keyHolder("other") }),
    fakePeer({ clientId: "desk-7", principal: ANONYMOUS }),
  ];
  for (const other of others) assert.equal(admission.holdFor(other), 0);
});

Deno.test("only so many closings are remembered, and the oldest is forgotten first", () => {
  const admission = new Admission(new TestClock(), LIMITS);
  const peer = (i: number) => fakePeer({ clientId: `c${i}` });
  for (let i = 0; i <= MAX_REMEMBERED; i++) admission.recordClosing(peer(i));
  assert.equal(admission.holdFor(peer(0)), 0);
  for (const i of [1, MAX_REMEMBERED]) assert.equal(admission.holdFor(peer(i)), 1_000);
});

Deno.test("handshakes a second are limited in all and by address, by options that the refusal names", async () => {
  const server = { handshakesPerSecond: 3, handshakesPerSecondPerAddress: 2 };
  await withGateway({ config: { server } }, async (fake) => {
    for (let i = 0; i < 2; i++) fake.connect({ address: "10.0.0.1" });
    const own = refusalOf(fake.hub, fakePeer({ address: "10.0.0.1" }));
    assert.equal(own.code, "RATE_LIMITED");
    assert.equal(own.retryAfterSeconds, 1);
    assert.match(own.message, /server\.handshakesPerSecondPerAddress/);
    fake.connect({ address: "10.0.0.2" });
    const all = refusalOf(fake.hub, fakePeer({ address: "10.0.0.3" }));
    assert.match(all.message, /server\.handshakesPerSecond\b/);
    fake.clock.advance(1_000);
    fake.connect({ address: "10.0.0.1" });
    const metrics = new Metrics((await fake.gateway.metrics.scrape()).text);
    const hits = (option: string) =>
      metrics.value("autotrader_telemetry_limit_refusals_total", { option });
    assert.equal(hits("server.handshakesPerSecondPerAddress"), 1);
    assert.equal(hits("server.handshakesPerSecond"), 1);
    assert.equal(hits("server.maxConnections"), 0);
  });
});

Deno.test("every refusal by a limit names its option and is counted under it", async () => {
  const limits = ["maxConnections", "maxConnectionsPerAddress", "maxConnectionsPerKey"] as const;
  for (const key of limits) {
    await withGateway({ config: { server: { [key]: 1 } } }, (fake) => {
      fake.connect();
      const option = `server.${key}` as const;
      assert.ok(refusalOf(fake.hub).message.endsWith(`(${option})`));
      assert.equal(fake.gateway.limitHits.counts.get(option), 1);
    });
  }
});
