/**
 * Every endpoint and socket for those who send no credential where anonymous clients may subscribe.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type ErrorCode, ERRORS } from "../../../protocol/errors.ts";
import type { Endpoint } from "../../../protocol/rest/endpoint.ts";
import { type EndpointName, ENDPOINTS } from "../../../protocol/rest/endpoints.ts";
import { SOCKETS } from "../../../routes/app.ts";
import { HANDSHAKE } from "../../support/fake_gateway.ts";
import { CALLERS, standingFor } from "../../support/matrix/callers.ts";
import { forEachCaller } from "../../support/matrix/each_caller.ts";
import { RULES } from "../../support/matrix/rules.ts";
import { type Scene, withScene } from "../../support/matrix/scene.ts";

const TABLE = Object.entries(ENDPOINTS) as unknown as readonly [EndpointName, Endpoint][];

const ANONYMOUS = { security: { anonymousScopes: ["subscribe"] } };

const MISSING = Object.entries(CALLERS).filter(([, { standing }]) => standing === "missing");

/** Whatever is sent as a credential and does not count: it is never taken for none. */
const WRONG = Object.entries(CALLERS).filter(([, caller]) =>
  standingFor(caller, "act") === "invalid" && caller.form !== "session-unproven"
);

/** What they may: see, ask who they are, and take tickets that are as anonymous. */
const ALLOWED: ReadonlySet<EndpointName> = new Set([
  "getSnapshot",
  "getEvents",
  "getSession",
  "issueTicket",
]);

function expectedCode(name: EndpointName, isProxied: boolean): ErrorCode | "success" {
  if (RULES[name].needs === "nothing") return "success";
  if (RULES[name].openOnLoopback && !isProxied) return "success";
  if (isProxied) return "API_KEY_MISSING";
  if (ALLOWED.has(name)) return "success";
  if (name === "beginSession") return "API_KEY_MISSING";
  return name === "endSession" ? "NO_SESSION" : "FORBIDDEN";
}

async function codeOf(
  scene: Scene,
  name: EndpointName,
  { headers = {}, query = "" }: { headers?: Readonly<Record<string, string>>; query?: string },
): Promise<string> {
  const { method, path, body } = RULES[name];
  const target = typeof path === "string" ? path : path(scene);
  const answer = await scene.send(method, `${target}${target.includes("?") ? "&" : "?"}${query}`, {
    headers: { ...headers, ...(body !== undefined && { "Content-Type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (answer.status < 400) return "success";
  const { code } = JSON.parse(text).error;
  assert.equal(answer.status, ERRORS[code as ErrorCode].status);
  return code;
}

Deno.test("matrix: an anonymous client may subscribe on this machine, and nothing else", async () => {
  await withScene(async (scene) => {
    await forEachCaller(MISSING, async (_who, caller) => {
      const { headers = {} } = caller.send(scene);
      for (const [name] of TABLE) {
        for (const via of [{}, { Via: "1.1 proxy" }]) {
          const expected = expectedCode(name, "Via" in via);
          const code = await codeOf(scene, name, { headers: { ...headers, ...via } });
          assert.equal(code, expected, `${name} ${JSON.stringify(via)}`);
        }
      }
    });
    assert.equal(scene.acts, 0);
  }, ANONYMOUS);
});

Deno.test("matrix: a wrong credential is not taken for none where anonymous clients may subscribe", async () => {
  await withScene(async (scene) => {
    await forEachCaller(WRONG, async (_who, caller) => {
      const sent = caller.send(scene);
      for (const name of ["getSnapshot", "issueTicket", "getSession"] as const) {
        assert.equal(await codeOf(scene, name, sent), "API_KEY_INVALID", name);
      }
    });
  }, ANONYMOUS);
});

Deno.test("matrix: the ticket of an anonymous client is as anonymous, and opens no collector", async () => {
  await withScene(async (scene) => {
    const ticketOf = async () => {
      const answer = await scene.send("POST", "/api/v1/websocket/tickets");
      return (await answer.json()).data.ticket as string;
    };
    const statuses: number[] = [];
    for (const path of SOCKETS.keys()) {
      for (const query of [`ticket=${await ticketOf()}`, ""]) {
        const answer = await scene.send("GET", `${path}?${query}`, { headers: HANDSHAKE });
        statuses.push(answer.status);
        await answer.body?.cancel();
      }
    }
    assert.deepEqual(statuses, [101, 101, 403, 403]);
    const query = `ticket=${await ticketOf()}`;
    assert.equal(await codeOf(scene, "getStats", { query }), "FORBIDDEN");
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ ticket: await ticketOf() });
    const begun = await scene.send("POST", "/api/v1/session", { headers, body });
    assert.equal((await begun.json()).error.code, "API_KEY_MISSING");
  }, ANONYMOUS);
});
