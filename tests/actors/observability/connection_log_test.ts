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
      const { connectionId } = properties;
      assert.ok(connectionId === connection.id || connectionId === other.connection.id, message);
    }
  });
});

Deno.test("who and what is logged where it is decided", async () => {
  await withGateway({}, (fake) => {
    const { connection } = fake.connect({
      clientId: "desk-7",
      address: "10.1.2.3",
      channels: ["risk.alert"],
      replay: true,
    });
    const propertiesOf = (message: string) =>
      fake.log.find({ message, connectionId: connection.id })[0]?.properties;
    const connectionId = connection.id;
    assert.deepEqual(propertiesOf("connected"), {
      connectionId,
      address: "10.1.2.3",
      protocol: "telemetry.v1",
      clientId: "desk-7",
    });
    assert.deepEqual(propertiesOf("authenticated"), { connectionId, principal: "desk" });
    assert.deepEqual(propertiesOf("subscribed"), {
      connectionId,
      channels: ["risk-alerts"],
    });
  });
});

Deno.test("a refused handshake is logged with the reason", async () => {
  await withGateway({ config: { server: { maxConnections: 1 } } }, (fake) => {
    const { connection } = fake.connect();
    fake.hub.admit(connection.peer);
    const [line] = fake.log.find({ message: "closed" });
    assert.equal(line?.properties["by"], "refusal");
    assert.equal(line?.properties["code"], "OVERLOADED");
    assert.equal(typeof line?.properties["connectionId"], "string");
  });
});
