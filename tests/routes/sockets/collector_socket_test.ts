import assert from "node:assert/strict";
import { apiKey, KeyRing } from "../../../routes/auth/api_keys.ts";
import {
  FAKE_ADDRESS,
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

const shake = handshakesWith("/ws/collector");

Deno.test("a publisher is admitted without naming a protocol", async () => {
  const keys = new KeyRing([apiKey("core", "core-secret", { scopes: new Set(["publish"]) })]);
  await withGateway({ keys }, async (fake) => {
    const answer = await shake(fake, {}, "?clientId=core-1", "core-secret");
    assertAdmitted(fake, answer);
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
    [`${KEY_PROTOCOL},telemetry.collector`, null],
  ] as const;
  for (const [offer, secret] of offers) {
    await withGateway({}, async (fake) => {
      const answer = await shake(fake, { "Sec-WebSocket-Protocol": offer }, "", secret);
      assertAdmitted(fake, answer);
      assert.equal(answer.headers.get("Sec-WebSocket-Protocol"), "telemetry.collector");
    });
  }
});

Deno.test("the protocols of clients are not spoken here, nor this one there; a key alone is 400", async () => {
  await withGateway({}, async (fake) => {
    for (const offer of ["telemetry.v1", "telemetry.v2", KEY_PROTOCOL]) {
      const answer = await shake(fake, { "Sec-WebSocket-Protocol": offer });
      await assertRefused(answer, 400, "UNSUPPORTED_PROTOCOL");
    }
    const headers = { ...HANDSHAKE, "Sec-WebSocket-Protocol": "telemetry.collector" };
    await assertRefused(
      await fake.request("/ws/telemetry", { headers }),
      400,
      "UNSUPPORTED_PROTOCOL",
    );
  });
});

Deno.test("without a valid credential it is 401, without the scope publish 403, and nobody takes a seat", async () => {
  const keys = new KeyRing([apiKey("desk", "desk-secret", { scopes: new Set(["subscribe"]) })]);
  const config = { security: { anonymousScopes: ["subscribe"] } };
  await withGateway({ keys, config }, async (fake) => {
    await assertRefused(await shake(fake, {}, "", "wrong"), 401, "API_KEY_INVALID");
    await assertRefused(await shake(fake, {}, "", "desk-secret"), 403, "FORBIDDEN");
    await assertRefused(await shake(fake, {}, "", null), 403, "FORBIDDEN");
    assert.deepEqual(seatsTaken(fake), []);
  });
  await withGateway({}, async (fake) => {
    await assertRefused(await shake(fake, {}, "", null), 401, "API_KEY_MISSING");
  });
});

Deno.test("what is no handshake, or has an absurd clientId, never comes to the hub", async () => {
  await withGateway({}, async (fake) => {
    await assertRefused(await fake.request("/ws/collector"), 426, "UPGRADE_REQUIRED");
    await assertRefused(
      await shake(fake, { "Sec-WebSocket-Version": "8" }),
      400,
      "INVALID_REQUEST",
    );
    await assertRefused(await shake(fake, {}, "?clientId=a%00b"), 400, "INVALID_REQUEST");
    await assertRefused(
      await shake(fake, { Origin: "https://evil.example" }),
      403,
      "ORIGIN_NOT_ALLOWED",
    );
    assert.deepEqual(seatsTaken(fake), []);
  });
});

Deno.test("publishers take seats, and wait their turn while draining, like everybody", async () => {
  await withGateway({ config: { server: { maxConnections: 1 } } }, async (fake) => {
    fake.connect({ principal: keyHolder("ops") });
    await assertRefused(await shake(fake), 503, "OVERLOADED");
  });
  await withGateway({}, async (fake) => {
    await fake.hub.drain(1_000);
    await assertRefused(await shake(fake), 503, "DRAINING");
  });
});
