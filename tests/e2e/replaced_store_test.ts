/**
 * An operator removes or exchanges the store under a running gateway: it says so at once, takes
 * nothing more, and no number is given out twice.
 *
 * @module
 */
import assert from "node:assert/strict";
import { STORE_FILE } from "../../actors/store/sqlite/database.ts";
import { SqliteStore } from "../../actors/store/sqlite/sqlite_store.ts";
import { riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { BOOT, sqliteOptions, TempDir } from "../support/store_fixture.ts";
import { waitUntil } from "../support/wait.ts";

function envOf(directory: string): Record<string, string> {
  return {
    TELEMETRY_STORE: "sqlite",
    TELEMETRY_DATA_DIR: directory,
    TELEMETRY_BOOT_ID: BOOT,
  };
}

const OPERATIONS: Readonly<Record<string, (data: string, root: string) => void>> = {
  "rm data/telemetry.db*": (data) => {
    for (const { name } of [...Deno.readDirSync(data)]) Deno.removeSync(`${data}/${name}`);
  },
  "mv old.db data/telemetry.db": (data, root) =>
    Deno.renameSync(`${root}/old.db`, `${data}/${STORE_FILE}`),
  "rm -r data": (data) => Deno.removeSync(data, { recursive: true }),
};

/** A store of five alerts, and a copy of it when it had three. */
async function makeStore(root: string): Promise<void> {
  for (const [first, last] of [[1, 3], [4, 5]] as const) {
    await using gateway = await GatewayProcess.start({ env: envOf(`${root}/data`) });
    const api = new HttpApi(gateway);
    for (let number = first; number <= last; number++) await api.publish(riskAlert(`${number}`));
    await gateway.stop();
    if (first === 1) Deno.copyFileSync(`${root}/data/${STORE_FILE}`, `${root}/old.db`);
  }
}

for (const [name, operate] of Object.entries(OPERATIONS)) {
  Deno.test(`${name} under a running gateway: 503 within a second, store_failing, the remedy in the log, another epoch after the restart`, async () => {
    using root = new TempDir();
    const data = `${root.path}/data`;
    await makeStore(root.path);
    const given = new Set<string>();
    const note = ({ epoch, seq }: { epoch: string; seq: number }) => {
      assert.ok(!given.has(`${epoch} ${seq}`), `${epoch} ${seq} was given out twice`);
      given.add(`${epoch} ${seq}`);
    };
    {
      await using gateway = await GatewayProcess.start({ env: envOf(data) });
      const api = new HttpApi(gateway);
      note((await api.publish(riskAlert("6"))).last["risk-alerts"]);
      operate(data, root.path);
      const refused = await waitUntil(
        "publishing is refused",
        async () => {
          const answer = await api.post(riskAlert("7"));
          if (answer.status === 202) note(answer.body["data"].last["risk-alerts"]);
          return answer;
        },
        ({ status }) => status === 503,
        { withinMs: 1_000 },
      );
      assert.equal(refused.body["error"].code, "STORE_UNAVAILABLE");
      assert.equal((await api.metrics()).value("autotrader_telemetry_store_failing"), 1);
      const health = await api.request("/api/health", { apiKey: null });
      assert.equal(health.body["data"].status, "degraded");
      const remedy = /removed or exchanged .*deno task backup FILE.* restart the gateway/;
      await gateway.log("the remedy", (line) => remedy.test(JSON.stringify(line)));
      await gateway.stop();
    }
    for (let start = 1; start <= 2; start++) {
      await using gateway = await GatewayProcess.start({ env: envOf(data) });
      const api = new HttpApi(gateway);
      for (let more = 0; more < 4; more++) {
        note((await api.publish(riskAlert(`${start}-${more}`))).last["risk-alerts"]);
      }
      await gateway.stop();
    }
    const store = await SqliteStore.open(sqliteOptions(data));
    assert.equal(store.report.rotated, undefined);
    await store.close();
  });
}
