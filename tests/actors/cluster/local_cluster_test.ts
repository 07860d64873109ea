import assert from "node:assert/strict";
import { type FakeGateway, withGateway } from "../../support/fake_gateway.ts";

const ids = async (fake: FakeGateway, query: Parameters<typeof fake.gateway.cluster.clients>[0]) =>
  (await fake.gateway.cluster.clients(query)).map(({ id }) => id);

Deno.test("clients are listed in the order of their connections, within what is asked for", async () => {
  await withGateway({}, async (fake) => {
    for (const clientId of ["a", "b", "c", "d"]) {
      const channels = clientId === "b" ? ["positions"] : ["market-data"];
      fake.connect({ clientId, channels });
    }
    assert.deepEqual(await ids(fake, { limit: 10 }), ["a", "b", "c", "d"]);
    assert.deepEqual(await ids(fake, { limit: 2 }), ["a", "b"]);
    assert.deepEqual(await ids(fake, { limit: 2, channel: "market-data" }), ["a", "c"]);
    assert.deepEqual(await ids(fake, { limit: 9, state: "throttled" }), []);
    const [, second] = await fake.gateway.cluster.clients({ limit: 2 });
    assert.deepEqual(await ids(fake, { limit: 9, after: second!.connectionId }), ["c", "d"]);
  });
});

Deno.test("who is disconnected with a ban is refused until it is lifted", async () => {
  await withGateway({}, async (fake) => {
    const { cluster } = fake.gateway;
    const { socket } = fake.connect({ clientId: "a" });
    const reason = "too loud";
    const disconnection = { id: "a", reason, principal: "ops", by: "client" } as const;
    assert.equal(await cluster.disconnect({ ...disconnection, banSeconds: 60 }), 1);
    assert.equal(socket.closings[0]?.code, 4410);
    assert.throws(() => fake.connect({ clientId: "a" }), /BANNED/);
    const [ban] = await cluster.bans();
    assert.deepEqual([ban?.clientId, ban?.setBy], ["a", "ops"]);
    assert.equal((await cluster.liftBan(ban!.id))?.id, ban!.id);
    assert.equal(await cluster.liftBan(ban!.id), undefined);
    fake.connect({ clientId: "a" });
    assert.equal((await cluster.clientsById("a")).length, 1);
    assert.equal(await cluster.disconnect({ ...disconnection, id: "x", banSeconds: 0 }), 0);
  });
});

Deno.test("a declared channel goes stale, and a drain is begun", async () => {
  await withGateway({}, async (fake) => {
    const { cluster, health } = fake.gateway;
    cluster.declare(["positions"]);
    await fake.clock.advanceAsync(31_000);
    assert.equal(health.status("positions").state, "stale");
    cluster.drain();
    assert.equal(fake.drains, 1);
  });
});
