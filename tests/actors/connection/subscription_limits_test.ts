import assert from "node:assert/strict";
import { type FakeGateway, withGateway } from "../../support/fake_gateway.ts";

const CONFIG = { telemetry: { maxSubscriptions: 2, maxFilterValues: 2 } };

/** Opens a v2 connection that answers what it is asked. */
function connectV2(fake: FakeGateway) {
  const { socket, say } = fake.connect({ protocol: "telemetry.v2" });
  return (message: unknown) => {
    say(message);
    return JSON.parse(socket.frames.at(-1)!);
  };
}

const subscribe = (...channels: readonly unknown[]) => ({ id: "1", action: "subscribe", channels });

Deno.test("a v2 connection has at most telemetry.maxSubscriptions; one more is refused as a whole", async () => {
  await withGateway({ config: CONFIG }, (fake) => {
    const ask = connectV2(fake);
    const refused = ask(subscribe("positions", "market-data", "trader-status"));
    assert.equal(refused.code, "too_large");
    assert.match(refused.message, /telemetry\.maxSubscriptions.*trader-status/);
    assert.equal(ask(subscribe("positions", "market-data")).type, "ack");
    // Subscribing again is no further subscription.
    assert.equal(ask(subscribe("positions")).type, "ack");
    assert.equal(ask(subscribe("trader-status")).code, "too_large");
    ask({ id: "2", action: "unsubscribe", channels: ["positions"] });
    assert.equal(ask(subscribe("trader-status")).type, "ack");
    assert.equal(fake.gateway.limitHits.counts.get("telemetry.maxSubscriptions"), 2);
  });
});

Deno.test("a v1 connection gets as many subscriptions as it may have, and is told of the others", async () => {
  await withGateway({ config: CONFIG }, (fake) => {
    const channels = ["positions", "market-data", "trader-status"];
    const { socket, connection } = fake.connect({ channels });
    assert.deepEqual(socket.errors, ["too_large"]);
    const { subscribedChannels } = connection.describe();
    assert.deepEqual([...subscribedChannels].sort(), ["market-data", "positions"]);
  });
});

Deno.test("a filter has at most telemetry.maxFilterValues in a list, and is refused as a whole", async () => {
  await withGateway({ config: CONFIG }, (fake) => {
    const ask = connectV2(fake);
    for (const name of ["symbols", "traderIds"]) {
      const fits = { name: "positions", filter: { [name]: ["a", "b"] } };
      assert.equal(ask(subscribe(fits)).type, "ack");
      const refused = ask(subscribe({ name: "positions", filter: { [name]: ["a", "b", "c"] } }));
      assert.equal(refused.code, "too_large");
      assert.match(refused.message, /2 values.*telemetry\.maxFilterValues/);
    }
    assert.equal(fake.gateway.limitHits.counts.get("telemetry.maxFilterValues"), 2);
  });
});

Deno.test("messages beyond telemetry.inboundMessagesPerSecond are counted under it", async () => {
  const config = { telemetry: { inboundMessagesPerSecond: 1 } };
  await withGateway({ config }, (fake) => {
    const ask = connectV2(fake);
    ask({ action: "heartbeat" });
    const refused = ask({ action: "heartbeat" });
    assert.equal(refused.code, "rate_limited");
    assert.equal(fake.gateway.limitHits.counts.get("telemetry.inboundMessagesPerSecond"), 1);
  });
});
