/**
 * What the client makes of a key that loses rights while it is connected.
 *
 * @module
 */
import assert from "node:assert/strict";
import { TelemetryError } from "../../../protocol/client/errors.ts";
import { settle } from "../../support/test_clock.ts";
import { FakeNetwork, row } from "./fake_network.ts";

const LOST = {
  type: "error",
  code: "scope_changed",
  channel: "positions",
  message: "this key may not use positions any more",
};

Deno.test("tables and logs of a lost channel end with the reason, others and the connection go on", async () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  const positions = gateway.table("positions");
  const ended: unknown[] = [];
  positions.on("error", (why) => ended.push(why));
  network.connection.ack(0);
  network.connection.snapshot("positions", 1, [row(1, "a")]);
  const log = gateway.log("positions");
  const reading = (async () => {
    for await (const _ of log) { /* until it ends */ }
  })();
  network.connection.ack(1);
  const market = gateway.table("market-data");
  network.connection.ack(0);
  network.connection.snapshot("market-data", 0, []);
  network.connection.say(LOST);
  await assert.rejects(reading, (error) => {
    assert.ok(error instanceof TelemetryError);
    assert.deepEqual([error.code, error.final], ["forbidden", true]);
    assert.match(error.message, /^scope_changed: this key may not use positions/);
    return true;
  });
  assert.equal((ended[0] as TelemetryError | undefined)?.code, "forbidden");
  network.connection.frame("market-data", 1, [{ ...row(1, "BTC") }]);
  await settle();
  assert.deepEqual([...market.keys()], ["BTC"]);
  assert.equal(gateway.state.status, "live");
  assert.equal(network.connections.length, 1);
  gateway.close();
});

Deno.test("a request that is under way is not taken for the one that the loss answers", async () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  gateway.table("positions");
  network.connection.ack(0);
  network.connection.snapshot("positions", 0, []);
  const acknowledged = gateway.acknowledge({ id: "a1" });
  network.connection.say(LOST);
  const { id } = network.connection.last("acknowledge");
  network.connection.say({ type: "ack", id, ok: true, alerts: [{ id: "a1" }] });
  assert.deepEqual(await acknowledged, [{ id: "a1" }]);
  gateway.close();
});

Deno.test("a channel of which rows were lost can be subscribed to again", () => {
  const network = new FakeNetwork();
  const gateway = network.live();
  gateway.table("positions");
  network.connection.ack(0);
  network.connection.snapshot("positions", 2, [row(1, "a"), row(2, "b")]);
  network.connection.say(LOST);
  assert.equal(network.connection.requests("unsubscribe").length, 0, "it has ended already");
  const again = gateway.table("positions");
  assert.equal(network.connection.requests("subscribe").length, 2);
  network.connection.ack(2);
  network.connection.snapshot("positions", 2, [row(1, "a")]);
  network.connection.frame("positions", 3, [row(3, "a")]);
  assert.deepEqual([...again.keys()], ["a"]);
  gateway.close();
});
