import assert from "node:assert/strict";
import { assertError } from "../../support/envelopes.ts";
import { type FakeGateway, keyHolder, withGateway } from "../../support/fake_gateway.ts";

const CLIENTS = "/api/v1/websocket/clients";
const BANS = "/api/v1/websocket/bans";

async function ban(fake: FakeGateway, query: string): Promise<Response> {
  return await fake.request(`${CLIENTS}/desk-7?reason=calm&${query}`, { method: "DELETE" });
}

// deno-lint-ignore no-explicit-any -- answers are asserted on, not typed
async function list(fake: FakeGateway): Promise<any[]> {
  return (await (await fake.request(BANS)).json()).data;
}

Deno.test("a ban is listed with who set it and why, and lifted by its id", async () => {
  await withGateway({}, async (fake) => {
    const { connection } = fake.connect({ clientId: "desk-7" });
    assert.deepEqual(await list(fake), []);
    await ban(fake, "banSeconds=60");
    const [{ id, by, setBy, reason, clientId }] = await list(fake);
    assert.deepEqual([by, setBy, reason, clientId], ["peer", "ops", "calm", "desk-7"]);
    assert.equal(fake.hub.admit(connection.peer).ok, false);
    const lifted = await fake.request(`${BANS}/${id}`, { method: "DELETE" });
    assert.deepEqual((await lifted.json()).data, { id, lifted: true });
    assert.ok(fake.hub.admit(connection.peer).ok);
    const acts = fake.log.find({ message: "audit" }).map(({ properties }) => properties["act"]);
    assert.deepEqual(acts, ["disconnect", "ban", "lift"]);
    const again = await fake.request(`${BANS}/${id}`, { method: "DELETE" });
    assertError({ status: again.status, body: await again.text() }, 404, "BAN_NOT_FOUND");
  });
});

Deno.test("a ban by key or address ends all that it covers; one of the client at its address does not", async () => {
  const desk = keyHolder("desk");
  const cases = [
    ["", [4410], [], []],
    ["&by=peer", [4410], [], []],
    ["&by=key", [4410], [4410], []],
    ["&by=address", [4410], [], [4410]],
  ] as const;
  for (const [by, self, sameKey, sameAddress] of cases) {
    await withGateway({}, async (fake) => {
      const sockets = [
        fake.connect({ clientId: "desk-7", principal: desk, address: "10.0.0.1" }),
        fake.connect({ clientId: "desk-8", principal: desk, address: "10.0.0.2" }),
        fake.connect({ clientId: "core-1", principal: keyHolder("core"), address: "10.0.0.1" }),
      ].map(({ socket }) => socket);
      assert.equal((await ban(fake, `banSeconds=60${by}`)).status, 200);
      assert.deepEqual(sockets.map(({ codes }) => codes), [self, sameKey, sameAddress], by);
    });
  }
});

Deno.test("what is banned needs a duration, and a subject that is known", async () => {
  await withGateway({}, async (fake) => {
    const { socket } = fake.connect({ clientId: "desk-7" });
    for (const query of ["by=key", "by=key&banSeconds=0", "by=planet&banSeconds=60"]) {
      const answer = await ban(fake, query);
      assertError({ status: answer.status, body: await answer.text() }, 400, "INVALID_REQUEST");
    }
    assert.deepEqual(socket.codes, []);
    assert.deepEqual(await list(fake), []);
  });
});
