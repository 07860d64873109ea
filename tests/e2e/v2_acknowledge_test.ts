/**
 * Acknowledging an alert covers its incident, for everyone and for ever.
 *
 * @module
 */
import assert from "node:assert/strict";
import { riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { BOOT, TempDir } from "../support/store_fixture.ts";
import { V2Client } from "../support/v2_client.ts";

Deno.test("an acknowledged alert", async (t) => {
  using directory = new TempDir();
  const env = {
    TELEMETRY_STORE: "sqlite",
    TELEMETRY_DATA_DIR: directory.path,
    TELEMETRY_BOOT_ID: BOOT,
  };
  const apiKey = "acknowledge-key";
  let acknowledgedAt = "";

  {
    await using gateway = await GatewayProcess.start({ env, apiKey });
    const api = new HttpApi(gateway);
    await using operator = await V2Client.to(gateway);
    await using watcher = await V2Client.to(gateway);
    await operator.subscribe("risk-alerts");
    await watcher.subscribe("risk-alerts");
    await api.publish([riskAlert("loss"), riskAlert("other")]);

    await t.step("is acked with who and when, and published to everyone", async () => {
      const ack = await operator.acknowledge({ id: "loss", seq: 1 });
      const [alert] = ack.alerts!;
      assert.equal(ack.alerts!.length, 1);
      assert.equal(alert!.id, "loss");
      assert.ok(alert!.acknowledgedBy.length > 0);
      assert.ok(Math.abs(Date.parse(alert!.acknowledgedAt) - Date.now()) < 10_000);
      acknowledgedAt = alert!.acknowledgedAt;
      for (const client of [operator, watcher]) {
        await client.waitUntilAt("risk-alerts", 3);
        const { data } = client.events("risk-alerts").at(-1)!;
        assert.equal(data.id, "loss");
        assert.equal(data["status"], "ACKNOWLEDGED");
        assert.equal(data["acknowledgedBy"], alert!.acknowledgedBy);
        assert.equal(data["acknowledgedAt"], acknowledgedAt);
        assert.equal(data["message"], "daily loss at 80 % of its limit", "the alert itself");
      }
    });

    await t.step("is acknowledged once: again changes nothing", async () => {
      const { "risk-alerts": head } = await api.heads();
      const again = await watcher.acknowledge({ id: "loss" });
      assert.equal(again.alerts![0]!.acknowledgedAt, acknowledgedAt);
      assert.equal((await api.heads())["risk-alerts"], head);
    });

    await t.step("stays acknowledged when the core emits it again", async () => {
      const { last } = await api.publish([riskAlert("loss"), riskAlert("other")]);
      await watcher.waitUntilAt("risk-alerts", last["risk-alerts"].seq);
      const [loss, other] = watcher.events("risk-alerts").slice(-2);
      assert.equal(loss!.data["status"], "ACKNOWLEDGED");
      assert.equal(loss!.data["acknowledgedAt"], acknowledgedAt);
      assert.equal(other!.data["status"], "ACTIVE");
    });

    await t.step("that nobody knows is not found, and nothing of the request is done", async () => {
      const { "risk-alerts": head } = await api.heads();
      const answer = await operator.request({
        id: "ack-1",
        action: "acknowledge",
        alerts: [{ id: "other" }, { id: "unheard-of" }],
      });
      assert.ok(answer.type === "error" && answer.code === "not_found", JSON.stringify(answer));
      assert.equal(answer.id, "ack-1");
      assert.match(answer.message, /unheard-of/);
      assert.equal((await api.heads())["risk-alerts"], head);
    });
    await gateway.stop("SIGKILL");
  }

  await t.step("stays acknowledged over a kill of the gateway", async () => {
    await using gateway = await GatewayProcess.start({ env, apiKey });
    const api = new HttpApi(gateway);
    await using client = await V2Client.to(gateway);
    await client.subscribe("risk-alerts");
    const { last } = await api.publish(riskAlert("loss"));
    await client.waitUntilAt("risk-alerts", last["risk-alerts"].seq);
    const { data } = client.events("risk-alerts")[0]!;
    assert.equal(data["status"], "ACKNOWLEDGED");
    assert.equal(data["acknowledgedAt"], acknowledgedAt);
  });
});
