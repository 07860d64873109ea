/**
 * TLS of the gateway's own, with real certificates, sockets and signals.
 *
 * @module
 */
import assert from "node:assert/strict";
import { canMakeCertificates, TestCertificate } from "../support/certificates.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { RawWebSocket } from "../support/raw_websocket.ts";
import { waitUntil } from "../support/wait.ts";

const ignore = !await canMakeCertificates();
// deno-lint-ignore no-console
if (ignore) console.info("skipped: openssl is not installed (Debian package openssl)");

/** From 2.8.3 on the runtime ends all sockets of a listener that is closed. */
const KEEPS_SOCKETS = /^2\.([4-7]\.|8\.[0-2]$)/.test(Deno.version.deno);

/** Asks over a new connection; `undefined` when the certificate is not the one that is trusted. */
async function ask(
  gateway: GatewayProcess,
  path: string,
  cert: string,
): Promise<Response | undefined> {
  using client = Deno.createHttpClient({ caCerts: [cert], poolMaxIdlePerHost: 0 });
  try {
    const response = await fetch(gateway.url + path, {
      client,
      headers: { "X-API-Key": gateway.apiKey },
    });
    const text = await response.text();
    return new Response(text, response);
  } catch (error) {
    if (/certificate/.test(String((error as Error).message))) return undefined;
    if (/certificate/.test(String((error as Error).cause))) return undefined;
    throw error;
  }
}

Deno.test("the gateway speaks TLS, HTTP/2 without a Host header included, and nothing else", {
  ignore,
}, async () => {
  using certificate = new TestCertificate();
  const cert = await certificate.renew("desk");
  await using gateway = await GatewayProcess.start({ env: certificate.env });
  assert.match(gateway.url, /^https:/);
  const stats = await ask(gateway, "/api/v1/websocket/stats", cert);
  assert.equal(stats?.status, 200);
  await using socket = await RawWebSocket.open(`${gateway.wsUrl}/ws/telemetry`, {
    caCerts: [cert],
    headers: { "X-API-Key": gateway.apiKey, Origin: gateway.url },
  });
  assert.match((await socket.nextText()).text, /"welcome"/);
  await assert.rejects(fetch(gateway.url.replace("https", "http")));
});

Deno.test("a renewed certificate is used, and live connections stay", { ignore }, async () => {
  using certificate = new TestCertificate();
  const first = await certificate.renew("first");
  await using gateway = await GatewayProcess.start({ env: certificate.env });
  await using socket = await RawWebSocket.open(`${gateway.wsUrl}/ws/telemetry?clientId=desk`, {
    caCerts: [first],
    headers: { "X-API-Key": gateway.apiKey },
  });
  const second = await certificate.renew("second");
  await waitUntil(
    "the second certificate is served",
    async () => (await ask(gateway, "/health/live", second))?.status,
    (status) => status === 200,
  );
  assert.equal(await ask(gateway, "/health/live", first), undefined);
  if (KEEPS_SOCKETS) {
    await socket.nextText(); // The welcome.
    await socket.send('{"action":"heartbeat"}');
    assert.match((await socket.nextText()).text, /"direction":"ack"/);
  }
});

Deno.test("SIGHUP reads the pair again; one that does not match leaves the old one in force", {
  ignore,
}, async () => {
  using certificate = new TestCertificate();
  const first = await certificate.renew("first");
  await using gateway = await GatewayProcess.start({ env: certificate.env });
  const { cert } = await certificate.make("other");
  await certificate.replace(certificate.certPath, cert);
  gateway.signal("SIGHUP");
  const line = await gateway.log(
    "the refused pair",
    ({ message }) => String(message).includes("was not replaced"),
  );
  assert.match(JSON.stringify(line), /the key does not belong to the certificate/);
  assert.equal((await ask(gateway, "/health/live", first))?.status, 200);
  const metrics = await (await ask(gateway, "/metrics", first))!.text();
  assert.match(metrics, /tls_reload_failures_total [1-9]/);
  assert.match(metrics, /tls_certificate_end_timestamp_seconds 1\d{9}/);
});

Deno.test("a certificate that cannot be used stops the start with the option and the reason", {
  ignore,
}, async () => {
  using certificate = new TestCertificate();
  await certificate.renew("desk");
  const { cert, key } = await certificate.make("other");
  const cases = [
    [certificate.certPath, cert, /the key does not belong to the certificate/],
    [certificate.certPath, "nothing", /server\.tlsCert has no certificate in PEM form/],
    [certificate.keyPath, "nothing", /server\.tlsKey has no private key in PEM form/],
  ] as const;
  for (const [path, text, message] of cases) {
    const before = await Deno.readTextFile(path);
    await certificate.replace(path, text);
    const { code, output } = await GatewayProcess.startAndEnd({ env: certificate.env });
    assert.equal(code === 0, false);
    assert.match(output, message);
    assert.equal(output.includes("    at "), false, "a stack is no explanation");
    assert.equal(output.includes(key.slice(40, 80)), false);
    await certificate.replace(path, before);
  }
  const missing = { ...certificate.env, TELEMETRY_TLS_KEY: "/nowhere/desk.key" };
  const absent = await GatewayProcess.startAndEnd({ env: missing });
  assert.match(absent.output, /server\.tlsKey: \/nowhere\/desk\.key cannot be read/);
  const half = await GatewayProcess.startAndEnd({
    env: { TELEMETRY_TLS_CERT: certificate.certPath },
  });
  assert.match(half.output, /set both, or neither/);
});

Deno.test("a second gateway does not share the port of a first one", { ignore }, async () => {
  using certificate = new TestCertificate();
  await certificate.renew("desk");
  await using gateway = await GatewayProcess.start({ env: certificate.env });
  const { code, output } = await GatewayProcess.startAndEnd({
    env: certificate.env,
    port: gateway.port,
  });
  assert.equal(code === 0, false);
  assert.match(output, /in use by another program/);
});
