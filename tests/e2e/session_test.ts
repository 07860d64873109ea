/**
 * Sessions and tickets against a gateway: over restarts, from a real browser, and with the client.
 *
 * @module
 */
import assert from "node:assert/strict";
import { connect, type ConnectionState, refusal } from "../../protocol/client/mod.ts";
import { canMakeCertificates, TestCertificate } from "../support/certificates.ts";
import { Chromium, chromiumMissing } from "../support/chromium.ts";
import { assertError } from "../support/envelopes.ts";
import { position } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi, type Json } from "../support/http_api.ts";
import { RawWebSocket } from "../support/raw_websocket.ts";
import { BOOT, TempDir } from "../support/store_fixture.ts";
import { telemetryUrl } from "../support/v1_client.ts";
import { waitUntil } from "../support/wait.ts";

const KEY = "session-test-key";
const SESSION = "/api/v1/session";

function envOf(directory: string): Record<string, string> {
  return {
    TELEMETRY_STORE: "sqlite",
    TELEMETRY_DATA_DIR: directory,
    TELEMETRY_BOOT_ID: BOOT,
    TELEMETRY_LOG_LEVEL: "debug",
  };
}

/** What a page of the gateway sends once it has signed in. */
async function signIn(gateway: GatewayProcess): Promise<{ Cookie: string; Origin: string }> {
  const headers = { Origin: gateway.url };
  const answer = await new HttpApi(gateway).request(SESSION, { method: "POST", headers });
  assert.equal(answer.status, 200, answer.text);
  return { Origin: gateway.url, Cookie: answer.headers.get("set-cookie")!.split(";")[0]! };
}

async function endOf(client: { readonly state: ConnectionState }): Promise<string> {
  const isEnded = ({ status }: ConnectionState) => status === "ended";
  const state = await waitUntil("the client has ended", () => client.state, isEnded);
  return state.status === "ended" ? `${state.why.code} ${state.why.message}` : "";
}

Deno.test("a session outlives the gateway, stopped or killed, until it is signed out", async () => {
  using directory = new TempDir();
  const env = envOf(directory.path);
  let headers: { Cookie: string; Origin: string };
  let port: number;
  {
    await using gateway = await GatewayProcess.start({ env, apiKey: KEY });
    port = gateway.port;
    headers = await signIn(gateway);
    await gateway.stop();
  }
  {
    await using gateway = await GatewayProcess.start({ env, apiKey: KEY, port });
    const api = new HttpApi(gateway);
    const { body } = await api.request(SESSION, { headers, apiKey: null });
    assert.equal(body["data"].principal, "default");
    await using socket = await RawWebSocket.open(telemetryUrl(gateway.wsUrl), { headers });
    const ended = await api.request(SESSION, { method: "DELETE", headers, apiKey: null });
    assert.deepEqual(ended.body["data"], { ended: true, connections: 1 });
    const { code, reason } = await socket.closed;
    assert.deepEqual([code, reason], [4401, "signed out"]);
    await gateway.stop("SIGKILL");
  }
  await using gateway = await GatewayProcess.start({ env, apiKey: KEY, port });
  const answer = await new HttpApi(gateway).request(SESSION, { headers, apiKey: null });
  assertError(answer, 401, "API_KEY_INVALID");
  const refused = await RawWebSocket.refused(telemetryUrl(gateway.wsUrl), { headers });
  assertError(refused, 401, "API_KEY_INVALID");
});

Deno.test("a session ends with the key that it stands for", async () => {
  using directory = new TempDir();
  const env = envOf(directory.path);
  let headers: { Cookie: string; Origin: string };
  let port: number;
  {
    await using gateway = await GatewayProcess.start({ env, apiKey: KEY });
    port = gateway.port;
    headers = await signIn(gateway);
    await gateway.stop();
  }
  await using gateway = await GatewayProcess.start({ env, apiKey: "another-key-of-it", port });
  const answer = await new HttpApi(gateway).request(SESSION, { headers, apiKey: null });
  assertError(answer, 401, "API_KEY_INVALID");
  assert.match(answer.body["error"].message, /revoked or has expired/);
});

Deno.test("what proves who somebody is stands in no output and no file but the secret's", async () => {
  using directory = new TempDir();
  await using gateway = await GatewayProcess.start({ env: envOf(directory.path), apiKey: KEY });
  const api = new HttpApi(gateway);
  const headers = await signIn(gateway);
  const { body } = await api.request("/api/v1/websocket/tickets", { method: "POST" });
  const { ticket } = body["data"] as Json;
  const url = `${telemetryUrl(gateway.wsUrl)}?ticket=${ticket}`;
  await using socket = await RawWebSocket.open(url);
  await RawWebSocket.refused(url);
  socket.close();
  await gateway.stop();
  const secrets = [KEY, ticket, ...headers.Cookie.split("=")[1]!.split(".")];
  const files = [...Deno.readDirSync(directory.path)].map(({ name }) => name);
  assert.ok(files.includes("session.secret") && files.includes("sessions.json"), files.join());
  const texts = files.map((name) => Deno.readTextFileSync(`${directory.path}/${name}`));
  for (const text of [gateway.output.text, ...texts]) {
    for (const secret of secrets) assert.ok(!text.includes(secret));
  }
});

const canSpeakTls = await canMakeCertificates();
Deno.test({
  name: `over TLS the cookie is Secure, and counts over HTTP/2${
    canSpeakTls ? "" : ": skipped, openssl is not installed"
  }`,
  ignore: !canSpeakTls,
  fn: async () => {
    using certificate = new TestCertificate();
    const cert = await certificate.renew("desk");
    await using gateway = await GatewayProcess.start({ env: certificate.env, apiKey: KEY });
    using client = Deno.createHttpClient({ caCerts: [cert] });
    const ask = (init: RequestInit) => fetch(`${gateway.url}${SESSION}`, { ...init, client });
    const begun = await ask({ method: "POST", headers: { "X-API-Key": KEY, Origin: gateway.url } });
    await begun.body?.cancel();
    const field = begun.headers.get("set-cookie")!;
    assert.match(field, /^telemetry_session_\d+=\S+; .*HttpOnly; Secure; SameSite=Strict$/);
    const [Cookie] = field.split(";");
    const again = await ask({ headers: { Cookie: Cookie! } });
    assert.equal((await again.json()).data.principal, "default");
    assert.equal(again.headers.get("set-cookie"), field);
    const plain = gateway.url.replace("https", "http");
    const foreign = await ask({ headers: { Cookie: Cookie!, Origin: plain } });
    assert.equal(foreign.status, 401);
    await foreign.body?.cancel();
  },
});

Deno.test("with the memory store sessions end with the process, which says so", async () => {
  await using gateway = await GatewayProcess.start({ apiKey: KEY });
  await gateway.log("it says so", ({ message }) => /^sessions end/.test(String(message)));
});

Deno.test("the demo prints a link once, whose ticket signs a page in once", async () => {
  await using gateway = await GatewayProcess.start({ flags: ["--demo"], apiKey: null });
  const link = await waitUntil(
    "the link",
    () => /http:\S+#ticket=([\w-]+)/.exec(gateway.output.text),
    (found) => found !== null,
  );
  const [address, ticket] = link!;
  assert.ok(address!.startsWith(`${gateway.url}/#`));
  const api = new HttpApi(gateway);
  const begin = () =>
    api.request(SESSION, {
      method: "POST",
      headers: { "Content-Type": "application/json", Origin: gateway.url },
      body: JSON.stringify({ ticket }),
      apiKey: null,
    });
  const socket = `${telemetryUrl(gateway.wsUrl)}?ticket=${ticket}`;
  assertError(await RawWebSocket.refused(socket), 401, "API_KEY_INVALID");
  assert.equal((await begin()).body["data"].principal, "development");
  assertError(await begin(), 401, "API_KEY_INVALID");
});

Deno.test("the client takes a new ticket for each attempt to connect", async () => {
  const first = await GatewayProcess.start({ apiKey: KEY });
  const { url, port } = first;
  const tickets: string[] = [];
  const ticket = async () => {
    const headers = { "X-API-Key": KEY };
    const answer = await fetch(`${url}/api/v1/websocket/tickets`, { method: "POST", headers });
    if (!answer.ok) throw await refusal(answer);
    tickets.push((await answer.json()).data.ticket);
    return tickets.at(-1)!;
  };
  const client = connect({ url, clientId: "desk-7", ticket });
  const isLive = () =>
    waitUntil("it is live", () => client.state.status, (status) => status === "live", {
      withinMs: 20_000,
    });
  try {
    await isLive();
    const [{ principal }] = await new HttpApi(first).clients() as [Json];
    assert.equal(principal, "default");
    await first[Symbol.asyncDispose]();
    await waitUntil("it is lost", () => client.state.status, (status) => status !== "live");
    await using _second = await GatewayProcess.start({ apiKey: KEY, port });
    await isLive();
    assert.equal(new Set(tickets).size, tickets.length);
    assert.ok(tickets.length >= 2);
  } finally {
    client.close();
  }
});

Deno.test("the client tells a ticket that nobody issues from a gateway that is away", async () => {
  await using gateway = await GatewayProcess.start({ apiKey: KEY });
  const ticket = async () => {
    const headers = { "X-API-Key": "wrong" };
    const path = `${gateway.url}/api/v1/websocket/tickets`;
    throw await refusal(await fetch(path, { method: "POST", headers }));
  };
  const client = connect({ url: gateway.url, ticket });
  assert.match(await endOf(client), /^unauthorized ./);
});

const missing = chromiumMissing();
const skipped = missing === undefined ? "" : `: skipped, ${missing}`;
Deno.test({
  name: `a page in a browser lives on its session, and no other page on it${skipped}`,
  ignore: missing !== undefined,
  fn: async (t) => {
    await using foreign = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response("<title>foreign</title>", { headers: { "Content-Type": "text/html" } }),
    );
    const foreignOrigin = `http://127.0.0.1:${foreign.addr.port}`;
    const env = { TELEMETRY_ALLOWED_ORIGINS: foreignOrigin };
    await using gateway = await GatewayProcess.start({ apiKey: KEY, env });
    const api = new HttpApi(gateway);
    await api.publish(position("p1"));
    await using browser = await Chromium.start();
    const page = await browser.open(`${gateway.url}/health/live`);

    await t.step("it signs in, and its scripts do not see the cookie", async () => {
      const found = await page.run(`
        const before = await fetch("${SESSION}");
        const begun = await fetch("${SESSION}", { method: "POST", headers: { "X-API-Key": "${KEY}" } });
        const after = await fetch("${SESSION}");
        const { data } = await after.json();
        return [before.status, begun.status, data.principal, document.cookie];
      `);
      assert.deepEqual(found, [401, 200, "default", ""]);
    });

    await t.step("the client of the page connects with nothing else", async () => {
      const found = await page.run(`
        const { connect } = await import("/client.js");
        globalThis.client = connect({ url: location.origin });
        const table = client.table("positions");
        while (table.get("p1") === undefined) await new Promise((done) => setTimeout(done, 20));
        return client.state.status;
      `);
      assert.equal(found, "live");
      const clients = await api.clients();
      assert.deepEqual(clients.map(({ principal }) => principal), ["default"]);
    });

    await t.step("it gets tickets with its session", async () => {
      const status = await page.run(`
        return (await fetch("/api/v1/websocket/tickets", { method: "POST" })).status;
      `);
      assert.equal(status, 200);
    });

    await t.step("a page of another port of this host cannot use the session", async () => {
      const other = await browser.open(foreignOrigin);
      const found = await other.run(`
        const api = "${gateway.url}${SESSION}";
        const ask = async (method) => {
          const answer = await fetch(api, { method, credentials: "include" }).catch(() => undefined);
          return answer === undefined ? "unreadable" : answer.status;
        };
        const socket = new WebSocket("${gateway.wsUrl}/ws/telemetry");
        const opened = await new Promise((done) => {
          socket.onopen = () => done("open");
          socket.onerror = () => done("refused");
        });
        return [await ask("GET"), await ask("DELETE"), opened];
      `);
      assert.equal(found[2], "refused");
      assert.ok(
        found.slice(0, 2).every((one: unknown) => one === "unreadable" || one === 401),
        found,
      );
      assert.equal(await page.run(`return (await fetch("${SESSION}")).status`), 200);
    });

    await t.step(
      "signing out ends its client with the reason, and the session is over",
      async () => {
        const found = await page.run(`
        const ended = await fetch("${SESSION}", { method: "DELETE" });
        const { data } = await ended.json();
        while (client.state.status !== "ended") await new Promise((done) => setTimeout(done, 20));
        const { error } = await (await fetch("${SESSION}")).json();
        return [data, client.state.why.code, error.code];
      `);
        assert.deepEqual(found, [
          { ended: true, connections: 1 },
          "unauthorized",
          "API_KEY_MISSING",
        ]);
      },
    );
  },
});
