import assert from "node:assert/strict";
import { keyHolder, withGateway } from "../../support/fake_gateway.ts";
import { marketData } from "../../support/events.ts";

const CLIENTS = "/api/v1/websocket/clients";

Deno.test("lingering connections are listed only when their state is asked for", async () => {
  await withGateway({}, async (fake) => {
    const live = fake.connect({ channels: ["positions"] }).connection;
    const closed = fake.connect({ clientId: "desk-7" }).connection;
    closed.end("slowConsumer");
    const timedOut = fake.connect().connection;
    timedOut.timeOut("stalled");
    const list = async (query: string) => {
      const { data } = await (await fake.request(CLIENTS + query)).json();
      return data as { connectionId: string; isOpen: boolean; state: string }[];
    };
    const ids = async (query: string) => (await list(query)).map((client) => client.connectionId);
    assert.deepEqual(await ids(""), [live.id]);
    assert.deepEqual(await ids("?state=subscribed"), [live.id]);
    assert.deepEqual(await ids("?state=closed"), [closed.id]);
    assert.deepEqual(await ids("?state=timed-out"), [timedOut.id]);
    const [client] = await list("?state=closed");
    assert.deepEqual([client?.isOpen, client?.state], [false, "closed"]);
    const { activeConnections, lingering } = fake.hub.stats();
    assert.deepEqual([activeConnections, lingering], [1, 2]);
    fake.hub.closed(closed, 1006);
    assert.deepEqual(await ids("?state=closed"), []);
  });
});

Deno.test("a lingering connection has no identity: it is not replaced, named or disconnected", async () => {
  await withGateway({}, async (fake) => {
    const principal = keyHolder("desk");
    const { connection, socket } = fake.connect({ clientId: "desk-7", principal });
    connection.end("slowConsumer");
    const next = fake.connect({ clientId: "desk-7", principal });
    assert.equal(fake.log.find({ message: "replaced" }).length, 0);
    assert.deepEqual(socket.codes, [4413]);
    assert.deepEqual(
      fake.hub.clientsById("desk-7").map(({ connectionId }) => connectionId),
      [next.connection.id],
    );
    const answer = await fake.request(`${CLIENTS}/${connection.id}`, { method: "DELETE" });
    assert.equal(answer.status, 404);
    assert.equal((await answer.json()).error.code, "CLIENT_NOT_FOUND");
  });
});

Deno.test("the connections of a principal are found while they live", async () => {
  await withGateway({}, (fake) => {
    const [a, b] = [keyHolder("a"), keyHolder("b")];
    const first = fake.connect({ principal: a }).connection;
    const second = fake.connect({ principal: a }).connection;
    const other = fake.connect({ principal: b }).connection;
    assert.deepEqual(fake.hub.connectionsOf("a"), [first, second]);
    assert.deepEqual(fake.hub.connectionsOf("b"), [other]);
    assert.deepEqual(fake.hub.connectionsOf("nobody"), []);
    first.end("unauthorized");
    assert.deepEqual(fake.hub.connectionsOf("a"), [second]);
  });
});

Deno.test("administrators see the last transitions of a connection, also after its end", async () => {
  const config = { telemetry: { rateLimitPerSecond: 1 } };
  await withGateway({ config }, async (fake) => {
    const { connection, say } = fake.connect({ channels: ["market-data"] });
    const transitions = async () => {
      const { data } = await (await fake.request(`${CLIENTS}/${connection.id}`)).json();
      return data.transitions as { from: string; to: string; event: string; count?: number }[];
    };
    for (let i = 0; i < 3; i++) {
      await fake.publish(marketData("A", "1"), marketData("B", "2"), marketData("C", "3"));
      await fake.clock.advanceAsync(10_000);
    }
    assert.equal(connection.state, "subscribed");
    say({ action: "unsubscribe", channels: ["market-data"] });
    connection.end("slowConsumer");
    const all = await transitions();
    assert.deepEqual(all.map(({ from, to, event }) => [from, to, event]), [
      ["connecting", "authenticated", "OPENED"],
      ["authenticated", "subscribed", "SUBSCRIBED"],
      ["throttled", "subscribed", "RECOVERED"],
      ["subscribed", "authenticated", "UNSUBSCRIBED_ALL"],
      ["authenticated", "closed", "CLOSE"],
    ]);
    // Each burst is over the rate at least once.
    assert.ok(all[2]!.count! >= 3, `${all[2]!.count}`);
    const listed = await (await fake.request(`${CLIENTS}?state=closed`)).json();
    assert.equal("transitions" in listed.data[0], false, "the list has no transitions");
  });
});
