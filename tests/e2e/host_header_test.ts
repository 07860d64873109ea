/**
 * What a `Host` may be, over bare sockets: no client library sends these.
 *
 * @module
 */
import assert from "node:assert/strict";
import { assertError } from "../support/envelopes.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { type RawHeaders, rawRequest } from "../support/raw_http.ts";
import { RawWebSocket } from "../support/raw_websocket.ts";
import { telemetryUrl } from "../support/v1_client.ts";

const PATHS = ["/api/v1/websocket/stats", "/api/health", "/metrics", "/"];

Deno.test("the Host header names a host of ours and nothing else", async (t) => {
  const env = { TELEMETRY_PUBLIC_HOSTS: "desk.example:443", TELEMETRY_LOG_LEVEL: "info" };
  await using gateway = await GatewayProcess.start({ env });
  const { url, wsUrl, port, apiKey } = gateway;
  const ask = (path: string, headers: RawHeaders) =>
    rawRequest(url + path, { headers: { "X-API-Key": apiKey, ...headers } });

  const malformed: Record<string, string | null> = {
    "a path that would replace the real one": `127.0.0.1:${port}/api/health?`,
    "a user": "user@127.0.0.1",
    "a user with a password": "user:password@127.0.0.1",
    "an empty Host": "",
    "no Host": null,
    "a fragment": "127.0.0.1#",
    "a port that is none": "127.0.0.1:99999",
    "two hosts": "127.0.0.1, evil.example",
  };
  for (const [name, Host] of Object.entries(malformed)) {
    await t.step(`${name} is 400 on every path, for handshakes too`, async () => {
      for (const path of PATHS) assertError(await ask(path, { Host }), 400, "MALFORMED_HOST");
      const headers = { "X-API-Key": apiKey, Host };
      const answer = await RawWebSocket.refused(telemetryUrl(wsUrl), { headers });
      assertError(answer, 400, "MALFORMED_HOST");
    });
  }

  await t.step("health answers probes by any address, everything else is 421 there", async () => {
    for (const Host of ["10.42.0.7", `10.42.0.7:${port}`, "telemetry.default.svc"]) {
      for (const path of ["/api/health", "/health/live", "/health/ready"]) {
        assert.equal((await ask(path, { Host })).status, 200, path);
      }
      for (const path of ["/", "/metrics", "/api/v1/websocket/stats"]) {
        assertError(await ask(path, { Host }), 421, "MISDIRECTED_REQUEST");
      }
    }
  });

  await t.step(
    "a default port may be written or not, in publicHosts, Host and Origin",
    async () => {
      for (const Host of ["desk.example", "desk.example:443"]) {
        for (const Origin of ["https://desk.example", "https://desk.example:443"]) {
          assert.equal((await ask(PATHS[0]!, { Host, Origin })).status, 200, `${Host} ${Origin}`);
        }
        const Origin = "http://desk.example";
        assertError(
          await ask(PATHS[0]!, { Host: "desk.example:443", Origin }),
          403,
          "ORIGIN_NOT_ALLOWED",
        );
      }
    },
  );

  await t.step("headers that name a client take the privileges of loopback away", async () => {
    assert.equal((await ask("/metrics", { "X-API-Key": null })).status, 200);
    const headers = ["X-Client-IP", "CF-Connecting-IP", "True-Client-IP", "X-Forwarded"];
    for (const name of [...headers, "X-Original-Forwarded-For"]) {
      const answer = await ask("/metrics", { "X-API-Key": null, [name]: "192.0.2.1" });
      assertError(answer, 401, "API_KEY_MISSING");
    }
  });
});

Deno.test("an upload that its client aborts leaves no error in the log", async () => {
  const env = { TELEMETRY_LOG_LEVEL: "debug" };
  await using gateway = await GatewayProcess.start({ env });
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: gateway.port });
  const head = "POST /api/v1/telemetry/events HTTP/1.1\r\nHost: localhost\r\n" +
    `X-API-Key: ${gateway.apiKey}\r\nContent-Type: application/json\r\n` +
    "Content-Length: 1000\r\n\r\n";
  await connection.write(new TextEncoder().encode(`${head}{"channel":`));
  connection.close();
  const aborted = (line: Record<string, unknown>) =>
    line["message"] === "upload aborted by its client";
  await gateway.log("the aborted upload", aborted);
  assert.deepEqual(gateway.logs.filter(({ level }) => level === "ERROR"), []);
});
