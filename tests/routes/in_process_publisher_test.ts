import assert from "node:assert/strict";
import { publishInProcess } from "../../routes/in_process_publisher.ts";
import { marketData } from "../support/events.ts";
import { withGateway } from "../support/fake_gateway.ts";

Deno.test("a source in the process publishes like one outside", async () => {
  await withGateway({}, async (fake) => {
    const { socket } = fake.connect({ channels: ["market-data"] });
    const publish = publishInProcess(fake.gateway.eventLog, fake.clock, "demo");
    await fake.settled(publish([marketData("A", "1"), marketData("A", "2")]));
    await fake.clock.advanceAsync(0);
    assert.deepEqual(socket.events.map(({ data }) => data?.["price"]), ["1", "2"]);
  });
});

Deno.test("an invalid event is refused with its path, and nothing of the batch is stored", async () => {
  await withGateway({}, async (fake) => {
    const publish = publishInProcess(fake.gateway.eventLog, fake.clock, "demo");
    const events = [marketData("A", "1"), marketData("A", "1", { price: 1 })];
    await assert.rejects(publish(events), /events\[1\]\.data\.price/);
    await fake.clock.advanceAsync(0);
    assert.equal(fake.hub.stats().channels["market-data"].head, 0);
  });
});
