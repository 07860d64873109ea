/**
 * The simulated floor on a store that another simulation has used.
 *
 * @module
 */
import assert from "node:assert/strict";
import { position, traderStatus } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { TempDir } from "../support/store_fixture.ts";
import { waitUntil } from "../support/wait.ts";

async function keysOf(api: HttpApi, channel: string): Promise<string[]> {
  const { status, body } = await api.request(`/api/v1/telemetry/${channel}/snapshot`);
  assert.equal(status, 200);
  return body["data"].events.map(({ data }: { data: { id: string } }) => data.id);
}

Deno.test("the demo starts without traders or positions of the run before, and keeps those of others", async () => {
  using directory = new TempDir();
  const env = { TELEMETRY_STORE: "sqlite", TELEMETRY_DATA_DIR: directory.path };
  {
    await using before = await GatewayProcess.start({ env });
    const api = new HttpApi(before);
    await api.publish([
      traderStatus("trader-150", { exchange: "simulator" }),
      position("position-old-1", { traderId: "trader-150" }),
      traderStatus("42"),
      position("p1"),
    ]);
    before.signal("SIGKILL");
    await before.status;
  }
  await using demo = await GatewayProcess.start({ env: { ...env, TELEMETRY_DEMO: "true" } });
  const api = new HttpApi(demo);
  const positions = await keysOf(api, "positions");
  assert.deepEqual(positions.filter((id) => !/^position-(?!old)/.test(id)), ["p1"]);
  const traders = await waitUntil(
    "the new floor has opened",
    () => keysOf(api, "trader-status"),
    (keys) => keys.length >= 6,
  );
  const fresh = Array.from({ length: 5 }, (_, index) => `trader-${index + 1}`);
  assert.deepEqual(traders.sort(), ["42", ...fresh]);
  assert.equal((await demo.stop()).code, 0);
});
