/**
 * That there is no way in beside those that the matrix asks.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Endpoint } from "../../../protocol/rest/endpoint.ts";
import { ENDPOINTS } from "../../../protocol/rest/endpoints.ts";
import { SOCKETS } from "../../../routes/app.ts";
import type { AppDeps } from "../../../routes/context.ts";
import { ASSETS_PATH, CLIENT_PATH, VIEW_PATHS } from "../../../routes/pages/paths.ts";
import { createRouter } from "../../../routes/router.ts";
import { CALLERS } from "../../support/matrix/callers.ts";
import { withScene } from "../../support/matrix/scene.ts";

/** Open to everybody: they hold no data. */
const PAGES: readonly string[] = [
  ...Object.values(VIEW_PATHS),
  `${VIEW_PATHS.market}/:symbol`,
  `${ASSETS_PATH}/:name`,
  CLIENT_PATH,
];

Deno.test("matrix: there is no route but the endpoints, the sockets and the pages", async () => {
  await withScene(async ({ fake: { config, gateway: { channels } } }) => {
    await Promise.resolve();
    // Routes are only added here; nothing is asked.
    const router = createRouter({ config, channels } as AppDeps, SOCKETS.keys());
    const handled = router.routes.filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path}`);
    const expected = [
      ...Object.values(ENDPOINTS as Readonly<Record<string, Endpoint>>)
        .map(({ method, path }) => `${method} ${path}`),
      ...[...SOCKETS.keys(), ...PAGES].map((path) => `GET ${path}`),
    ];
    assert.deepEqual([...new Set(handled)].sort(), expected.toSorted());
  });
});

Deno.test("matrix: what does not exist is the same for everybody", async () => {
  await withScene(async (scene) => {
    for (const [who, caller] of Object.entries(CALLERS)) {
      const { headers = {}, query = "" } = caller.send(scene);
      const answer = await scene.send("GET", `/api/v1/nothing?${query}`, { headers });
      await answer.body?.cancel();
      assert.equal(answer.status, caller.standing === "foreign-page" ? 403 : 404, who);
    }
  });
});
