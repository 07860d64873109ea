import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { apiKey, KeyRing } from "../../../routes/auth/api_keys.ts";
import { assertError } from "../../support/envelopes.ts";
import {
  FAKE_ADDRESS,
  type FakeGateway,
  HANDSHAKE,
  keyHolder,
  OPS_SECRET,
  withGateway,
} from "../../support/fake_gateway.ts";

const keyProtocol = `telemetry.key.${Buffer.from(OPS_SECRET).toString("base64url")}`;

function shake(
  fake: FakeGateway,
  headers: Readonly<Record<string, string>> = {},
  query = "",
  secret: string | null = OPS_SECRET,
): Promise<Response> {
  return fake.request(`/ws/collector${query}`, { headers: { ...HANDSHAKE, ...headers } }, secret);
}

/** What was logged of connections: nothing, when nobody took a seat. */
function seatsTaken(fake: FakeGateway) {
  return fake.log.lines.filter(({ message }) => message !== "handshake refused");
}

async function fails(answer: Response, status: number, code: string) {
  return assertError({ status: answer.status, body: await answer.json() }, status, code);
}

/** The runtime upgrades a request that no listener accepted as well; its socket never opens. */
function passes(fake: FakeGateway, answer: Response): void {
  assert.equal(answer.status, 101);
  assert.equal(fake.hub.stats().connecting, 1);
}

Deno.test("a publisher is admitted without naming a protocol", async () => {
  const keys = new KeyRing([apiKey("core", "core-secret", { scopes: new Set(["publish"]) })]);
  await withGateway({ keys }, async (fake) => {
    const answer = await shake(fake, {}, "?clientId=core-1", "core-secret");
    passes(fake, answer);
    assert.equal(answer.headers.get("Sec-WebSocket-Protocol"), null);
    const [client] = fake.hub.clients();
    const { id, principal, remoteAddress, protocol, state } = client!;
    assert.deepEqual({ id, principal, remoteAddress, protocol, state }, {
      id: "core-1",
      principal: "core",
      remoteAddress: FAKE_ADDRESS,
      protocol: "telemetry.collector",
      state: "connecting",
    });
  });
});

Deno.test("telemetry.collector is echoed when it is offered, a credential beside it never", async () => {
  const offers = [
    ["telemetry.collector", OPS_SECRET],
    [`${keyProtocol},telemetry.collector`, null],
  ] as const;
  for (const [offer, secret] of offers) {
    await withGateway({}, async (fake) => {
      const answer = await shake(fake, { "Sec-WebSocket-Protocol": offer }, "", secret);
      passes(fake, answer);
      assert.equal(answer.headers.get("Sec-WebSocket-Protocol"), "telemetry.collector");
    });
  }
});

Deno.test("the protocols of clients are not spoken here, nor this one there; a key alone is 400", async () => {
  await withGateway({}, async (fake) => {
    for (const offer of ["telemetry.v1", "telemetry.v2", keyProtocol]) {
      const answer = await shake(fake, { "Sec-WebSocket-Protocol": offer });
      await fails(answer, 400, "UNSUPPORTED_PROTOCOL");
    }
    const headers = { ...HANDSHAKE, "Sec-WebSocket-Protocol": "telemetry.collector" };
    await fails(await fake.request("/ws/telemetry", { headers }), 400, "UNSUPPORTED_PROTOCOL");
  });
});

Deno.test("without a valid credential it is 401, without the scope publish 403, and nobody takes a seat", async () => {
  const keys = new KeyRing([apiKey("desk", "desk-secret", { scopes: new Set(["subscribe"]) })]);
  const config = { security: { anonymousScopes: ["subscribe"] } };
  await withGateway({ keys, config }, async (fake) => {
    await fails(await shake(fake, {}, "", "wrong"), 401, "API_KEY_INVALID");
    await fails(await shake(fake, {}, "", "desk-secret"), 403, "FORBIDDEN");
    await fails(await shake(fake, {}, "", null), 403, "FORBIDDEN");
    assert.deepEqual(seatsTaken(fake), []);
  });
  await withGateway({}, async (fake) => {
    await fails(await shake(fake, {}, "", null), 401, "API_KEY_MISSING");
  });
});

Deno.test("what is no handshake, or has an absurd clientId, never comes to the hub", async () => {
  await withGateway({}, async (fake) => {
    await fails(await fake.request("/ws/collector"), 426, "UPGRADE_REQUIRED");
    await fails(await shake(fake, { "Sec-WebSocket-Version": "8" }), 400, "INVALID_REQUEST");
    await fails(await shake(fake, {}, "?clientId=a%00b"), 400, "INVALID_REQUEST");
    await fails(await shake(fake, { Origin: "https://evil.example" }), 403, "ORIGIN_NOT_ALLOWED");
    assert.deepEqual(seatsTaken(fake), []);
  });
});

Deno.test("publishers take seats, and wait their turn while draining, like everybody", async () => {
  await withGateway({ config: { server: { maxConnections: 1 } } }, async (fake) => {
    fake.connect({ principal: keyHolder("ops") });
    await fails(await shake(fake), 503, "OVERLOADED");
  });
  await withGateway({}, async (fake) => {
    await fake.hub.drain(1_000);
    await fails(await shake(fake), 503, "DRAINING");
  });
});
