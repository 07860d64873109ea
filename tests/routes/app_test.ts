import assert from "node:assert/strict";
import metadata from "../../deno.json" with { type: "json" };
import type { Scope } from "../../actors/ports.ts";
import { apiKey, KeyRing } from "../../routes/auth/api_keys.ts";
import { assertError } from "../support/envelopes.ts";
import { position } from "../support/events.ts";
import {
  type FakeGateway,
  type FakeGatewayOptions,
  OPS_SECRET,
  withGateway,
} from "../support/fake_gateway.ts";
import { Metrics } from "../support/metrics_text.ts";
import { TEST_EPOCH } from "../support/test_clock.ts";

async function fails(answer: Response, status: number, code: string) {
  return assertError({ status: answer.status, body: await answer.json() }, status, code);
}

/** One key per scope, whose secret is the name of the scope. */
function keyPerScope(): KeyRing {
  const scopes: Scope[] = ["subscribe", "publish", "acknowledge", "admin", "metrics"];
  return new KeyRing(scopes.map((scope) => apiKey(scope, scope, { scopes: new Set([scope]) })));
}

Deno.test("a wrong key is 401 although anonymous clients may come in", async () => {
  const config = { security: { anonymousScopes: ["subscribe"] } };
  await withGateway({ config, keys: keyPerScope() }, async (fake) => {
    const path = "/api/v1/websocket/stats";
    await fails(await fake.request(path, {}, "wrong"), 401, "API_KEY_INVALID");
    // Without a key it is somebody, who may only subscribe.
    await fails(await fake.request(path, {}, null), 403, "FORBIDDEN");
  });
});

Deno.test("a key may come as a bearer token or in the query, also from a page that may use it", async () => {
  await withGateway({ keys: keyPerScope() }, async (fake) => {
    const path = "/api/v1/websocket/stats";
    const bearer = { headers: { Authorization: "Bearer admin" } };
    assert.equal((await fake.request(path, bearer, null)).status, 200);
    assert.equal((await fake.request(`${path}?apiKey=admin`, {}, null)).status, 200);
    const page = { headers: { Origin: "http://localhost:8080" } };
    assert.equal((await fake.request(`${path}?apiKey=admin`, page, null)).status, 200);
    const foreign = { headers: { Origin: "http://evil.example" } };
    const refused = await fake.request(`${path}?apiKey=admin`, foreign, null);
    await fails(refused, 403, "ORIGIN_NOT_ALLOWED");
  });
});

/** What probes ask, by whatever address they have. */
const HEALTH = ["/api/health", "/health/live", "/health/ready"];

/** Every other kind of route, open and guarded. */
const OTHERS = ["/", "/metrics", "/ws/telemetry", "/nowhere", "/api/v1/websocket/stats"];

const ROUTES = [...HEALTH, ...OTHERS];

Deno.test("health is answered under any Host, but not under a malformed one", async () => {
  await withGateway({}, async (fake) => {
    for (const path of HEALTH) {
      const answer = await fake.request(`http://10.42.0.7:8080${path}`, {}, null);
      assert.equal(answer.status, 200, path);
      await answer.body?.cancel();
      const malformed = await fake.request(path, { headers: { Host: "user@localhost" } }, null);
      await fails(malformed, 400, "MALFORMED_HOST");
    }
  });
});

Deno.test("a strange Host is 421 on every other route, before anything else is looked at", async () => {
  await withGateway({}, async (fake) => {
    for (const path of OTHERS) {
      const answer = await fake.request(`http://rebind.example:8080${path}`);
      await fails(answer, 421, "MISDIRECTED_REQUEST");
    }
  });
});

Deno.test("a foreign Origin is 403 on every route, whatever key it brings", async () => {
  await withGateway({}, async (fake) => {
    for (const path of ROUTES) {
      for (const Origin of ["https://evil.example", "null"]) {
        await fails(await fake.request(path, { headers: { Origin } }), 403, "ORIGIN_NOT_ALLOWED");
      }
    }
  });
});

Deno.test("an allowed origin may ask ahead and read answers, another may not", async () => {
  const Origin = "https://desk.example";
  const config = { security: { allowedOrigins: [Origin] } };
  await withGateway({ config }, async (fake) => {
    const path = "/api/v1/websocket/stats";
    const ask = (origin: string) => {
      const headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "x-api-key",
      };
      return fake.request(path, { method: "OPTIONS", headers }, null);
    };
    const ahead = await ask(Origin);
    assert.equal(ahead.status, 204);
    assert.equal(ahead.headers.get("Access-Control-Allow-Origin"), Origin);
    assert.match(ahead.headers.get("Access-Control-Allow-Headers") ?? "", /x-api-key/i);
    const answer = await fake.request(path, { headers: { Origin } });
    assert.equal(answer.headers.get("Access-Control-Allow-Origin"), Origin);
    const exposed = answer.headers.get("Access-Control-Expose-Headers") ?? "";
    for (const name of ["ETag", "Retry-After"]) assert.ok(exposed.split(",").includes(name));
    await answer.body?.cancel();
    await fails(await ask("https://evil.example"), 403, "ORIGIN_NOT_ALLOWED");
  });
});

Deno.test("a page of an allowed origin may load the client", async () => {
  const Origin = "https://desk.example";
  const config = { security: { allowedOrigins: [Origin] } };
  await withGateway({ config }, async (fake) => {
    const answer = await fake.request("/client.js", { headers: { Origin } }, null);
    assert.equal(answer.headers.get("Access-Control-Allow-Origin"), Origin);
    await answer.body?.cancel();
  });
});

Deno.test("without allowed origins no answer may be read by a page elsewhere", async () => {
  await withGateway({}, async (fake) => {
    const answer = await fake.request("/api/health");
    assert.equal(answer.headers.get("Access-Control-Allow-Origin"), null);
    await answer.body?.cancel();
  });
});

Deno.test("no answer may be taken for something else than its media type says", async () => {
  await withGateway({}, async (fake) => {
    await fake.publish(position("p1"));
    const snapshot = "/api/v1/telemetry/positions/snapshot";
    for (const path of [...ROUTES, snapshot, "/api/v1/telemetry/positions/events"]) {
      for (const host of ["localhost", "evil.example"]) {
        const answer = await fake.request(`http://${host}:8080${path}`);
        assert.equal(answer.headers.get("X-Content-Type-Options"), "nosniff", path);
        await answer.body?.cancel();
      }
    }
  });
});

Deno.test("a parameter that a route does not know is 400 and names the right one", async () => {
  const client = "/api/v1/websocket/clients/desk-7";
  const cases: readonly (readonly [method: string, path: string, message: RegExp])[] = [
    ["DELETE", `${client}?banseconds=20`, /^banseconds: .*banSeconds/],
    ["DELETE", `${client}?resaon=x`, /^resaon: .*reason/],
    ["GET", "/api/v1/websocket/clients?chanel=positions", /^chanel: .*channel/],
    ["GET", "/api/v1/websocket/clients?apikey=x", /^apikey: .*apiKey/],
    ["GET", "/api/v1/websocket/stats?pretty=1", /^pretty: .*none/],
    ["GET", `${client}?channel=positions`, /^channel: .*none/],
    ["POST", "/api/v1/websocket/drain?seconds=5", /^seconds: .*none/],
    ["GET", "/api/v1/telemetry/positions/events?afterseq=1", /^afterseq: .*afterSeq/],
    ["GET", "/api/v1/telemetry/positions/snapshot?limit=1", /^limit: .*none/],
    ["POST", "/api/v1/telemetry/events?channel=positions", /^channel: .*none/],
    ["POST", "/api/v1/telemetry/risk-alerts/a/acknowledge?seq=1", /^seq: .*none/],
  ];
  await withGateway({}, async (fake) => {
    fake.connect({ clientId: "desk-7" });
    for (const [method, path, message] of cases) {
      const answer = await fake.request(path, { method });
      const { error } = await answer.clone().json();
      assert.match(error.message, message, path);
      await fails(answer, 400, "INVALID_REQUEST");
    }
    assert.equal(fake.drains, 0);
    assert.equal(fake.hub.stats().activeConnections, 1);
  });
});

Deno.test("apiKey is known on every route", async () => {
  await withGateway({}, async (fake) => {
    for (const path of [...ROUTES, "/api/v1/websocket/clients", "/api/v1/websocket/stats"]) {
      const answer = await fake.request(`${path}?apiKey=${OPS_SECRET}`, {}, null);
      assert.ok(![400, 401].includes(answer.status), path);
      await answer.body?.cancel();
    }
  });
});

Deno.test("an upload that its client aborts is no failure of ours", async () => {
  const aborted: readonly Error[] = [
    new Deno.errors.Http("error reading a body from connection"),
    new Deno.errors.BadResource("Cannot read body as underlying resource unavailable"),
  ];
  const post = async (fake: FakeGateway, error: Error) => {
    const body = new ReadableStream({ pull: (controller) => controller.error(error) });
    const headers = { "Content-Type": "application/json" };
    return await fake.request("/api/v1/telemetry/events", { method: "POST", headers, body });
  };
  await withGateway({}, async (fake) => {
    for (const error of aborted) await fails(await post(fake, error), 400, "INVALID_REQUEST");
    assert.deepEqual(fake.log.lines.map(({ level }) => level), ["debug", "debug"]);
    await fails(await post(fake, new TypeError("a fault of ours")), 500, "INTERNAL_ERROR");
    assert.equal(fake.log.lines.at(-1)?.level, "error");
  });
});

Deno.test("what does not exist is 404 in the envelope", async () => {
  await withGateway({}, async (fake) => {
    for (const path of ["/nowhere", "/api/v1/telemetry", "/api/v1/websocket", "/health"]) {
      await fails(await fake.request(path), 404, "NOT_FOUND");
    }
  });
});

Deno.test("a method that a path does not have is 405 and says which it has", async () => {
  await withGateway({}, async (fake) => {
    const cases: readonly (readonly [method: string, path: string, allowed: RegExp])[] = [
      ["POST", "/api/health", /GET/],
      ["GET", "/api/v1/telemetry/events", /POST/],
      ["PUT", "/api/v1/websocket/clients/x", /DELETE/],
      ["POST", "/metrics", /GET/],
    ];
    for (const [method, path, allowed] of cases) {
      const answer = await fake.request(path, { method });
      assert.match(answer.headers.get("Allow") ?? "", allowed, `${method} ${path}`);
      await fails(answer, 405, "METHOD_NOT_ALLOWED");
    }
  });
});

Deno.test("health is open, and says how the gateway is and nothing confidential", async () => {
  await withGateway({}, async (fake) => {
    fake.connect({ clientId: "desk-7" });
    fake.clock.advance(61_500);
    const answer = await fake.request("/api/health", {}, null);
    assert.equal(answer.status, 200);
    assert.deepEqual(await answer.json(), {
      success: true,
      data: {
        status: "ok",
        version: metadata.version,
        uptimeSeconds: 61,
        activeConnections: 1,
        store: "memory",
      },
      timestamp: new Date(TEST_EPOCH + 61_500).toISOString(),
    });
  });
});

Deno.test("the gateway is live and ready", async () => {
  await withGateway({}, async (fake) => {
    for (const [path, status] of [["/health/live", "live"], ["/health/ready", "ready"]]) {
      const answer = await fake.request(path!, {}, null);
      assert.equal(answer.status, 200);
      assert.deepEqual((await answer.json()).data, { status });
    }
  });
});

Deno.test("while draining the gateway is live, not ready, and says so", async () => {
  await withGateway({}, async (fake) => {
    await fake.hub.drain(1_000);
    const live = await fake.request("/health/live", {}, null);
    assert.equal(live.status, 200);
    await live.body?.cancel();
    const ready = await fake.request("/health/ready", {}, null);
    assert.match(ready.headers.get("Retry-After") ?? "", /^[1-9]\d*$/);
    await fails(ready, 503, "DRAINING");
    const health = await (await fake.request("/api/health", {}, null)).json();
    assert.equal(health.data.status, "draining");
  });
});

async function scrape(fake: FakeGateway, init: RequestInit = {}, secret: string | null = null) {
  return await fake.request("/metrics", init, secret);
}

Deno.test("metrics are open on loopback and parse", async () => {
  await withGateway({}, async (fake) => {
    fake.connect();
    const answer = await scrape(fake);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("Content-Type") ?? "", /^text\/plain; version=0\.0\.4/);
    const metrics = new Metrics(await answer.text());
    assert.equal(metrics.value("autotrader_telemetry_active_connections"), 1);
  });
});

Deno.test("behind a proxy and off loopback metrics need their scope", async () => {
  const remote = { server: { host: "0.0.0.0", publicHosts: ["desk.example"] } };
  const cases: readonly (readonly [FakeGatewayOptions["config"], HeadersInit])[] = [
    [{}, { "X-Forwarded-For": "10.0.0.1" }],
    [remote, {}],
  ];
  for (const [config, headers] of cases) {
    await withGateway({ config: config!, keys: keyPerScope() }, async (fake) => {
      await fails(await scrape(fake, { headers }), 401, "API_KEY_MISSING");
      await fails(await scrape(fake, { headers }, "admin"), 403, "FORBIDDEN");
      const answer = await scrape(fake, { headers }, "metrics");
      assert.equal(answer.status, 200);
      await answer.body?.cancel();
    });
  }
});
