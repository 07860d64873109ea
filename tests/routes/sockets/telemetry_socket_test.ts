import assert from "node:assert/strict";
import { apiKey, KeyRing } from "../../../routes/auth/api_keys.ts";
import {
  FAKE_ADDRESS,
  type FakeGateway,
  HANDSHAKE,
  keyHolder,
  OPS_SECRET,
  withGateway,
} from "../../support/fake_gateway.ts";
import {
  assertAdmitted,
  assertRefused,
  handshakesWith,
  KEY_PROTOCOL,
  seatsTaken,
} from "../../support/handshakes.ts";

const shake = handshakesWith("/ws/telemetry");

/** The one handshake under way. */
function handshakeOf(fake: FakeGateway) {
  const [client, ...more] = fake.hub.clients();
  assert.deepEqual(more, []);
  return client!;
}

Deno.test("a plain request is told to upgrade", async () => {
  await withGateway({}, async (fake) => {
    const answer = await fake.request("/ws/telemetry");
    assert.equal(answer.headers.get("Upgrade"), "websocket");
    await assertRefused(answer, 426, "UPGRADE_REQUIRED");
  });
});

Deno.test("a handshake that is well-formed and authorised is admitted", async () => {
  await withGateway({}, async (fake) => {
    const answer = await shake(fake, {}, "?clientId=desk-7&channels=positions&replay=true");
    assertAdmitted(fake, answer);
    const { id, principal, remoteAddress, protocol, isOpen, state } = handshakeOf(fake);
    assert.deepEqual({ id, principal, remoteAddress, protocol, isOpen, state }, {
      id: "desk-7",
      principal: "ops",
      remoteAddress: FAKE_ADDRESS,
      protocol: "telemetry.v1",
      isOpen: false,
      state: "connecting",
    });
    assert.equal(answer.headers.get("Sec-WebSocket-Protocol"), null);
  });
});

Deno.test("the case of Upgrade does not matter, and Connection may name more", async () => {
  await withGateway({}, async (fake) => {
    assertAdmitted(
      fake,
      await shake(fake, { "Upgrade": "WebSocket", "Connection": "keep-alive, Upgrade" }),
    );
  });
});

Deno.test("a malformed handshake is 400 and never comes to the hub", async () => {
  await withGateway({}, async (fake) => {
    const faults: readonly Readonly<Record<string, string>>[] = [
      { "Sec-WebSocket-Version": "8" },
      { "Sec-WebSocket-Key": "short" },
      { "Connection": "keep-alive" },
    ];
    for (const fault of faults) {
      const answer = await shake(fake, fault);
      assert.equal(answer.headers.get("Sec-WebSocket-Version"), "13");
      await assertRefused(answer, 400, "INVALID_REQUEST");
    }
    assert.deepEqual(seatsTaken(fake), []);
  });
});

Deno.test("without a valid credential it is 401, always, and nobody takes a seat", async () => {
  await withGateway({}, async (fake) => {
    await assertRefused(await shake(fake, {}, "", null), 401, "API_KEY_MISSING");
    await assertRefused(await shake(fake, {}, "", "wrong"), 401, "API_KEY_INVALID");
    await assertRefused(await shake(fake, {}, "?apiKey=wrong", null), 401, "API_KEY_INVALID");
    for (const key of ["d3Jvbmc", "", "a", "*!~"]) {
      const offered = { "Sec-WebSocket-Protocol": `telemetry.v1, telemetry.key.${key}` };
      await assertRefused(await shake(fake, offered, "", null), 401, "API_KEY_INVALID");
    }
    assert.deepEqual(seatsTaken(fake), []);
  });
});

Deno.test("a valid credential is taken from any of its places", async () => {
  const forms: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [{ "X-API-Key": OPS_SECRET }, ""],
    [{ "Authorization": `Bearer ${OPS_SECRET}` }, ""],
    [{ "Sec-WebSocket-Protocol": `telemetry.v1, ${KEY_PROTOCOL}` }, ""],
    [{}, `?apiKey=${OPS_SECRET}`],
  ];
  for (const [headers, query] of forms) {
    await withGateway({}, async (fake) => {
      assertAdmitted(fake, await shake(fake, headers, query, null));
      fake.hub.disconnect(handshakeOf(fake).connectionId, "enough", 0, "ops");
      const lines = JSON.stringify(fake.log.lines);
      assert.notEqual(fake.log.lines.length, 0);
      assert.equal(lines.includes(OPS_SECRET) || lines.includes(KEY_PROTOCOL), false);
    });
  }
});

Deno.test("a key without the scope subscribe is 403", async () => {
  const keys = new KeyRing([apiKey("robot", "robot-secret", { scopes: new Set(["publish"]) })]);
  await withGateway({ keys }, async (fake) => {
    await assertRefused(await shake(fake, {}, "", "robot-secret"), 403, "FORBIDDEN");
  });
});

Deno.test("anonymous clients come in on loopback when they are let in", async () => {
  const config = { security: { anonymousScopes: ["subscribe"] } };
  await withGateway({ config }, async (fake) => {
    assertAdmitted(fake, await shake(fake, {}, "?channels=trader.status&replay=false", null));
    const { principal, authenticated } = handshakeOf(fake);
    assert.deepEqual([principal, authenticated], ["anonymous", false]);
  });
});

Deno.test("anonymous clients from elsewhere need leave of their own", async () => {
  const anonymousScopes = ["subscribe"];
  const config = { security: { anonymousScopes } };
  await withGateway({ config }, async (fake) => {
    const forwarded = { "X-Forwarded-For": "10.0.0.1" };
    await assertRefused(await shake(fake, forwarded, "", null), 401, "API_KEY_MISSING");
  });
  const server = { host: "0.0.0.0" };
  const remote = { server, security: { anonymousScopes, allowAnonymousRemote: true } };
  await withGateway({ config: remote }, async (fake) => {
    assertAdmitted(fake, await shake(fake, {}, "", null));
  });
});

Deno.test("a development key does not count behind a proxy", async () => {
  const keys = new KeyRing([apiKey("development", "dev", { loopbackOnly: true })]);
  await withGateway({ keys }, async (fake) => {
    const forwarded = { "X-Forwarded-For": "10.0.0.1" };
    await assertRefused(await shake(fake, forwarded, "", "dev"), 401, "API_KEY_INVALID");
    assertAdmitted(fake, await shake(fake, {}, "", "dev"));
  });
});

Deno.test("offering only protocols that are not spoken is 400, and so is a key alone", async () => {
  await withGateway({}, async (fake) => {
    for (const offer of ["graphql-ws", "telemetry.v9,chat", KEY_PROTOCOL]) {
      const answer = await shake(fake, { "Sec-WebSocket-Protocol": offer });
      await assertRefused(answer, 400, "UNSUPPORTED_PROTOCOL");
    }
  });
});

Deno.test("telemetry.v1 is found in any place of the offer, with or without blanks", async () => {
  for (const offer of ["telemetry.v1", "chat,telemetry.v1", `${KEY_PROTOCOL},telemetry.v1,chat`]) {
    await withGateway({}, async (fake) => {
      const answer = await shake(fake, { "Sec-WebSocket-Protocol": offer });
      assertAdmitted(fake, answer);
      // A credential is never echoed.
      assert.equal(answer.headers.get("Sec-WebSocket-Protocol"), "telemetry.v1");
    });
  }
});

Deno.test("a query that cannot be meant is 400", async () => {
  await withGateway({}, async (fake) => {
    const queries = [
      `?clientId=${"x".repeat(129)}`,
      "?clientId=a%00b",
      "?clientId=a%0Ab",
      "?clientId=%1B%5B2J",
      `?channels=${new Array(65).fill("positions").join(",")}`,
    ];
    for (const query of queries) {
      await assertRefused(await shake(fake, {}, query), 400, "INVALID_REQUEST");
    }
    assert.deepEqual(seatsTaken(fake), []);
  });
});

Deno.test("an empty clientId counts as none: the client gets an id of its own", async () => {
  await withGateway({}, async (fake) => {
    assertAdmitted(fake, await shake(fake, {}, "?clientId=&channels=positions"));
    assert.match(handshakeOf(fake).id, /^[0-9a-f-]{36}$/);
  });
});

Deno.test("parameters that a handshake does not know are ignored", async () => {
  await withGateway({}, async (fake) => {
    assertAdmitted(fake, await shake(fake, {}, "?token=x&v=2&channels=positions"));
  });
});

Deno.test("unknown channels and empty names in the query are no reason to refuse", async () => {
  await withGateway({}, async (fake) => {
    assertAdmitted(fake, await shake(fake, {}, "?channels=,weather,,positions,&replay=maybe"));
  });
});

Deno.test("a foreign page is refused before its key is looked at", async () => {
  await withGateway({}, async (fake) => {
    const answer = await shake(fake, { Origin: "https://evil.example" });
    await assertRefused(answer, 403, "ORIGIN_NOT_ALLOWED");
  });
});

Deno.test("a handshake for a strange Host is 421, also after one for a known", async () => {
  await withGateway({}, async (fake) => {
    assertAdmitted(fake, await shake(fake));
    const address = "http://rebind.example:8080/ws/telemetry";
    await assertRefused(
      await fake.request(address, { headers: HANDSHAKE }),
      421,
      "MISDIRECTED_REQUEST",
    );
    assert.equal(fake.hub.stats().connecting, 1);
  });
});

Deno.test("an upgrade by another method than GET is 405, and nobody takes a seat", async () => {
  await withGateway({}, async (fake) => {
    const answer = await fake.request("/ws/telemetry", { method: "POST", headers: HANDSHAKE });
    assert.match(answer.headers.get("Allow") ?? "", /GET/);
    await assertRefused(answer, 405, "METHOD_NOT_ALLOWED");
    assert.equal(fake.hub.stats().connecting, 0);
  });
});

Deno.test("a handshake that fails inside is 500 in the envelope, and is logged", async () => {
  await withGateway({}, async (fake) => {
    const admit = fake.hub.admit;
    fake.hub.admit = () => {
      throw new Error("no seats at all");
    };
    await assertRefused(await shake(fake), 500, "INTERNAL_ERROR");
    fake.hub.admit = admit;
    assert.equal(fake.log.find({ message: "request failed" }).length, 1);
  });
});

Deno.test("a full gateway answers 503, an address or key with too many 429, with Retry-After", async () => {
  const cases = [
    [{ maxConnections: 1 }, 503, "OVERLOADED"],
    [{ maxConnectionsPerKey: 1 }, 429, "TOO_MANY_CONNECTIONS"],
  ] as const;
  for (const [server, status, code] of cases) {
    await withGateway({ config: { server } }, async (fake) => {
      fake.connect({ principal: keyHolder("ops") });
      const answer = await shake(fake);
      assert.match(answer.headers.get("Retry-After") ?? "", /^[1-9]\d*$/);
      await assertRefused(answer, status, code);
    });
  }
});

Deno.test("while draining, handshakes are 503 with Retry-After", async () => {
  await withGateway({}, async (fake) => {
    await fake.hub.drain(1_000);
    const answer = await shake(fake);
    assert.match(answer.headers.get("Retry-After") ?? "", /^[1-9]\d*$/);
    await assertRefused(answer, 503, "DRAINING");
  });
});

/** A client that the gateway just closed. */
function closeFor(fake: FakeGateway): void {
  const principal = keyHolder("ops");
  const { connection } = fake.connect({ clientId: "desk-7", address: FAKE_ADDRESS, principal });
  connection.end("slowConsumer");
  fake.hub.closed(connection, 4413);
}

/** Starts a handshake and lets it come to its hold. */
async function startHeld(fake: FakeGateway) {
  let answer: Response | undefined;
  const headers = { ...HANDSHAKE, "X-API-Key": OPS_SECRET, Host: "localhost:8080" };
  const request = new Request("http://localhost:8080/ws/telemetry?clientId=desk-7", { headers });
  const remoteAddr = { transport: "tcp", hostname: FAKE_ADDRESS, port: 1 } as const;
  const done = Promise.resolve(fake.app.fetch(request, { remoteAddr }))
    .then((response) => answer = response);
  await fake.clock.advanceAsync(0);
  return { answered: () => answer !== undefined, done };
}

Deno.test("a client that the gateway just closed is held before it is accepted, not refused", async () => {
  await withGateway({}, async (fake) => {
    closeFor(fake);
    const { answered, done } = await startHeld(fake);
    await fake.clock.advanceAsync(999);
    assert.equal(answered(), false);
    assert.equal(fake.hub.stats().connecting, 1);
    await fake.clock.advanceAsync(1);
    assertAdmitted(fake, await done);
  });
});

Deno.test("what admission refuses is traced with its code and the name of the key", async () => {
  const principal = keyHolder("ops");
  const cases: readonly (readonly [
    code: string,
    status: number,
    prepare: (fake: FakeGateway) => unknown,
  ])[] = [
    ["OVERLOADED", 503, (fake) => ["a", "b", "c"].map((address) => fake.connect({ address }))],
    ["TOO_MANY_CONNECTIONS", 429, (fake) => {
      for (let count = 0; count < 2; count++) fake.connect({ address: FAKE_ADDRESS, principal });
    }],
    ["BANNED", 403, (fake) => {
      const { connection } = fake.connect({ address: FAKE_ADDRESS, principal });
      fake.hub.disconnect(connection.id, "enough", 60, "ops");
    }],
    ["DRAINING", 503, (fake) => fake.hub.drain(1_000)],
  ];
  const config = { server: { maxConnections: 3, maxConnectionsPerAddress: 2 } };
  for (const [code, status, prepare] of cases) {
    await withGateway({ config }, async (fake) => {
      await prepare(fake);
      await assertRefused(await shake(fake), status, code);
      const [line, ...others] = fake.log.find({ message: "handshake refused" });
      assert.deepEqual([line?.level, others], ["warn", []]);
      assert.deepEqual(line?.properties, {
        status,
        code,
        address: FAKE_ADDRESS,
        path: "/ws/telemetry",
        principal: "ops",
      });
      assert.deepEqual(fake.gateway.refusals.counts, { handshake: { [code]: 1 }, request: {} });
    });
  }
});

Deno.test("a drain does not wait for a held handshake: it is answered with 503", async () => {
  await withGateway({}, async (fake) => {
    closeFor(fake);
    const { done } = await startHeld(fake);
    assert.equal(await fake.hub.drain(10_000), 0);
    await fake.clock.advanceAsync(1_000);
    const answer = await done;
    assert.match(answer.headers.get("Retry-After") ?? "", /^[1-9]\d*$/);
    await assertRefused(answer, 503, "DRAINING");
  });
});
