import assert from "node:assert/strict";
import { ANONYMOUS, keyHolder, withGateway } from "../../support/fake_gateway.ts";
import { position } from "../../support/events.ts";

Deno.test("a newer connection of the same key and clientId replaces the old with 4409", async () => {
  await withGateway({}, async (fake) => {
    const old = fake.connect({ clientId: "desk-7", channels: ["positions"] });
    const newer = fake.connect({ clientId: "desk-7", channels: ["positions"] });
    assert.deepEqual(old.socket.closings, [
      { code: 4409, reason: "replaced by a newer connection" },
    ]);
    assert.deepEqual(newer.socket.closings, []);
    await fake.publish(position("p1"));
    assert.equal(old.socket.events.length, 0);
    assert.equal(newer.socket.events.length, 1);
    const [line] = fake.log.find({ message: "replaced" });
    assert.deepEqual(line?.properties, {
      connectionId: old.connection.id,
      clientId: "desk-7",
      by: newer.connection.id,
    });
  });
});

Deno.test("the address does not matter for a replacement", async () => {
  await withGateway({}, (fake) => {
    const old = fake.connect({ clientId: "desk-7", address: "10.0.0.1" });
    fake.connect({ clientId: "desk-7", address: "10.0.0.2" });
    assert.deepEqual(old.socket.codes, [4409]);
  });
});

Deno.test("another key may use the same clientId beside it", async () => {
  await withGateway({}, (fake) => {
    const a = fake.connect({ clientId: "desk-7", principal: keyHolder("a") });
    const b = fake.connect({ clientId: "desk-7", principal: keyHolder("b") });
    assert.deepEqual([...a.socket.codes, ...b.socket.codes], []);
    assert.equal(fake.hub.clientsById("desk-7").length, 2);
  });
});

Deno.test("anonymous connections never replace and are never replaced", async () => {
  await withGateway({}, (fake) => {
    const clients = [ANONYMOUS, ANONYMOUS, keyHolder(), ANONYMOUS].map((principal) =>
      fake.connect({ clientId: "desk-7", principal })
    );
    for (const { socket } of clients) assert.deepEqual(socket.codes, []);
  });
});

Deno.test("connections without a clientId are never the same", async () => {
  await withGateway({}, (fake) => {
    const clients = [fake.connect(), fake.connect()];
    for (const { socket } of clients) assert.deepEqual(socket.codes, []);
  });
});

Deno.test("the one that replaced can be replaced, the one that was replaced cannot come back", async () => {
  await withGateway({}, (fake) => {
    const [first, second, third] = Array.from(
      { length: 3 },
      () => fake.connect({ clientId: "desk-7" }),
    );
    assert.deepEqual([first, second, third].map((client) => client!.socket.codes), [
      [4409],
      [4409],
      [],
    ]);
    // The end of an old connection does not free the identity of the new one.
    fake.hub.closed(first!.connection, 4409);
    fake.hub.closed(second!.connection, 4409);
    fake.connect({ clientId: "desk-7" });
    assert.deepEqual(third!.socket.codes, [4409]);
  });
});

Deno.test("a handshake that is not open yet replaces nobody", async () => {
  await withGateway({}, (fake) => {
    const old = fake.connect({ clientId: "desk-7" });
    const { principal, address } = old.connection.peer;
    const peer = { principal, address, clientId: "desk-7", protocol: "telemetry.v1" } as const;
    assert.ok(fake.hub.admit(peer).ok);
    assert.deepEqual(old.socket.codes, []);
  });
});
