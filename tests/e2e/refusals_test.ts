/**
 * Every refusal leaves a trace: a line, a count, and a reason for the client.
 *
 * @module
 */
import assert from "node:assert/strict";
import { assertError } from "../support/envelopes.ts";
import { GatewayProcess, type LogLine } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { rawRequest } from "../support/raw_http.ts";
import { type RawOptions, RawWebSocket } from "../support/raw_websocket.ts";
import { telemetryUrl, V1Client } from "../support/v1_client.ts";

const ORIGIN = "https://evil.example";
const STATS = "/api/v1/websocket/stats";

/** The properties of the next line with a message and a code. */
async function line(gateway: GatewayProcess, message: string, code: string) {
  const found = await gateway.log(`${message} ${code}`, (one: LogLine) => {
    const properties = one["properties"] as Record<string, unknown> | undefined;
    return one["message"] === message && properties?.["code"] === code;
  });
  assert.equal(found["level"], "WARNING");
  return found["properties"] as Record<string, unknown>;
}

Deno.test("every refused handshake and request is logged and counted", async (t) => {
  const env = { TELEMETRY_MAX_CONNECTIONS: "2" };
  await using gateway = await GatewayProcess.start({ env });
  const { apiKey, wsUrl } = gateway;
  const api = new HttpApi(gateway);
  const url = telemetryUrl(wsUrl);
  const address = "127.0.0.1";
  const path = "/ws/telemetry";
  const secret = "wrong-key-0123456789";

  const handshakes: readonly (readonly [RawOptions, number, string, Record<string, string>])[] = [
    [{}, 401, "API_KEY_MISSING", {}],
    [{ headers: { "X-API-Key": secret } }, 401, "API_KEY_INVALID", {}],
    [{ headers: { Origin: ORIGIN } }, 403, "ORIGIN_NOT_ALLOWED", { origin: ORIGIN }],
    [{ headers: { Host: "evil.example" } }, 421, "MISDIRECTED_REQUEST", { host: "evil.example" }],
    [
      { headers: { Host: `user:${secret}@127.0.0.1/x?apiKey=${secret}` } },
      400,
      "MALFORMED_HOST",
      { host: "…@127.0.0.1/…" },
    ],
    [
      { headers: { "X-API-Key": apiKey, "Sec-WebSocket-Version": "8" } },
      400,
      "INVALID_REQUEST",
      {},
    ],
    [
      { headers: { "X-API-Key": apiKey }, protocols: ["chat"] },
      400,
      "UNSUPPORTED_PROTOCOL",
      { principal: "default" },
    ],
  ];
  for (const [options, status, code, reason] of handshakes) {
    await t.step(`a handshake refused with ${code}`, async () => {
      assertError(
        await RawWebSocket.refused(url, options),
        status,
        code,
      );
      assert.deepEqual(await line(gateway, "handshake refused", code), {
        status,
        code,
        address,
        path,
        ...reason,
      });
    });
  }

  await t.step("a handshake refused because the gateway is full names the key", async () => {
    await using _first = await V1Client.connect(wsUrl, { apiKey });
    await using _second = await V1Client.connect(wsUrl, { apiKey });
    const answer = await RawWebSocket.refused(url, { headers: { "X-API-Key": apiKey } });
    assertError(answer, 503, "OVERLOADED");
    const { principal, status } = await line(gateway, "handshake refused", "OVERLOADED");
    assert.deepEqual([principal, status], ["default", 503]);
  });

  await t.step("requests refused without a key, with a wrong one, for a foreign host", async () => {
    assertError(await api.request(STATS, { apiKey: null }), 401, "API_KEY_MISSING");
    assertError(await api.request(STATS, { apiKey: secret }), 401, "API_KEY_INVALID");
    const headers = { Host: "evil.example" };
    assertError(await rawRequest(gateway.url + STATS, { headers }), 421, "MISDIRECTED_REQUEST");
    for (const code of ["API_KEY_MISSING", "API_KEY_INVALID", "MISDIRECTED_REQUEST"]) {
      assert.equal((await line(gateway, "request refused", code))["path"], STATS);
    }
  });

  await t.step("what is wrong with a request's contents is no refusal", async () => {
    await api.post("{");
    await api.request("/nowhere");
    const codes = gateway.logs.filter(({ message }) => message === "request refused")
      .map(({ properties }) => (properties as Record<string, unknown>)["code"]);
    assert.deepEqual(codes, ["API_KEY_MISSING", "API_KEY_INVALID", "MISDIRECTED_REQUEST"]);
  });

  await t.step("metrics count them by code", async () => {
    const metrics = await api.metrics();
    const count = (kind: string, code: string) =>
      metrics.value(`autotrader_telemetry_${kind}s_refused_total`, { code });
    for (const [, , code] of handshakes) assert.equal(count("handshake", code), 1, code);
    assert.equal(count("handshake", "OVERLOADED"), 1);
    for (const code of ["API_KEY_MISSING", "API_KEY_INVALID", "MISDIRECTED_REQUEST"]) {
      assert.equal(count("request", code), 1, code);
    }
  });

  await t.step("no credential stands in any of it", () => {
    assert.ok(!gateway.output.text.includes(secret));
    assert.ok(!gateway.output.text.includes(apiKey));
  });
});

Deno.test("the development key through a proxy is refused with the reason, and its name is logged", async () => {
  await using gateway = await GatewayProcess.start({ apiKey: null });
  const key = /dev_[0-9a-f]{48}/.exec(gateway.output.text)![0];
  const headers = { "X-API-Key": key, "X-Forwarded-For": "192.0.2.1" };
  const answer = await RawWebSocket.refused(telemetryUrl(gateway.wsUrl), { headers });
  assertError(answer, 401, "API_KEY_INVALID");
  assert.match(answer.body, /development key does not count through a proxy/);
  const { principal } = await line(gateway, "handshake refused", "API_KEY_INVALID");
  assert.equal(principal, "development");
});

Deno.test("a flood of refused handshakes cannot bury the log, and every one is counted", async () => {
  await using gateway = await GatewayProcess.start();
  const api = new HttpApi(gateway);
  const request = () => rawRequest(`${gateway.url}${STATS}`, { headers: { "X-API-Key": "wrong" } });
  const from = performance.now();
  for (let round = 0; round < 20; round++) {
    for (const answer of await Promise.all(Array.from({ length: 20 }, request))) {
      assert.equal(answer.status, 401);
    }
  }
  const seconds = (performance.now() - from) / 1_000;
  const metrics = await api.metrics();
  const name = "autotrader_telemetry_requests_refused_total";
  assert.equal(metrics.value(name, { code: "API_KEY_INVALID" }), 400);
  const message = "more refusals, counted by code and not logged one by one";
  await gateway.log("the counts", (one) => one["message"] === message);
  const lines = gateway.logs.filter((one) => one["message"] === "request refused").length;
  assert.ok(lines <= seconds + 1, `${lines} lines in ${seconds} s`);
});
