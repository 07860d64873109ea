/**
 * Who is let in, by which credential, and that nobody unknown ever holds a socket.
 *
 * @module
 */
import assert from "node:assert/strict";
import { assertError } from "../support/envelopes.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { rawRequest } from "../support/raw_http.ts";
import { type RawOptions, RawWebSocket } from "../support/raw_websocket.ts";
import { base64url, writtenForms } from "../support/written_forms.ts";
import { telemetryUrl, V1Client, type V1Options } from "../support/v1_client.ts";

/** What is taken for no key, and not for a wrong one. */
const MISSING: ReadonlySet<string> = new Set([
  "no credential",
  "an empty X-API-Key",
  "another scheme",
]);

Deno.test("a handshake is let in by a valid credential, and by nothing else", async (t) => {
  await using gateway = await GatewayProcess.start({ env: { TELEMETRY_LOG_LEVEL: "debug" } });
  const { wsUrl, apiKey } = gateway;
  const url = telemetryUrl(wsUrl);
  const wrong = "wrong-key-0123456789";
  const keyProtocol = `telemetry.key.${base64url(apiKey)}`;
  const withKey = (query: string) => `${url}?${query}apiKey=${encodeURIComponent(apiKey)}`;

  const refusals: Record<string, [string, RawOptions]> = {
    "no credential": [url, {}],
    "a wrong X-API-Key": [url, { headers: { "X-API-Key": wrong } }],
    "an empty X-API-Key": [url, { headers: { "X-API-Key": "" } }],
    "a prefix of the key": [url, { headers: { "X-API-Key": apiKey.slice(0, -1) } }],
    "a wrong bearer": [url, { headers: { Authorization: `Bearer ${wrong}` } }],
    "another scheme": [url, { headers: { Authorization: `Basic ${btoa(`x:${apiKey}`)}` } }],
    "a wrong key as subprotocol": [
      url,
      { protocols: ["telemetry.v1", `telemetry.key.${base64url(wrong)}`] },
    ],
    "a wrong key in the query": [`${url}?apiKey=${wrong}`, {}],
    "an unknown ticket": [`${url}?ticket=nothing`, {}],
  };
  for (const [name, [address, options]] of Object.entries(refusals)) {
    await t.step(`${name} is 401 with the envelope and no upgrade`, async () => {
      const code = MISSING.has(name) ? "API_KEY_MISSING" : "API_KEY_INVALID";
      assertError(await RawWebSocket.refused(address, options), 401, code);
    });
  }

  const accepted: Record<string, RawOptions> = {
    "X-API-Key": { headers: { "X-API-Key": apiKey } },
    "Authorization: Bearer": { headers: { Authorization: `Bearer ${apiKey}` } },
    "authorization: bearer": { headers: { authorization: `bearer ${apiKey}` } },
  };
  for (const [name, options] of Object.entries(accepted)) {
    await t.step(`${name} is accepted`, async () => {
      await using client = await V1Client.connect(wsUrl, options as V1Options);
      assert.equal((await client.heartbeat()).type, "heartbeat");
      assert.equal(client.socket.protocol, null);
    });
  }

  for (
    const protocols of [
      ["telemetry.v1", keyProtocol],
      [keyProtocol, "telemetry.v1"],
    ]
  ) {
    await t.step(
      `the key as subprotocol ${protocols[0] === keyProtocol ? "before" : "after"} \
telemetry.v1 is accepted and never echoed`,
      async () => {
        await using client = await V1Client.connect(wsUrl, { protocols });
        assert.equal(client.socket.protocol, "telemetry.v1");
        await client.heartbeat();
      },
    );
  }

  await t.step("a list of subprotocols without spaces is understood", async () => {
    const headers = { "Sec-WebSocket-Protocol": `${keyProtocol},telemetry.v1` };
    await using client = await V1Client.connect(wsUrl, { headers });
    assert.equal(client.socket.protocol, "telemetry.v1");
  });

  await t.step("the key as the only subprotocol is 400 and not echoed", async () => {
    const answer = await RawWebSocket.refused(url, { protocols: [keyProtocol] });
    assertError(answer, 400, "UNSUPPORTED_PROTOCOL");
    assert.equal(answer.headers.get("sec-websocket-protocol"), null);
    assert.ok(!answer.body.includes(base64url(apiKey)), answer.body);
  });

  await t.step("?apiKey= is accepted from a client without Origin", async () => {
    await using socket = await RawWebSocket.open(withKey("clientId=q&"));
    assert.match((await socket.nextText()).text, /"type":"welcome"/);
  });

  await t.step(
    "?apiKey= is accepted with an Origin that is allowed, and with no other",
    async () => {
      const address = withKey("clientId=p&");
      await using socket = await RawWebSocket.open(address, { headers: { Origin: gateway.url } });
      assert.match((await socket.nextText()).text, /"type":"welcome"/);
      const foreign = { headers: { Origin: "https://evil.example" } };
      const answer = await RawWebSocket.refused(address, foreign);
      assertError(answer, 403, "ORIGIN_NOT_ALLOWED");
      assert.ok(!answer.body.includes(encodeURIComponent(apiKey)));
    },
  );

  await t.step("Basic credentials of a proxy do not stand in the way of the key", async () => {
    const Authorization = `Basic ${btoa("user:password")}`;
    const offered = { "Sec-WebSocket-Protocol": `telemetry.v1, ${keyProtocol}` };
    for (const key of [{ "X-API-Key": apiKey }, offered]) {
      const headers = { Authorization, ...key };
      await using client = await V1Client.connect(wsUrl, { headers });
      await client.heartbeat();
    }
  });

  await t.step("a foreign Origin is 403 even with the key", async () => {
    for (const origin of ["https://evil.example", "http://127.0.0.1:1", "null"]) {
      const headers = { "X-API-Key": apiKey, Origin: origin };
      assertError(await RawWebSocket.refused(url, { headers }), 403, "ORIGIN_NOT_ALLOWED");
    }
  });

  await t.step("the gateway's own Origin is let in", async () => {
    const headers = { Origin: gateway.url };
    await using client = await V1Client.connect(wsUrl, { apiKey, headers });
    await client.heartbeat();
  });

  await t.step("a foreign Host is 421, for handshakes and for REST", async () => {
    for (const host of ["evil.example", `evil.example:${gateway.port}`, "127.0.0.1.evil.example"]) {
      const headers = { "X-API-Key": apiKey, Host: host };
      assertError(await RawWebSocket.refused(url, { headers }), 421, "MISDIRECTED_REQUEST");
      const stats = `${gateway.url}/api/v1/websocket/stats`;
      assertError(await rawRequest(stats, { headers }), 421, "MISDIRECTED_REQUEST");
    }
  });

  await t.step("localhost as Host is answered", async () => {
    const headers = { Host: `localhost:${gateway.port}` };
    await using client = await V1Client.connect(wsUrl, { apiKey, headers });
    await client.heartbeat();
  });

  await t.step("Upgrade is compared without case", async () => {
    for (const upgrade of ["WebSocket", "WEBSOCKET"]) {
      await using client = await V1Client.connect(wsUrl, { apiKey, headers: { Upgrade: upgrade } });
      await client.heartbeat();
    }
  });

  await t.step("a plain GET of the socket's path is 426 when the key is right", async () => {
    const answer = await new HttpApi(gateway).request("/ws/telemetry");
    assertError(answer, 426, "UPGRADE_REQUIRED");
  });

  await t.step("no credential stands in any line of the log, in any form", async () => {
    const api = new HttpApi(gateway);
    await api.request(`/nowhere?apiKey=${encodeURIComponent(apiKey)}`);
    await api.post("{", { headers: { Authorization: `Bearer ${apiKey}` } });
    // The log says that connections came and went, so it is not empty for another reason.
    await gateway.log("a connection closed", (line) => line["message"] === "closed");
    assert.equal((await gateway.stop()).code, 0);
    for (const form of [...writtenForms(apiKey), ...writtenForms(wrong)]) {
      assert.ok(!gateway.output.text.includes(form), `the log contains ${form}`);
    }
  });
});

Deno.test("without a credential only what anonymous clients may is allowed", async (t) => {
  const env = { TELEMETRY_ANONYMOUS_SCOPES: "subscribe" };
  await using gateway = await GatewayProcess.start({ env });
  const api = new HttpApi(gateway);

  await t.step("an anonymous client subscribes", async () => {
    await using client = await V1Client.connect(gateway.wsUrl, { channels: ["positions"] });
    const [listed] = await api.clients();
    assert.equal(listed?.["authenticated"], false);
    assert.equal(listed?.["principal"], "anonymous");
    await client.heartbeat();
  });

  await t.step("a wrong key is 401, not anonymous", async () => {
    const headers = { "X-API-Key": "wrong" };
    const answer = await RawWebSocket.refused(telemetryUrl(gateway.wsUrl), { headers });
    assertError(answer, 401, "API_KEY_INVALID");
  });

  await t.step("a proxied request is not loopback, so it is not anonymous", async () => {
    for (const header of ["X-Forwarded-For", "Forwarded"]) {
      const headers = { [header]: header === "Forwarded" ? "for=192.0.2.1" : "192.0.2.1" };
      const answer = await RawWebSocket.refused(telemetryUrl(gateway.wsUrl), { headers });
      assertError(answer, 401, "API_KEY_MISSING");
    }
  });

  await t.step("publishing and administration are forbidden to it", async () => {
    for (const path of ["/api/v1/websocket/stats", "/api/v1/websocket/clients"]) {
      assertError(await api.request(path, { apiKey: null }), 403, "FORBIDDEN");
      assertError(await api.request(path, { apiKey: "wrong" }), 401, "API_KEY_INVALID");
    }
    assertError(await api.post([], { apiKey: null }), 403, "FORBIDDEN");
    const drop = { method: "DELETE", apiKey: null };
    assertError(await api.request("/api/v1/websocket/clients/x", drop), 403, "FORBIDDEN");
  });

  await t.step("a page of another origin is 403 before anything else", async () => {
    const headers = { Origin: "https://evil.example" };
    const answer = await RawWebSocket.refused(telemetryUrl(gateway.wsUrl), { headers });
    assertError(answer, 403, "ORIGIN_NOT_ALLOWED");
  });
});

Deno.test("?apiKey= can be switched off", async () => {
  const env = { TELEMETRY_ALLOW_QUERY_API_KEY: "false" };
  await using gateway = await GatewayProcess.start({ env });
  const query = `?apiKey=${encodeURIComponent(gateway.apiKey)}`;
  const answer = await RawWebSocket.refused(telemetryUrl(gateway.wsUrl) + query);
  assertError(answer, 401, "API_KEY_MISSING");
  assert.match(answer.body, /switched off/);
});

Deno.test("the key is read under its deployed name as well", async () => {
  const env = { FMPS_API_KEY: "deployed-key-0123456789abcdef" };
  await using gateway = await GatewayProcess.start({ apiKey: null, env });
  await using client = await V1Client.connect(gateway.wsUrl, { apiKey: env.FMPS_API_KEY });
  await client.heartbeat();
});
