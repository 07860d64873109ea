/**
 * Every endpoint × every credential: what is answered, and that a request which is refused changes
 * nothing.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type ErrorCode, ERRORS } from "../../../protocol/errors.ts";
import type { Endpoint } from "../../../protocol/rest/endpoint.ts";
import { type EndpointName, ENDPOINTS } from "../../../protocol/rest/endpoints.ts";
import { endpointOf } from "../../support/rest_answers.ts";
import { type Caller, CALLERS, standingFor } from "../../support/matrix/callers.ts";
import { forEachCaller } from "../../support/matrix/each_caller.ts";
import { type Rule, RULES } from "../../support/matrix/rules.ts";
import { Scene, TRADER, withScene } from "../../support/matrix/scene.ts";

const TABLE = Object.entries(ENDPOINTS) as unknown as readonly [EndpointName, Endpoint][];

/** What a request must be answered with: the code of an error, or success. */
function expectedCode(rule: Rule, caller: Caller): ErrorCode | "success" {
  const use = rule.session === "begins" ? "sign-in" : rule.method === "GET" ? "read" : "act";
  const standing = standingFor(caller, use);
  if (standing === "foreign-page") return "ORIGIN_NOT_ALLOWED";
  if (rule.needs === "nothing") return "success";
  if (standing === "missing") return "API_KEY_MISSING";
  if (standing === "invalid") return "API_KEY_INVALID";
  if (rule.needs !== "any" && !standing.scopes.includes(rule.needs)) return "FORBIDDEN";
  if (rule.channel && standing.foreignChannel) return "FORBIDDEN";
  if (standing.foreignTrader && rule.foreignTrader === "forbidden") return "FORBIDDEN";
  if (standing.foreignTrader && rule.foreignTrader === "unknown") return "ALERT_NOT_FOUND";
  if (rule.session === "ends" && caller.form !== "session") return "NO_SESSION";
  return "success";
}

/** Sends the request of a rule as a caller does. */
async function ask(scene: Scene, rule: Rule, caller: Caller, method: string = rule.method) {
  const { headers = {}, query } = caller.send(scene);
  const { body, openOnLoopback } = rule;
  const path = pathOf(rule, scene);
  const answer = await scene.send(
    method,
    query === undefined ? path : `${path}${path.includes("?") ? "&" : "?"}${query}`,
    {
      headers: {
        ...headers,
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...(openOnLoopback && { Via: "1.1 proxy" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    },
  );
  return { answer, text: await answer.text() };
}

function pathOf({ path }: Rule, scene: Scene): string {
  return typeof path === "string" ? path : path(scene);
}

for (const [name, endpoint] of TABLE) {
  const rule = RULES[name];
  Deno.test(`matrix: ${name} is answered for each credential as it is worth`, async () => {
    let scene = await Scene.build();
    try {
      assert.equal(endpointOf(rule.method, pathOf(rule, scene)), name);
      await forEachCaller(Object.entries(CALLERS), async (_who, caller) => {
        const expected = expectedCode(rule, caller);
        const before = scene.fingerprint();
        const { acts } = scene;
        const sessions = scene.sessions.size;
        const { answer, text } = await ask(scene, rule, caller);
        const isChanged = !isSame(before, scene.fingerprint()) ||
          scene.sessions.size > sessions ||
          (rule.session === "ends" && scene.sessions.size < sessions);
        if (expected === "success") {
          assert.equal(answer.status, endpoint.answer.status, text);
          assert.equal(isChanged, rule.changes);
          assert.equal(scene.acts, rule.audited ? acts + 1 : acts);
          assertWithheld(rule, caller, text);
        } else {
          assert.equal(JSON.parse(text).error?.code, expected, text);
          assert.equal(answer.status, ERRORS[expected].status);
          // A session of a secret that counts no more ends at its first use.
          assert.deepEqual(scene.fingerprint(), before);
          assert.ok(scene.sessions.size <= sessions);
          assert.equal(answer.headers.has("WWW-Authenticate"), answer.status === 401);
        }
        if (rule.needs !== "nothing" && expected !== "ORIGIN_NOT_ALLOWED") {
          const kept = endpoint.noStore ? /^no-store$/ : /^private, no-cache$/;
          assert.match(answer.headers.get("Cache-Control")!, kept);
        }
        if (isChanged) {
          scene.stop();
          scene = await Scene.build();
        }
      });
    } finally {
      scene.stop();
    }
  });
}

/** What is withheld must be seen by others, else nothing was shown. */
function assertWithheld(rule: Rule, { standing }: Caller, text: string): void {
  if (rule.foreignTrader !== "withheld") return;
  const isForeign = typeof standing === "object" && standing.foreignTrader === true;
  assert.equal(text.includes(TRADER), !isForeign);
  assert.equal(text.includes('"p1"'), !isForeign);
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

Deno.test("matrix: the scopes of the table of endpoints are those of the contract", () => {
  for (const [name, { scope, openOnLoopback }] of TABLE) {
    assert.equal(scope ?? "nothing", RULES[name].needs, name);
    assert.equal(openOnLoopback, RULES[name].openOnLoopback, name);
  }
});

Deno.test("matrix: HEAD needs what GET needs, and shows nothing", async () => {
  await withScene(async (scene) => {
    for (const [name, { method }] of TABLE.filter(([, { method }]) => method === "GET")) {
      for (const who of ["no credential", "the key only-publish", "every scope as Bearer"]) {
        const caller = CALLERS[who]!;
        const { answer, text } = await ask(scene, RULES[name], caller, "HEAD");
        const expected = expectedCode(RULES[name], caller);
        const status = expected === "success"
          ? ENDPOINTS[name].answer.status
          : ERRORS[expected].status;
        assert.deepEqual([answer.status, text], [status, ""], `${who} ${method} ${name}`);
      }
    }
  });
});

/** Headers by which proxies say who has signed in with them. */
const ASSERTED = {
  "X-Forwarded-User": "ops",
  "X-Forwarded-Email": "ops@example.com",
  "X-Auth-Request-User": "every",
  "X-Remote-User": "every",
  "Remote-User": "every",
  "X-SSL-Client-S-DN": "CN=every",
};

Deno.test("matrix: an identity that a proxy asserts is nobody, and a token of another issuer a wrong key", async () => {
  await withScene(async (scene) => {
    const token = `Bearer ${["{}", '{"sub":"every"}', "signature"].map(btoa).join(".")}`;
    for (const [name, { scope }] of TABLE) {
      if (scope === undefined) continue;
      const codeOf = async (headers: Readonly<Record<string, string>>) => {
        const caller: Caller = { standing: "missing", form: "header", send: () => ({ headers }) };
        return JSON.parse((await ask(scene, RULES[name], caller)).text).error?.code;
      };
      assert.equal(await codeOf(ASSERTED), "API_KEY_MISSING", name);
      assert.equal(await codeOf({ ...ASSERTED, Authorization: token }), "API_KEY_INVALID", name);
    }
  });
});

Deno.test("matrix: metrics are open on loopback whatever is sent, except to foreign pages", async () => {
  await withScene(async (scene) => {
    const { openOnLoopback: _, ...rule } = RULES.getMetrics;
    for (const [who, caller] of Object.entries(CALLERS)) {
      const { answer } = await ask(scene, rule, caller);
      assert.equal(answer.status, caller.standing === "foreign-page" ? 403 : 200, who);
    }
  });
});

Deno.test("matrix: a session begins with a ticket in the body, once, while its key counts", async () => {
  await withScene(async (scene) => {
    const begin = async (ticket: string) => {
      const answer = await scene.send("POST", "/api/v1/session", {
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ticket }),
      });
      const { data, error } = await answer.json();
      return data?.principal ?? error.code;
    };
    for (const name of ["every", "only-metrics", "foreign-trader"]) {
      const { ticket } = scene.given.get(name)!;
      assert.equal(await begin(ticket), name);
      assert.equal(await begin(ticket), "API_KEY_INVALID");
    }
    for (const name of ["revoked", "expired", "rotated"]) {
      assert.equal(await begin(scene.given.get(name)!.ticket), "API_KEY_INVALID");
    }
    assert.equal(await begin(scene.usedTicket), "API_KEY_INVALID");
    assert.equal(await begin(scene.oldTicket), "API_KEY_INVALID");
  });
});
