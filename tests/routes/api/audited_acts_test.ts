import assert from "node:assert/strict";
import { apiKey, KeyRing } from "../../../routes/auth/api_keys.ts";
import { riskAlert } from "../../support/events.ts";
import {
  FAKE_ADDRESS,
  type FakeGateway,
  keyHolder,
  OPS_SECRET,
  withGateway,
} from "../../support/fake_gateway.ts";

const keys = new KeyRing([apiKey("ops", OPS_SECRET), apiKey("core", "core-secret")]);

/** The lines of the audit so far: who did what to which, from where. */
function acts({ log }: FakeGateway): unknown[] {
  return log.find({ message: "audit" }).map(({ properties }) => {
    const { act, principal, address, object, details } = properties;
    return [act, principal, address, object, ...(details === undefined ? [] : [details])];
  });
}

Deno.test("a disconnect and its ban are acts; what ended nobody is none", async () => {
  await withGateway({ keys }, async (fake) => {
    fake.connect({ clientId: "desk-7" });
    const path = "/api/v1/websocket/clients/desk-7?reason=calm&banSeconds=60";
    await fake.request(path, { method: "DELETE" });
    await fake.request(path, { method: "DELETE" });
    assert.deepEqual(acts(fake), [
      ["disconnect", "ops", FAKE_ADDRESS, "desk-7", { reason: "calm", connections: "1" }],
      ["ban", "ops", FAKE_ADDRESS, "desk-7", { reason: "calm", seconds: "60" }],
    ]);
  });
});

Deno.test("a drain is an act, and a refused one is none", async () => {
  const readers = new KeyRing([
    apiKey("ops", OPS_SECRET),
    apiKey("desk", "desk-secret", { scopes: new Set(["subscribe"]) }),
  ]);
  await withGateway({ keys: readers }, async (fake) => {
    await fake.request("/api/v1/websocket/drain", { method: "POST" }, "desk-secret");
    await fake.request("/api/v1/websocket/drain", { method: "POST" });
    assert.deepEqual(acts(fake), [["drain", "ops", FAKE_ADDRESS, "gateway"]]);
  });
});

Deno.test("what REST acknowledges is an act, and doing it again is none", async () => {
  await withGateway({ keys }, async (fake) => {
    await fake.publish(riskAlert("a"));
    const path = "/api/v1/telemetry/risk-alerts/a/acknowledge";
    await fake.request(path, { method: "POST" });
    await fake.request(path, { method: "POST" }, "core-secret");
    assert.deepEqual(acts(fake), [["acknowledge", "ops", FAKE_ADDRESS, "a"]]);
  });
});

Deno.test("what a socket acknowledges is an act for each alert", async () => {
  await withGateway({ keys }, async (fake) => {
    await fake.publish(riskAlert("a"), riskAlert("b"));
    const { say } = fake.connect({
      principal: { ...keyHolder("desk"), secretId: "0a1b2c3d" },
      address: "10.1.1.1",
      protocol: "telemetry.v2",
    });
    say({ id: "1", action: "acknowledge", alerts: [{ id: "a" }, { id: "b" }] });
    await fake.clock.advanceAsync(0);
    say({ id: "2", action: "acknowledge", alerts: [{ id: "a" }, { id: "unknown" }] });
    await fake.clock.advanceAsync(0);
    assert.deepEqual(acts(fake), [
      ["acknowledge", "desk", "10.1.1.1", "a"],
      ["acknowledge", "desk", "10.1.1.1", "b"],
    ]);
    assert.equal(fake.log.find({ message: "audit" })[0]!.properties["secretId"], "0a1b2c3d");
  });
});
