/**
 * Acknowledging alerts, seen by a deployed client, over the life of an incident and of the process.
 *
 * @module
 */
import assert from "node:assert/strict";
import { riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { type Answer, HttpApi, type Json } from "../support/http_api.ts";
import { BOOT, TempDir } from "../support/store_fixture.ts";
import { V1Client } from "../support/v1_client.ts";
import { pause } from "../support/wait.ts";

function acknowledge(api: HttpApi, id: string, body?: Json): Promise<Answer> {
  return api.request(`/api/v1/telemetry/risk-alerts/${id}/acknowledge`, {
    method: "POST",
    ...(body && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  });
}

/** The alert with a number, as a client receives it. */
async function received(client: V1Client, seq: number): Promise<Json> {
  const { data } = await client.waitFor(
    `event ${seq}`,
    ({ type, meta }) => type === "event" && meta!["seq"] === String(seq),
  );
  return data as Json;
}

Deno.test("an acknowledgement reaches every client, lasts as long as the incident, and no longer", async () => {
  await using gateway = await GatewayProcess.start({
    env: { TELEMETRY_INCIDENT_GAP_SECONDS: "1" },
  });
  const { wsUrl, apiKey } = gateway;
  const api = new HttpApi(gateway);
  await using client = await V1Client.connect(wsUrl, { apiKey, channels: ["risk-alerts"] });
  await api.publish(riskAlert("a"));
  assert.equal((await received(client, 1))["status"], "ACTIVE");
  const answer = await acknowledge(api, "a", { seq: 1 });
  assert.equal(answer.status, 200, answer.text);
  const { id, status, acknowledgedBy, acknowledgedAt } = answer.body["data"];
  assert.deepEqual([id, status], ["a", "ACKNOWLEDGED"]);
  await api.publish(riskAlert("a", { message: "still" }));
  for (const seq of [2, 3]) {
    const data = await received(client, seq);
    assert.deepEqual(
      [data["status"], data["acknowledgedBy"], data["acknowledgedAt"]],
      ["ACKNOWLEDGED", acknowledgedBy, acknowledgedAt],
    );
  }
  await pause(1_200);
  await api.publish(riskAlert("a"));
  const again = await received(client, 4);
  assert.deepEqual([again["status"], again["acknowledgedBy"]], ["ACTIVE", undefined]);
  const stale = await acknowledge(api, "a", { seq: 3 });
  assert.deepEqual([stale.status, stale.body["error"].code], [404, "ALERT_NOT_FOUND"]);
});

Deno.test("an acknowledgement outlasts the process, also when the ring has moved on", async () => {
  using directory = new TempDir();
  const options = {
    apiKey: "acknowledge-test-key",
    env: {
      TELEMETRY_STORE: "sqlite",
      TELEMETRY_DATA_DIR: directory.path,
      TELEMETRY_BOOT_ID: BOOT,
      TELEMETRY_RING_CAPACITY: "16",
    },
  };
  let first: Json;
  {
    await using gateway = await GatewayProcess.start(options);
    const api = new HttpApi(gateway);
    await api.publish([riskAlert("a"), riskAlert("b")]);
    first = (await acknowledge(api, "a")).body["data"];
    await api.publish(Array.from({ length: 40 }, (_, n) => riskAlert(`other-${n}`)));
    gateway.signal("SIGKILL");
    await gateway.status;
  }
  await using gateway = await GatewayProcess.start(options);
  const { wsUrl, apiKey } = gateway;
  const api = new HttpApi(gateway);
  assert.deepEqual((await acknowledge(api, "a")).body["data"], first);
  await using client = await V1Client.connect(wsUrl, { apiKey, channels: ["risk-alerts"] });
  await api.publish([riskAlert("a"), riskAlert("b")]);
  const kept = await received(client, 44);
  assert.deepEqual(
    [kept["status"], kept["acknowledgedBy"], kept["acknowledgedAt"]],
    ["ACKNOWLEDGED", first["acknowledgedBy"], first["acknowledgedAt"]],
  );
  assert.equal((await received(client, 45))["status"], "ACTIVE");
});
