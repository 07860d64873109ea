/**
 * Who replaces whom: the identity of a connection is its principal and its `clientId`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { V1Client } from "../support/v1_client.ts";
import { waitUntil } from "../support/wait.ts";

Deno.test("a clientId is taken over by the same principal only", async (t) => {
  const env = { TELEMETRY_ANONYMOUS_SCOPES: "subscribe" };
  await using gateway = await GatewayProcess.start({ env });
  const { wsUrl, apiKey } = gateway;
  const api = new HttpApi(gateway);

  await t.step("the newer connection stays, the older one gets 4409", async () => {
    await using older = await V1Client.connect(wsUrl, { apiKey, clientId: "desk" });
    await using newer = await V1Client.connect(wsUrl, { apiKey, clientId: "desk" });
    assert.equal((await older.closed).code, 4409);
    await newer.heartbeat();
    const listed = (await api.clients()).filter(({ id }) => id === "desk");
    assert.equal(listed.length, 1);
    assert.equal(listed[0]!["connectionId"], newer.messages[0]!.meta!["connectionId"]);
    await gateway.log("replaced", (line) => JSON.stringify(line).includes("replaced"));
  });

  await t.step(
    "an anonymous client with the same id lives beside it, until an operator ends both",
    async () => {
      await using known = await V1Client.connect(wsUrl, { apiKey, clientId: "shared" });
      await using anonymous = await V1Client.connect(wsUrl, { clientId: "shared" });
      await known.heartbeat();
      await anonymous.heartbeat();
      const listed = (await api.clients()).filter(({ id }) => id === "shared");
      assert.equal(listed.length, 2);
      assert.equal((await api.disconnect("shared")).status, 200);
      assert.equal((await known.closed).code, 4410);
      assert.equal((await anonymous.closed).code, 4410);
    },
  );

  await t.step("anonymous clients never replace each other", async () => {
    await using first = await V1Client.connect(wsUrl, { clientId: "anyone" });
    await using second = await V1Client.connect(wsUrl, { clientId: "anyone" });
    await first.heartbeat();
    await second.heartbeat();
    assert.equal((await api.clients()).filter(({ id }) => id === "anyone").length, 2);
  });

  await t.step("ids are compared exactly", async () => {
    await using lower = await V1Client.connect(wsUrl, { apiKey, clientId: "case" });
    await using upper = await V1Client.connect(wsUrl, { apiKey, clientId: "CASE" });
    await lower.heartbeat();
    await upper.heartbeat();
  });

  await t.step("a crowd fighting over one id leaves exactly one connected", async () => {
    const clients = await Promise.all(
      Array.from(
        { length: 10 },
        () =>
          V1Client.connect(wsUrl, {
            apiKey,
            clientId: "crowd",
            awaitWelcome: false,
            withinMs: 30_000,
          }),
      ),
    );
    try {
      const open = () => clients.filter(({ socket }) => !socket.isClosed);
      await waitUntil("one is left", () => open().length, (left) => left === 1);
      await open()[0]!.heartbeat();
      assert.equal((await api.clients()).filter(({ id }) => id === "crowd").length, 1);
      for (const client of clients.filter(({ socket }) => socket.isClosed)) {
        assert.equal((await client.closed).code, 4409);
      }
    } finally {
      for (const client of clients) await client[Symbol.asyncDispose]();
    }
  });

  await t.step("all of them are gone from the list when they have left", async () => {
    await waitUntil("an empty list", () => api.clients(), (listed) => listed.length === 0);
  });
});
