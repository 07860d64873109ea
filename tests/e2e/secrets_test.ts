/**
 * That no secret can be found afterwards: every way to send a credential is used at the level `debug`,
 * with credentials that count and with wrong ones, and then everything that the gateway wrote, answered
 * or keeps is searched.
 *
 * @module
 */
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { GatewayProcess, randomKey } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { type RawHeaders, requestHead, writeAll } from "../support/raw_http.ts";
import { RawWebSocket } from "../support/raw_websocket.ts";
import { BOOT, TempDir } from "../support/store_fixture.ts";
import { telemetryUrl } from "../support/v1_client.ts";
import { waitUntil } from "../support/wait.ts";
import { Evidence, KEY_STYLES } from "../support/secret_search.ts";
import { writtenForms } from "../support/written_forms.ts";

const SESSION = "/api/v1/session";

/** What is asked with each of them: what is served, what is not, and what does not exist. */
const PATHS = [
  "GET /api/v1/websocket/stats",
  "GET /api/v1/telemetry/positions/snapshot",
  "GET /api/v1/telemetry/positions/events?limit=nonsense",
  "GET /api/v1/telemetry/nowhere/snapshot",
  "GET /nowhere",
  "POST /api/v1/telemetry/events",
  "POST /api/v1/session",
  "PUT /api/v1/session",
  "GET /ws/telemetry",
] as const;

/** Uses a key in every way, over REST and in handshakes. */
async function useKey(gateway: GatewayProcess, key: string, evidence: Evidence): Promise<void> {
  const api = new HttpApi(gateway);
  for (const [style, carry] of Object.entries(KEY_STYLES)) {
    const { headers = {}, query = "" } = carry(key, gateway.port);
    const requests = PATHS.map(async (line) => {
      const [method, path] = line.split(" ") as [string, string];
      const answer = await api.request(`${path}${path.includes("?") ? "&" : "?"}${query}`, {
        method,
        headers: { ...headers, ...fromElsewhere() },
        apiKey: null,
        ...(method === "POST" && { body: "{" }),
      });
      evidence.addAnswer(`the answer to ${line} with ${style}`, answer);
    });
    const handshakes = ["/ws/telemetry", "/ws/collector"].flatMap((path) => {
      const url = `${gateway.wsUrl}${path}?${query}`;
      const malformed = { "Sec-WebSocket-Key": "not sixteen bytes" };
      return [{}, malformed].map((more) =>
        shake(url, { ...headers, ...more }, `a handshake with ${style}`, evidence)
      );
    });
    await Promise.all([...requests, ...handshakes]);
  }
  await abortUpload(gateway, key);
}

let addresses = 0;

/** Another client of the trusted proxy: of one address alone few refusals are written. */
function fromElsewhere(): Record<string, string> {
  addresses += 1;
  return { "X-Forwarded-For": `10.0.${addresses >> 8}.${addresses & 255}` };
}

/** Opens a socket and closes it, or keeps why it was refused. */
async function shake(
  url: string,
  headers: RawHeaders,
  what: string,
  evidence: Evidence,
): Promise<void> {
  const options = { headers: { ...headers, ...fromElsewhere() } };
  const opened = await RawWebSocket.open(url, options).catch(() => undefined);
  if (opened === undefined) {
    const { body, headers } = await RawWebSocket.refused(url, options);
    evidence.add(`the answer to ${what}`, body + JSON.stringify([...headers]));
    return;
  }
  await opened.send("not JSON");
  evidence.add(`a message after ${what}`, (await opened.nextText()).text);
  await opened.close();
  await opened[Symbol.asyncDispose]();
}

/** Gives an upload up, whose URL is written at debug. */
async function abortUpload({ port }: GatewayProcess, key: string): Promise<void> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const target = `/api/v1/telemetry/events?apiKey=${encodeURIComponent(key)}`;
  const headers = {
    Host: `127.0.0.1:${port}`,
    "Content-Type": "application/json",
    "Content-Length": "1000",
  };
  await writeAll(connection, requestHead("POST", target, headers));
  await writeAll(connection, new TextEncoder().encode('{"channel":'));
  connection.close();
}

Deno.test("no secret can be found in the output, files, answers, metrics, audit or process list", async (t) => {
  using directory = new TempDir();
  const metricsKey = randomKey();
  await using gateway = await GatewayProcess.start({
    flags: ["--demo"],
    env: {
      TELEMETRY_STORE: "sqlite",
      TELEMETRY_DATA_DIR: directory.path,
      TELEMETRY_BOOT_ID: BOOT,
      TELEMETRY_LOG_LEVEL: "debug",
      TELEMETRY_TRUSTED_PROXIES: "127.0.0.1",
      FMPS_METRICS_API_KEY: metricsKey,
    },
  });
  const evidence = new Evidence();
  const api = new HttpApi(gateway);
  const secrets = new Map<string, string>([
    ["the key of the configuration", gateway.apiKey],
    ["the key of metrics", metricsKey],
    ["a wrong key", randomKey()],
  ]);
  const json = { "Content-Type": "application/json" };

  const create = { name: "desk", scopes: ["subscribe", "publish"], traders: ["42"] };
  const body = JSON.stringify(create);
  const created = await api.request("/api/v1/keys", { method: "POST", headers: json, body });
  assert.equal(created.status, 201, created.text);
  secrets.set("the secret of a named key", created.body["data"].secret);
  const rotated = await api.request("/api/v1/keys/desk/rotate", { method: "POST" });
  secrets.set("the second secret of a named key", rotated.body["data"].secret);

  for (const [what, key] of secrets) {
    await t.step(`${what} is sent in every way`, () => useKey(gateway, key, evidence));
  }

  const origin = { Origin: gateway.url };
  const key = secrets.get("the secret of a named key")!;
  const begun = await api.request(SESSION, { method: "POST", headers: origin, apiKey: key });
  const cookie = begun.headers.get("set-cookie")!.split(";")[0]!;
  const token = cookie.slice(cookie.indexOf("=") + 1);
  const [id = "", signature = ""] = token.split(".");
  secrets.set("the cookie of a session", token);
  secrets.set("the id of a session", id);
  secrets.set("the signature of a session", signature);
  const page = { ...origin, Cookie: cookie };
  const altered = { ...origin, Cookie: `${cookie.slice(0, -6)}AAAAAA` };

  const ticketOf = async (headers: Readonly<Record<string, string>>) => {
    const options = { method: "POST", headers, apiKey: null };
    const { body } = await api.request("/api/v1/websocket/tickets", options);
    return body["data"].ticket as string;
  };
  secrets.set("a ticket of a session", await ticketOf(page));
  secrets.set("a ticket of a key", await ticketOf({ "X-API-Key": key }));
  secrets.set("a ticket that nobody used", await ticketOf({ "X-API-Key": key }));
  secrets.set("a wrong ticket", randomKey());

  await t.step("sessions are used, altered, and used from elsewhere", async () => {
    const uses: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      "a session": page,
      "an altered session": altered,
      "a session in a foreign page": { ...page, Origin: "http://elsewhere.example" },
      "a session without an Origin": { Cookie: cookie },
    };
    for (const [what, headers] of Object.entries(uses)) {
      for (const path of [SESSION, "/api/v1/websocket/stats", "/nowhere"]) {
        const options = { headers: { ...headers, ...fromElsewhere() }, apiKey: null };
        const answer = await api.request(path, options);
        evidence.add(`the answer to ${path} with ${what}`, answer.text);
      }
      await shake(telemetryUrl(gateway.wsUrl), headers, what, evidence);
    }
  });

  await t.step("tickets are used, once and again", async () => {
    for (const [what, ticket] of secrets) {
      if (!what.includes("ticket") || what.includes("nobody")) continue;
      const query = `ticket=${encodeURIComponent(ticket)}`;
      for (let turn = 0; turn < 2; turn++) {
        await shake(`${telemetryUrl(gateway.wsUrl)}?${query}`, {}, what, evidence);
      }
      const options = { headers: fromElsewhere(), apiKey: null };
      evidence.addAnswer(what, await api.request(`${SESSION}?${query}`, options));
      for (const body of [{ ticket }, { ticket: [ticket] }, { key: ticket }]) {
        const headers = { ...json, ...fromElsewhere() };
        const options = { method: "POST", headers, apiKey: null, body: JSON.stringify(body) };
        evidence.addAnswer(`signing in with ${what}`, await api.request(SESSION, options));
      }
    }
  });

  const link = await waitUntil(
    "the link of the demo",
    () => /#ticket=([\w-]+)/.exec(gateway.output.text)?.[1],
    (found) => found !== undefined,
  );
  await t.step("the link of the demo is used", async () => {
    const options = { method: "POST", headers: { ...json, ...origin }, apiKey: null };
    const body = JSON.stringify({ ticket: link });
    await shake(`${telemetryUrl(gateway.wsUrl)}?ticket=${link}`, {}, "a link's ticket", evidence);
    const first = await api.request(SESSION, { ...options, body });
    assert.equal(first.status, 200, first.text);
    evidence.add("the answer to a link's ticket", first.text);
    secrets.set("the cookie of a link", first.headers.get("set-cookie")!.split(/[=;]/)[1]!);
    evidence.addAnswer("a link's ticket again", await api.request(SESSION, { ...options, body }));
  });

  await api.request(SESSION, { method: "DELETE", headers: page, apiKey: null });
  await api.request("/api/v1/keys/desk", { method: "DELETE" });

  await t.step("what administrators can read holds none", async () => {
    const paths = ["/metrics", "/api/v1/audit", "/api/v1/keys", "/api/v1/websocket/clients"];
    for (
      const path of [...paths, "/api/v1/websocket/stats", "/api/v1/websocket/bans", "/api/health"]
    ) {
      const answer = await api.request(path);
      assert.equal(answer.status, 200, path);
      evidence.addAnswer(path, answer);
    }
    const backup = await fetch(`${gateway.url}/api/v1/store/backup`, {
      method: "POST",
      headers: { "X-API-Key": gateway.apiKey },
    });
    assert.equal(backup.status, 200);
    evidence.add("a backup", new TextDecoder("latin1").decode(await backup.arrayBuffer()));
  });

  await t.step(
    "the list of processes holds none, and its environment those that were put there",
    async () => {
      if (Deno.build.os !== "linux") return;
      const read = (name: string) => Deno.readTextFile(`/proc/${gateway.pid}/${name}`);
      evidence.add("the command line", await read("cmdline"));
      evidence.add("the name of the process", await read("comm"));
      const environment = (await read("environ")).split("\0");
      const given = /^(?:TELEMETRY_API_KEY|FMPS_METRICS_API_KEY)=/;
      assert.equal(environment.filter((one) => given.test(one)).length, 2);
      evidence.add("the environment", environment.filter((one) => !given.test(one)).join("\n"));
    },
  );

  await gateway.log(
    "an upload that was given up",
    ({ message }) => message === "upload aborted by its client",
  );
  assert.equal((await gateway.stop()).code, 0);
  // It is printed for whoever started the demo, this once.
  const output = gateway.output.text;
  assert.equal(output.split(link!).length, 2, "the link is printed once");
  evidence.add("the output", output.replace(link!, ""));
  assert.ok(evidence.addFiles(directory.path) >= 4);
  secrets.set("the ticket of a link", link!);
  // What is no secret is found: the output, the files and the answers were searched.
  for (
    const known of ["desk", "key revoked", "SQLite format", "API_KEY_INVALID", "session begun"]
  ) {
    assert.throws(() => evidence.assertWithout(known, [known]), known);
  }

  for (const [what, secret] of secrets) {
    await t.step(`${what} is nowhere`, () => {
      assert.ok(secret.length >= 16, what);
      evidence.assertWithout(what, writtenForms(secret));
    });
  }

  await t.step("digests of keys stand in the keys file alone", () => {
    for (const secret of secrets.values()) {
      assert.ok(!output.includes(hash("sha256", secret, "hex")));
    }
  });
});
