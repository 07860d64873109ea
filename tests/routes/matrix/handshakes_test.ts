/**
 * Every socket and dialect × every credential: who is let in, and that nobody else takes a seat.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { ProtocolName } from "../../../protocol/api.ts";
import { type ErrorCode, ERRORS } from "../../../protocol/errors.ts";
import { SOCKETS } from "../../../routes/app.ts";
import { HANDSHAKE } from "../../support/fake_gateway.ts";
import { type Caller, CALLERS, standingFor } from "../../support/matrix/callers.ts";
import { forEachCaller } from "../../support/matrix/each_caller.ts";
import { DIALECTS } from "../../support/matrix/message_rules.ts";
import { type Scene, withScene } from "../../support/matrix/scene.ts";

/** What a handshake must be answered with. */
function expectedCode(protocol: ProtocolName, caller: Caller): ErrorCode | "success" {
  const standing = standingFor(caller, "handshake");
  if (standing === "foreign-page") return "ORIGIN_NOT_ALLOWED";
  if (standing === "missing") return "API_KEY_MISSING";
  if (standing === "invalid") return "API_KEY_INVALID";
  return standing.scopes.includes(DIALECTS[protocol].needs) ? "success" : "FORBIDDEN";
}

/** The ids of the connections that hold a seat. */
function seatsOf({ fake }: Scene): Set<string> {
  return new Set([...fake.hub.clients()].map(({ connectionId }) => connectionId));
}

/** The handshake of a caller, with the dialect beside a key that is a subprotocol. */
function shake(scene: Scene, path: string, caller: Caller, protocol?: ProtocolName) {
  const { headers: { "Sec-WebSocket-Protocol": key, ...headers } = {}, query } = caller.send(scene);
  const offered = [protocol, key].filter((one) => one !== undefined).join(", ");
  return scene.send("GET", query === undefined ? path : `${path}?${query}`, {
    headers: { ...HANDSHAKE, ...headers, ...(offered && { "Sec-WebSocket-Protocol": offered }) },
  });
}

Deno.test("matrix: every socket and every dialect of it is in the matrix", () => {
  const spoken = [...SOCKETS].flatMap(([path, { scope, protocols }]) =>
    protocols.map((protocol) => `${protocol} ${path} ${scope}`)
  );
  const ruled = Object.entries(DIALECTS).map(([protocol, { path, needs }]) =>
    `${protocol} ${path} ${needs}`
  );
  assert.deepEqual(spoken.toSorted(), ruled.toSorted());
});

for (const [protocol, { path }] of Object.entries(DIALECTS) as [ProtocolName, { path: string }][]) {
  Deno.test(`matrix: a handshake of ${protocol} is answered for each credential as it is worth`, async () => {
    await withScene(async (scene) => {
      await forEachCaller(Object.entries(CALLERS), async (_who, caller) => {
        const expected = expectedCode(protocol, caller);
        const seats = seatsOf(scene);
        const answer = await shake(scene, path, caller, protocol);
        if (expected === "success") {
          assert.equal(answer.status, 101, await answer.text());
          assert.equal(answer.headers.get("Sec-WebSocket-Protocol"), protocol);
          assert.equal(seatsOf(scene).difference(seats).size, 1);
          return;
        }
        const text = await answer.text();
        assert.equal(JSON.parse(text).error?.code, expected, text);
        assert.equal(answer.status, ERRORS[expected].status);
        assert.equal(answer.headers.has("WWW-Authenticate"), answer.status === 401);
        // Earlier ones may have timed out, as answers to wrong keys are held.
        assert.equal(seatsOf(scene).difference(seats).size, 0);
      });
    });
  });
}

Deno.test("matrix: a plain request to a socket is told to upgrade, whoever sends it", async () => {
  await withScene(async (scene) => {
    for (const path of SOCKETS.keys()) {
      for (const [who, caller] of Object.entries(CALLERS)) {
        const { headers = {}, query = "" } = caller.send(scene);
        const answer = await scene.send("GET", `${path}?${query}`, { headers });
        await answer.body?.cancel();
        assert.equal(answer.status, caller.standing === "foreign-page" ? 403 : 426, who);
      }
    }
  });
});

Deno.test("matrix: a key offered as the only subprotocol is never echoed", async () => {
  await withScene(async (scene) => {
    const caller = CALLERS["every scope as subprotocol"]!;
    for (const path of SOCKETS.keys()) {
      const answer = await shake(scene, path, caller);
      assert.equal(answer.headers.get("Sec-WebSocket-Protocol"), null);
      assert.equal((await answer.json()).error.code, "UNSUPPORTED_PROTOCOL");
    }
  });
});
