import assert from "node:assert/strict";
import { withGateway } from "../../support/fake_gateway.ts";
import { marketData } from "../../support/events.ts";

Deno.test("the lines of one connection tell its life and carry its id", async () => {
  const config = { telemetry: { rateLimitPerSecond: 1 } };
  await withGateway({ config }, async (fake) => {
    const { connection, say } = fake.connect({ clientId: "desk-7", channels: ["market-data"] });
    const other = fake.connect({ clientId: "desk-8", channels: ["market-data"] });
    await fake.publish(marketData("A", "1"), marketData("A", "2"), marketData("A", "3"));
    say({ action: "unsubscribe", channels: ["market-data"] });
    fake.hub.disconnect(connection.id, "maintenance", 0, "ops");
    fake.hub.closed(connection, 4410);
    const messages = fake.log.find({ connectionId: connection.id }).map(({ message }) => message);
    assert.deepEqual(messages, [
      "connected",
      "authenticated",
      "subscribed",
      "throttled",
      "unsubscribed",
      "forced disconnect",
      "closed",
    ]);
    for (const { message, properties } of fake.log.lines) {
      const { connectionId, clientId } = properties;
      assert.match(String(clientId), /^desk-[78]$/, message);
      assert.ok(connectionId === connection.id || connectionId === other.connection.id, message);
    }
  });
});

Deno.test("who and what is logged where it is decided", async () => {
  await withGateway({}, (fake) => {
    const { connection, say } = fake.connect({
      clientId: "desk-7",
      address: "10.1.2.3",
      channels: ["risk.alert"],
      replay: true,
    });
    const propertiesOf = (message: string) =>
      fake.log.find({ message, connectionId: connection.id })[0]?.properties;
    const connectionId = connection.id;
    const clientId = "desk-7";
    assert.deepEqual(propertiesOf("connected"), {
      connectionId,
      address: "10.1.2.3",
      protocol: "telemetry.v1",
      clientId,
    });
    assert.deepEqual(propertiesOf("authenticated"), { connectionId, clientId, principal: "desk" });
    const channels = ["risk-alerts"];
    assert.deepEqual(propertiesOf("subscribed"), {
      connectionId,
      clientId,
      channels,
      replay: true,
    });
    say({ action: "unsubscribe", channels });
    assert.deepEqual(propertiesOf("unsubscribed"), { connectionId, clientId, channels });
    fake.hub.disconnect(connectionId, "maintenance", 60, "ops");
    assert.deepEqual(propertiesOf("forced disconnect"), {
      connectionId,
      clientId,
      principal: "ops",
      reason: "maintenance",
      banSeconds: 60,
    });
  });
});

Deno.test("heartbeat timeouts name the client", async () => {
  const config = { telemetry: { requireClientHeartbeat: true } };
  await withGateway({ config }, (fake) => {
    const { connection } = fake.connect({ clientId: "desk-7" });
    fake.clock.advance(60_000);
    const [line] = fake.log.find({ message: "heartbeat timeout" });
    assert.equal(line?.properties["connectionId"], connection.id);
    assert.equal(line?.properties["clientId"], "desk-7");
  });
});

Deno.test("a refused handshake leaves its line to those who limit how many there are", async () => {
  await withGateway({ config: { server: { maxConnections: 1 } } }, (fake) => {
    const { connection } = fake.connect();
    fake.hub.admit(connection.peer);
    assert.deepEqual(fake.log.find({ message: "closed" }), []);
    assert.equal(fake.hub.stats().endings["refused"], 1);
  });
});
