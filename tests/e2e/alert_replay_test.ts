import assert from "node:assert/strict";
import { riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";
import { seqOf, V1Client } from "../support/v1_client.ts";
import { V2Client } from "../support/v2_client.ts";

/** The ids and numbers of the alerts that a new client is shown: v1, v2, REST. */
async function snapshots(gateway: GatewayProcess): Promise<[string, number][][]> {
  const { wsUrl, apiKey } = gateway;
  const channels = ["risk-alerts"];
  await using v1 = await V1Client.connect(wsUrl, { apiKey, channels, replay: true });
  await v1.waitForEvents("risk-alerts", 2);
  await v1.heartbeat(); // Whatever else is replayed comes before the answer.
  await using v2 = await V2Client.connect(wsUrl, { apiKey });
  await v2.subscribe({ name: "risk-alerts", snapshot: true });
  const snapshot = await v2.waitFor("a snapshot", ({ type }) => type === "snapshot");
  const rest = await new HttpApi(gateway).request("/api/v1/telemetry/risk-alerts/snapshot");
  // deno-lint-ignore no-explicit-any -- asserted on, not typed
  const inShort = (events: any[]): [string, number][] =>
    events.map((one) => [one.data.id, one.seq]);
  return [
    v1.events("risk-alerts").map((event) => [
      (event.data as { id: string }).id,
      seqOf(event),
    ]),
    inShort((snapshot as unknown as { events: [] }).events),
    inShort(rest.body["data"].events),
  ];
}

Deno.test("one alert that lasts does not push another out of the snapshot, before and after a restart", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "alert_replay_" });
  const env = {
    TELEMETRY_STORE: "sqlite",
    TELEMETRY_DATA_DIR: dataDir,
    TELEMETRY_RING_CAPACITY: "16",
  };
  const expected = [["A", 1], ["B", 61]];
  try {
    {
      await using gateway = await GatewayProcess.start({ env });
      const api = new HttpApi(gateway);
      await api.publish(riskAlert("A", { severity: "CRITICAL" }));
      for (let index = 0; index < 60; index++) await api.publish(riskAlert("B"));
      assert.deepEqual(await snapshots(gateway), [expected, expected, expected]);
      const path = "/api/v1/telemetry/risk-alerts/snapshot/A";
      assert.equal((await api.request(path, { method: "DELETE" })).status, 422);
      await gateway.stop();
    }
    await using gateway = await GatewayProcess.start({ env });
    assert.deepEqual(await snapshots(gateway), [expected, expected, expected]);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
