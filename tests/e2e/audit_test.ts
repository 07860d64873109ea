/**
 * Administrative acts are kept: over a kill, by commands that work on the store itself, and with the
 * memory store as long as the process.
 *
 * @module
 */
import assert from "node:assert/strict";
import { rotateStoreEpoch } from "../../routes/cli/rotate_epoch.ts";
import { runBackup } from "../support/backup_command.ts";
import { riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi, type Json } from "../support/http_api.ts";
import { BOOT, TempDir } from "../support/store_fixture.ts";
import { waitUntil } from "../support/wait.ts";

async function actsOf(api: HttpApi, path = "/api/v1/audit"): Promise<Json> {
  const { status, body } = await api.request(path);
  assert.equal(status, 200);
  return body["data"];
}

const names = ({ acts }: Json) => acts.map(({ act, principal }: Json) => `${act} ${principal}`);

Deno.test("acts outlive a kill, and what commands do to a stopped store is among them", async () => {
  using directory = new TempDir();
  const env = {
    TELEMETRY_STORE: "sqlite",
    TELEMETRY_DATA_DIR: directory.path,
    TELEMETRY_BOOT_ID: BOOT,
  };
  {
    await using gateway = await GatewayProcess.start({ env });
    const api = new HttpApi(gateway);
    await api.publish(riskAlert("a"));
    await api.request("/api/v1/telemetry/risk-alerts/a/acknowledge", { method: "POST" });
    const found = await actsOf(api);
    assert.deepEqual([found["kept"], names(found)], ["store", ["acknowledge default"]]);
    const [{ address, object, secretId }] = found["acts"];
    assert.deepEqual([address, object], ["127.0.0.1", "a"]);
    const line = await gateway.log("the act", ({ message }) => message === "audit");
    assert.equal((line["properties"] as Json)["secretId"], secretId);
    await api.request("/api/v1/store/backup", { method: "POST" });
    await gateway.stop("SIGKILL");
  }
  await rotateStoreEpoch(directory.path);
  {
    const file = `${directory.path}/copy.db`;
    // Nothing answers at this port, so that the store itself is copied.
    const { code, err } = await runBackup([file], { ...env, TELEMETRY_PORT: "1" });
    assert.equal(code, 0, err);
  }
  await using gateway = await GatewayProcess.start({ env });
  const found = await actsOf(new HttpApi(gateway));
  assert.deepEqual(names(found), [
    "backup command-line",
    "epoch_rotate command-line",
    "backup default",
    "acknowledge default",
  ]);
});

Deno.test("with the memory store acts end with the process, which says so", async () => {
  await using gateway = await GatewayProcess.start();
  const api = new HttpApi(gateway);
  await gateway.log("it says so", ({ message }) => /^the audit ends/.test(String(message)));
  assert.equal((await actsOf(api))["kept"], "process");
});

Deno.test("a drain is kept before the process ends", async () => {
  using directory = new TempDir();
  const env = {
    TELEMETRY_STORE: "sqlite",
    TELEMETRY_DATA_DIR: directory.path,
    TELEMETRY_BOOT_ID: BOOT,
  };
  {
    await using gateway = await GatewayProcess.start({ env });
    await new HttpApi(gateway).request("/api/v1/websocket/drain", { method: "POST" });
    const status = await gateway.status;
    assert.equal(status.code, 0);
  }
  await using gateway = await GatewayProcess.start({ env });
  const api = new HttpApi(gateway);
  await waitUntil("it answers", () => actsOf(api), (found) => found["kept"] === "store");
  assert.deepEqual(names(await actsOf(api)), ["drain default"]);
});
