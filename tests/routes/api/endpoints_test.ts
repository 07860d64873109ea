import assert from "node:assert/strict";
import { BACKUP_MEDIA_TYPE, BackupLine } from "../../../protocol/backup.ts";
import { type ErrorCode, ERRORS } from "../../../protocol/errors.ts";
import type { Endpoint } from "../../../protocol/rest/endpoint.ts";
import { type EndpointName, ENDPOINTS } from "../../../protocol/rest/endpoints.ts";
import { SCOPES } from "../../../protocol/scopes.ts";
import { apiKey, KeyRing } from "../../../routes/auth/api_keys.ts";
import type { RunningBackup } from "../../../routes/api/backup.ts";
import { assertError } from "../../support/envelopes.ts";
import { marketData, position, riskAlert, traderStatus } from "../../support/events.ts";
import { type FakeGateway, withGateway } from "../../support/fake_gateway.ts";
import { signIn } from "../../support/sign_in.ts";
import { assertAnswer } from "../../support/rest_answers.ts";

const TABLE: readonly (readonly [EndpointName, Endpoint])[] = Object.entries(ENDPOINTS) as [
  EndpointName,
  Endpoint,
][];

/** A key with every limit. */
const ROBOT = {
  name: "robot",
  scopes: ["subscribe", "publish"],
  channels: ["position"],
  traders: ["42"],
  portfolio: true,
  rateLimitPerSecond: 0,
  expiresAt: "2099-01-01T00:00:00Z",
};

const JSON_BODY = { "Content-Type": "application/json" };

function post(fake: FakeGateway, path: string, body: unknown): Promise<Response> {
  return fake.request(path, { method: "POST", headers: JSON_BODY, body: JSON.stringify(body) });
}

/** A request to each endpoint that is answered with success, by a gateway with some life in it. */
const SUCCESSFUL: { readonly [Name in EndpointName]: (fake: FakeGateway) => Promise<Response> } = {
  publishEvents: (fake) =>
    post(fake, "/api/v1/telemetry/events", [
      marketData("A", "1"),
      { ...position("p9"), data: { ...position("p9").data, isWhatever: 1 } },
    ]),
  removeKey: (fake) =>
    fake.request("/api/v1/telemetry/positions/snapshot/p1", { method: "DELETE" }),
  acknowledgeAlert: (fake) => post(fake, "/api/v1/telemetry/RISK_ALERTS/r1/acknowledge", {}),
  getSnapshot: (fake) => fake.request("/api/v1/telemetry/positions/snapshot"),
  getEvents: (fake) => fake.request("/api/v1/telemetry/positions/events?limit=1"),
  getStats: (fake) => fake.request("/api/v1/websocket/stats"),
  listClients: (fake) => fake.request("/api/v1/websocket/clients"),
  getClient: (fake) => fake.request("/api/v1/websocket/clients/desk-7"),
  disconnectClient: (fake) =>
    fake.request("/api/v1/websocket/clients/desk-7?reason=x", { method: "DELETE" }),
  listBans: async (fake) => {
    await fake.request("/api/v1/websocket/clients/desk-7?banSeconds=60", { method: "DELETE" });
    return await fake.request("/api/v1/websocket/bans");
  },
  liftBan: async (fake) => {
    await fake.request("/api/v1/websocket/clients/desk-7?banSeconds=60", { method: "DELETE" });
    const [{ id }] = (await (await fake.request("/api/v1/websocket/bans")).json()).data;
    return await fake.request(`/api/v1/websocket/bans/${id}`, { method: "DELETE" });
  },
  drainGateway: (fake) => fake.request("/api/v1/websocket/drain", { method: "POST" }),
  backUpStore: (fake) => fake.request("/api/v1/store/backup", { method: "POST" }),
  getAudit: async (fake) => {
    await fake.request("/api/v1/websocket/drain", { method: "POST" });
    return await fake.request("/api/v1/audit");
  },
  beginSession: (fake) => fake.request("/api/v1/session", { method: "POST" }),
  getSession: (fake) => fake.request("/api/v1/session"),
  endSession: async (fake) => {
    const headers = await signIn(fake);
    return await fake.request("/api/v1/session", { method: "DELETE", headers }, null);
  },
  issueTicket: (fake) => fake.request("/api/v1/websocket/tickets", { method: "POST" }),
  listKeys: async (fake) => {
    await post(fake, "/api/v1/keys", ROBOT);
    return await fake.request("/api/v1/keys");
  },
  createKey: (fake) => post(fake, "/api/v1/keys", ROBOT),
  rotateKey: async (fake) => {
    await post(fake, "/api/v1/keys", ROBOT);
    return await fake.request("/api/v1/keys/robot/rotate", { method: "POST" });
  },
  revokeKey: async (fake) => {
    await post(fake, "/api/v1/keys", ROBOT);
    return await fake.request("/api/v1/keys/robot", { method: "DELETE" });
  },
  revokeSecret: async (fake) => {
    const created = await post(fake, "/api/v1/keys", ROBOT);
    const { data: { secretId } } = await created.json();
    await fake.request("/api/v1/keys/robot/rotate", { method: "POST" });
    return await fake.request(`/api/v1/keys/robot/secrets/${secretId}`, { method: "DELETE" });
  },
  getHealth: (fake) => fake.request("/api/health"),
  getLive: (fake) => fake.request("/health/live"),
  getReady: (fake) => fake.request("/health/ready"),
  getMetrics: (fake) => fake.request("/metrics"),
};

/** A backup of nothing. */
const EMPTY_BACKUP: RunningBackup = {
  rows: 0,
  bytes: 0,
  extents: new Map([["positions", { epoch: "e", seq: 0, oldest: 1 }]]),
  async *parts() {
    await Promise.resolve();
    yield { kind: "file", bytes: 0, damaged: 0 };
  },
  end: () => Promise.resolve(),
};

for (const [name, { answer }] of TABLE) {
  Deno.test(`the answer of ${name} is what the table of endpoints says`, async () => {
    const backup = () => Promise.resolve(EMPTY_BACKUP);
    await withGateway({ deps: { backup } }, async (fake) => {
      fake.connect({ clientId: "desk-7", channels: ["positions", "market-data"], replay: true });
      await fake.publish(
        position("p1"),
        position("p2"),
        riskAlert("r1"),
        traderStatus("t1"),
        marketData("A", "2"),
      );
      // What it answers is compared with the table by the fake gateway.
      const response = await SUCCESSFUL[name](fake);
      assert.equal(response.status, answer.status);
      const text = await response.text();
      if (answer.mediaType !== BACKUP_MEDIA_TYPE) return;
      for (const line of text.trim().split("\n")) BackupLine.parse(JSON.parse(line));
    });
  });
}

function pathFor({ path }: Endpoint): string {
  return path.replace(":channel", "risk-alerts").replace(/:(?:id|key)/, "x");
}

/** One key per scope, whose secret is the name of the scope. */
const KEY_PER_SCOPE = new KeyRing(
  SCOPES.map((scope) => apiKey(scope, scope, { scopes: new Set([scope]) })),
);

function refusalOf(secret: string | null): ErrorCode {
  if (secret === null || secret === "") return "API_KEY_MISSING";
  return secret === "wrong" ? "API_KEY_INVALID" : "FORBIDDEN";
}

for (const [name, endpoint] of TABLE) {
  const { method, scope, openOnLoopback } = endpoint;
  if (scope === undefined) continue;
  Deno.test(`${name} needs the scope ${scope}, whatever else is wrong with the request`, async () => {
    await withGateway({ keys: KEY_PER_SCOPE }, async (fake) => {
      const headers = openOnLoopback ? { Via: "1.1 proxy" } : {};
      for (const path of [pathFor(endpoint), `${pathFor(endpoint)}?unknown=1`]) {
        for (const secret of [null, "", "wrong", ...SCOPES]) {
          const response = await fake.request(path, { method, headers }, secret);
          const isKey = SCOPES.some((one) => one === secret);
          if (secret === scope || (scope === "any" && isKey)) {
            assert.ok(![401, 403].includes(response.status), `${response.status}`);
            await response.body?.cancel();
            continue;
          }
          const code = refusalOf(secret);
          const scheme = response.headers.get("WWW-Authenticate") ?? "";
          assert.equal(/^Bearer /.test(scheme), code !== "FORBIDDEN");
          const answer = { status: response.status, body: await response.json() };
          assertError(answer, ERRORS[code].status, code);
        }
      }
      assert.equal(fake.drains, scope === "admin" && name === "drainGateway" ? 1 : 0);
    });
  });
}

Deno.test("every method that no endpoint has for a path is 405, and Allow names those it has", async () => {
  await withGateway({}, async (fake) => {
    for (const endpoint of TABLE.map(([, endpoint]) => endpoint)) {
      const methods = TABLE.filter(([, { path }]) => path === endpoint.path)
        .map(([, { method }]) => method as string);
      const allowed = methods.includes("GET") ? [...methods, "HEAD"] : methods;
      for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
        if (allowed.includes(method)) continue;
        const response = await fake.request(pathFor(endpoint), { method });
        assert.deepEqual(response.headers.get("Allow")?.split(", ").sort(), allowed.toSorted());
        const answer = { status: response.status, body: await response.json() };
        assertError(answer, 405, "METHOD_NOT_ALLOWED");
      }
    }
  });
});

Deno.test("a channel that does not exist is 404 on every endpoint that names one", async () => {
  await withGateway({}, async (fake) => {
    for (const [, { path, method }] of TABLE.filter(([, { path }]) => path.includes(":channel"))) {
      const unknown = path.replace(":channel", "weather").replace(/:(?:id|key)/, "x");
      const response = await fake.request(unknown, { method });
      assertError({ status: response.status, body: await response.json() }, 404, "NOT_FOUND");
    }
  });
});

Deno.test("an answer that differs from the table is found", () => {
  const timestamp = "2026-01-31T12:00:00.000Z";
  const check = (body: unknown, status = 200, contentType = "application/json") =>
    assertAnswer("GET", "/health/live", { status, contentType, text: JSON.stringify(body) });
  const live = { success: true, data: { status: "live" }, timestamp };
  check(live);
  const error = { code: "DRAINING", message: "m" };
  check({ success: false, error, timestamp }, 503);
  const wrong: readonly (() => void)[] = [
    () => check({ ...live, more: 1 }),
    () => check({ ...live, data: { status: "live", more: 1 } }),
    () => check({ ...live, data: {} }),
    () => check({ ...live, timestamp: "yesterday" }),
    () => check(live, 202),
    () => check(live, 200, "text/html"),
    () => check({ success: false, error, timestamp }, 500),
    () => check({ success: false, error: { ...error, code: "NO_SUCH_CODE" }, timestamp }, 503),
    () => check({ success: false, error: { ...error, details: { n: 1 } }, timestamp }, 503),
  ];
  for (const one of wrong) assert.throws(one, `${one}`);
});
