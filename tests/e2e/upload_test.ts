/**
 * Uploads that do not go as they should, over real sockets.
 *
 * @module
 */
import assert from "node:assert/strict";
import { assertError } from "../support/envelopes.ts";
import { marketData } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { RawReader, requestHead, writeAll } from "../support/raw_http.ts";
import { pause, waitUntil } from "../support/wait.ts";

const PATH = "/api/v1/telemetry/events";

/** Begins an upload that announces more than it sends. */
async function beginUpload({ port, apiKey }: GatewayProcess, announced: number, sent: number) {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const head = requestHead("POST", PATH, {
    "Host": `127.0.0.1:${port}`,
    "X-API-Key": apiKey,
    "Content-Type": "application/json",
    "Content-Length": String(announced),
  });
  await writeAll(connection, head);
  await writeAll(connection, new TextEncoder().encode(" ".repeat(sent)));
  return connection;
}

Deno.test("uploads that do not go as they should cost others nothing", async (t) => {
  await using gateway = await GatewayProcess.start();
  const api = new HttpApi(gateway);

  await t.step("an upload that its client aborts writes no error", async () => {
    for (const sent of [0, 1, 200_000]) {
      const connection = await beginUpload(gateway, 1_000_000, sent);
      await pause(50);
      connection.close();
    }
    await pause(200);
    await api.publish(marketData("A", "1"));
    assert.deepEqual(gateway.logs.filter(({ level }) => level === "ERROR"), []);
  });

  await t.step("held uploads of a key take room, and small bodies of it still pass", async () => {
    const held = await Promise.all(
      Array.from({ length: 40 }, () => beginUpload(gateway, 8_000_000, 300_000)),
    );
    await pause(100);
    await api.publish(marketData("A", "2"));
    for (const connection of held) connection.close();
  });

  await t.step("a body that stops arriving is 408 after 10 s", async () => {
    using connection = await beginUpload(gateway, 1_000_000, 100);
    const from = performance.now();
    const reader = new RawReader(connection);
    const { status, headers } = await reader.head();
    assertError({ status, body: await reader.body(headers) }, 408, "REQUEST_TIMEOUT");
    const seconds = (performance.now() - from) / 1_000;
    assert.ok(9 < seconds && seconds < 15, String(seconds));
  });

  await t.step("a gzipped batch is taken", async () => {
    const packed = new Response(JSON.stringify([marketData("A", "3")])).body!
      .pipeThrough(new CompressionStream("gzip"));
    const answer = await fetch(gateway.url + PATH, {
      method: "POST",
      headers: {
        "X-API-Key": gateway.apiKey,
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
      },
      body: packed,
    });
    assert.equal(answer.status, 202, await answer.text());
  });

  await t.step("the room is given back", async () => {
    const [body] = [JSON.stringify([marketData("A", "4")]).padEnd(8_000_000)];
    await waitUntil(
      "a large batch is taken",
      async () => (await api.post(body)).status,
      (status) => status === 202,
    );
  });
});
