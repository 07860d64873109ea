import assert from "node:assert/strict";
import { assertError } from "../../support/envelopes.ts";
import { marketData, position } from "../../support/events.ts";
import { ANONYMOUS, type FakeGateway, keyHolder, withGateway } from "../../support/fake_gateway.ts";
import { TEST_EPOCH } from "../../support/test_clock.ts";

const CLIENTS = "/api/v1/websocket/clients";

// deno-lint-ignore no-explicit-any
async function get(fake: FakeGateway, path: string): Promise<any> {
  const answer = await fake.request(path);
  assert.equal(answer.status, 200, path);
  const { success, data, timestamp } = await answer.json();
  assert.equal(success, true);
  assert.equal(timestamp, new Date(TEST_EPOCH + fake.clock.now()).toISOString());
  return data;
}

async function fails(
  fake: FakeGateway,
  path: string,
  status: number,
  code: string,
  method = "GET",
) {
  const answer = await fake.request(path, { method });
  return assertError({ status: answer.status, body: await answer.json() }, status, code);
}

const idsOf = (clients: readonly { connectionId: string }[]) =>
  clients.map(({ connectionId }) => connectionId);

Deno.test("the statistics have the keys of the contract, and add up", async () => {
  await withGateway({ config: { telemetry: { rateLimitPerSecond: 2 } } }, async (fake) => {
    fake.connect({ channels: ["market-data", "positions"] });
    await fake.publish(...Array.from({ length: 9 }, (_, i) => marketData("A", `${i}`)));
    await fake.publish(position("p1"));
    await fake.clock.advanceAsync(5_000);
    const { metrics, channelSnapshots, ...more } = await get(fake, "/api/v1/websocket/stats");
    // 2 of the bucket, then the last price; the position a second later at the latest.
    assert.deepEqual(metrics, {
      activeConnections: 1,
      messagesSent: 4,
      messagesDropped: 6,
      messagesPerChannel: {
        "risk-alerts": 0,
        "system-warnings": 0,
        "trader-status": 0,
        "positions": 1,
        "market-data": 3,
      },
      messagesDroppedPerChannel: {
        "risk-alerts": 0,
        "system-warnings": 0,
        "trader-status": 0,
        "positions": 0,
        "market-data": 6,
      },
    });
    assert.deepEqual(channelSnapshots, {
      "risk-alerts": 0,
      "system-warnings": 0,
      "trader-status": 0,
      "positions": 1,
      "market-data": 1,
    });
    assert.equal(more.status, "running");
    assert.equal(more.accepted, 1);
    assert.equal(more.channels["market-data"].head, 9);
  });
});

Deno.test("the list shows every connection with the keys of the contract", async () => {
  await withGateway({}, async (fake) => {
    const { connection } = fake.connect({ clientId: "desk-7", channels: ["positions"] });
    const [client, ...more] = await get(fake, CLIENTS);
    assert.deepEqual(more, []);
    assert.deepEqual(client, {
      id: "desk-7",
      connectionId: connection.id,
      remoteAddress: "10.0.0.1",
      subscribedChannels: ["positions"],
      connectedAtEpochMillis: TEST_EPOCH,
      lastHeartbeatEpochMillis: TEST_EPOCH,
      rateLimitPerSecond: 120,
      authenticated: true,
      isOpen: true,
      state: "subscribed",
      protocol: "telemetry.v1",
      principal: "desk",
      bufferedBytes: 0,
      lag: { positions: 0 },
      eventsSent: 0,
      eventsSkipped: 0,
    });
  });
});

Deno.test("no connection is an empty list", async () => {
  await withGateway({}, async (fake) => {
    assert.deepEqual(await get(fake, CLIENTS), []);
  });
});

Deno.test("the list is filtered by state and by channel in any spelling", async () => {
  await withGateway({}, async (fake) => {
    const idle = fake.connect().connection.id;
    const prices = fake.connect({ channels: ["market-data"] }).connection.id;
    const both = fake.connect({ channels: ["market-data", "positions"] }).connection.id;
    const ids = async (query: string) => idsOf(await get(fake, `${CLIENTS}?${query}`));
    assert.deepEqual(await ids("state=authenticated"), [idle]);
    assert.deepEqual(await ids("state=subscribed"), [prices, both]);
    assert.deepEqual(await ids("state=throttled"), []);
    assert.deepEqual(await ids("channel=Position"), [both]);
    assert.deepEqual(await ids("channel=market.data&state=subscribed"), [prices, both]);
    assert.deepEqual(await ids("channel=risk-alerts"), []);
  });
});

Deno.test("pages lead from one to the next by the Link header until all were seen once", async () => {
  await withGateway({}, async (fake) => {
    const all = Array.from({ length: 7 }, () => {
      return fake.connect({ channels: ["positions"] }).connection.id;
    });
    fake.connect(); // Filtered out; it must not make for an eighth page entry.
    const seen: string[] = [];
    let path: string | undefined = `${CLIENTS}?limit=3&channel=position&apiKey=query-secret`;
    const sizes: number[] = [];
    while (path !== undefined) {
      const answer = await fake.request(path);
      const { data } = await answer.json();
      seen.push(...idsOf(data));
      sizes.push(data.length);
      const link = answer.headers.get("Link");
      path = link === null ? undefined : /^<([^>]+)>; rel="next"$/.exec(link)?.[1];
      assert.doesNotMatch(link ?? "", /query-secret/);
      if (link !== null) assert.match(link, /limit=3&channel=position/);
    }
    assert.deepEqual(seen, all);
    assert.deepEqual(sizes, [3, 3, 1]);
  });
});

Deno.test("a page that is exactly full is the last one", async () => {
  await withGateway({}, async (fake) => {
    for (let i = 0; i < 2; i++) fake.connect();
    const answer = await fake.request(`${CLIENTS}?limit=2`);
    assert.equal((await answer.json()).data.length, 2);
    assert.equal(answer.headers.get("Link"), null);
  });
});

Deno.test("a query that is not understood is 400 and says what is wrong with what", async () => {
  await withGateway({}, async (fake) => {
    const faults: Record<string, RegExp> = {
      "limit=0": /limit/,
      "limit=1001": /limit/,
      "limit=many": /limit/,
      "state=asleep": /state/,
      "channel=weather": /channel.*market-data/,
      [`cursor=${"x".repeat(129)}`]: /cursor/,
    };
    for (const [query, message] of Object.entries(faults)) {
      const answer = await fake.request(`${CLIENTS}?${query}`);
      assert.match((await answer.clone().json()).error.message, message);
      assertError({ status: answer.status, body: await answer.json() }, 400, "INVALID_REQUEST");
    }
  });
});

Deno.test("a detail is found by connectionId, else by clientId, and else is 404", async () => {
  await withGateway({}, async (fake) => {
    const older = fake.connect({ clientId: "desk-7", principal: keyHolder("a") }).connection.id;
    const newer = fake.connect({ clientId: "desk-7", principal: ANONYMOUS }).connection.id;
    assert.equal((await get(fake, `${CLIENTS}/${older}`)).connectionId, older);
    assert.equal((await get(fake, `${CLIENTS}/desk-7`)).connectionId, newer);
    assert.deepEqual(await fails(fake, `${CLIENTS}/nobody`, 404, "CLIENT_NOT_FOUND"), {
      id: "nobody",
    });
  });
});

Deno.test("an id with blanks and slashes is found by its encoded form", async () => {
  await withGateway({}, async (fake) => {
    fake.connect({ clientId: "desk 7/ü" });
    const path = `${CLIENTS}/${encodeURIComponent("desk 7/ü")}`;
    assert.equal((await get(fake, path)).id, "desk 7/ü");
  });
});

Deno.test("a disconnect ends the connection with the reason given", async () => {
  await withGateway({}, async (fake) => {
    const { connection, socket } = fake.connect({ clientId: "desk-7" });
    const path = `${CLIENTS}/${connection.id}?reason=${encodeURIComponent("wartung für heute")}`;
    const answer = await fake.request(path, { method: "DELETE" });
    assert.equal(answer.status, 200);
    assert.deepEqual((await answer.json()).data, {
      clientId: connection.id,
      disconnected: true,
      reason: "wartung für heute",
    });
    assert.deepEqual(socket.closings, [{ code: 4410, reason: "wartung für heute" }]);
    await fails(fake, path, 404, "CLIENT_NOT_FOUND", "DELETE");
  });
});

Deno.test("a disconnect without a reason has the one of the catalogue", async () => {
  await withGateway({}, async (fake) => {
    const { socket } = fake.connect({ clientId: "desk-7" });
    const answer = await fake.request(`${CLIENTS}/desk-7`, { method: "DELETE" });
    assert.equal((await answer.json()).data.reason, "disconnected by an administrator");
    assert.deepEqual(socket.closings, [
      { code: 4410, reason: "disconnected by an administrator" },
    ]);
  });
});

Deno.test("a disconnect may ban for a while", async () => {
  await withGateway({}, async (fake) => {
    const { connection } = fake.connect({ clientId: "desk-7" });
    await fake.request(`${CLIENTS}/desk-7?banSeconds=30`, { method: "DELETE" });
    const refused = fake.hub.admit(connection.peer);
    assert.ok(!refused.ok);
    assert.deepEqual([refused.code, refused.retryAfterSeconds], ["BANNED", 30]);
  });
});

Deno.test("a disconnect with a query that is not understood disconnects nobody", async () => {
  await withGateway({}, async (fake) => {
    const { socket } = fake.connect({ clientId: "desk-7" });
    for (const query of ["banSeconds=-1", "banSeconds=x", `reason=${"x".repeat(257)}`]) {
      await fails(fake, `${CLIENTS}/desk-7?${query}`, 400, "INVALID_REQUEST", "DELETE");
    }
    assert.deepEqual(socket.closings, []);
  });
});
