import assert from "node:assert/strict";
import { PublishError } from "../../../actors/operations.ts";
import { apiKey, KeyRing } from "../../../routes/auth/api_keys.ts";
import { assertError } from "../../support/envelopes.ts";
import { riskAlert } from "../../support/events.ts";
import { type FakeGateway, withGateway } from "../../support/fake_gateway.ts";
import { TEST_EPOCH } from "../../support/test_clock.ts";

const NOW = new Date(TEST_EPOCH).toISOString();

async function acknowledge(
  fake: FakeGateway,
  id: string,
  body?: string,
  contentType = "application/json",
  channel = "risk-alerts",
) {
  const path = `/api/v1/telemetry/${channel}/${encodeURIComponent(id)}/acknowledge`;
  return await fake.request(path, {
    method: "POST",
    ...(body !== undefined && { body, headers: { "Content-Type": contentType } }),
  });
}

async function fails(answer: Response, status: number, code: string) {
  return assertError({ status: answer.status, body: await answer.json() }, status, code);
}

Deno.test("an alert is acknowledged in the name of the key, for everyone", async () => {
  await withGateway({}, async (fake) => {
    const { socket } = fake.connect({ channels: ["risk-alerts"] });
    await fake.publish(riskAlert("a/1 ü"));
    const answer = await acknowledge(fake, "a/1 ü");
    assert.equal(answer.status, 200);
    assert.deepEqual(await answer.json(), {
      success: true,
      data: {
        id: "a/1 ü",
        seq: 2,
        status: "ACKNOWLEDGED",
        acknowledgedBy: "ops",
        acknowledgedAt: NOW,
      },
      timestamp: NOW,
    });
    assert.deepEqual(
      // deno-lint-ignore no-explicit-any -- asserted on, not typed
      socket.events.map(({ data }) => data as any)
        .map((
          { status, acknowledgedBy, acknowledgedAt },
        ) => [status, acknowledgedBy, acknowledgedAt]),
      [["ACTIVE", undefined, undefined], ["ACKNOWLEDGED", "ops", NOW]],
    );
  });
});

Deno.test("a body may say which incident is meant", async () => {
  await withGateway({}, async (fake) => {
    await fake.publish(riskAlert("a"));
    fake.clock.advance(301_000);
    await fake.publish(riskAlert("a"));
    const details = await fails(await acknowledge(fake, "a", '{"seq":1}'), 404, "ALERT_NOT_FOUND");
    assert.deepEqual(details, { id: "a" });
    const json = "Application/JSON; charset=utf-8";
    const { data } = await (await acknowledge(fake, "a", '{"seq":2}', json)).json();
    assert.equal(data.seq, 3);
    for (const body of ["{}", "", undefined]) {
      assert.equal((await acknowledge(fake, "a", body)).status, 200, body);
    }
  });
});

Deno.test("what cannot be meant is refused with the reason", async () => {
  await withGateway({}, async (fake) => {
    await fake.publish(riskAlert("a"));
    for (const body of ["{", "[]", "1", '{"seq":0}', '{"seq":"1"}', '{"seq":1.5}', '{"by":"me"}']) {
      await fails(await acknowledge(fake, "a", body), 400, "INVALID_REQUEST");
    }
    await fails(await acknowledge(fake, "a", "{}", "text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE");
    const long = JSON.stringify({ seq: 1, x: "x".repeat(1_024) });
    await fails(await acknowledge(fake, "a", long), 413, "PAYLOAD_TOO_LARGE");
    await fails(await acknowledge(fake, "b"), 404, "ALERT_NOT_FOUND");
    const elsewhere = acknowledge(fake, "a", undefined, undefined, "positions");
    await fails(await elsewhere, 404, "NOT_FOUND");
    assert.equal(fake.hub.stats().channels["risk-alerts"].head, 1);
  });
});

Deno.test("a deployed spelling of the channel will do", async () => {
  await withGateway({}, async (fake) => {
    await fake.publish(riskAlert("a"));
    const answer = await acknowledge(fake, "a", undefined, undefined, "risk.alert");
    assert.equal(answer.status, 200);
  });
});

Deno.test("it needs the scope acknowledge", async () => {
  const keys = new KeyRing([
    apiKey("screen", "screen-secret", { scopes: new Set(["subscribe", "publish"]) }),
  ]);
  await withGateway({ keys }, async (fake) => {
    const path = "/api/v1/telemetry/risk-alerts/a/acknowledge";
    await fails(await fake.request(path, { method: "POST" }, "screen-secret"), 403, "FORBIDDEN");
    await fails(await fake.request(path, { method: "POST" }, null), 401, "API_KEY_MISSING");
  });
});

Deno.test("a store in trouble is 503 with Retry-After", async () => {
  const eventLog = {
    storage: () => ({ commits: 0, failures: 0, failing: false }),
    append: () => Promise.reject(new PublishError("STORE_UNAVAILABLE", "no")),
  };
  await withGateway({ deps: { eventLog } }, async (fake) => {
    const answer = await acknowledge(fake, "a");
    assert.match(answer.headers.get("Retry-After") ?? "", /^[1-9]\d*$/);
    await fails(answer, 503, "STORE_UNAVAILABLE");
  });
});

Deno.test("draining is begun by an administrator, and answered at once", async () => {
  const keys = new KeyRing([
    apiKey("ops", "ops-secret", { scopes: new Set(["admin"]) }),
    apiKey("x", "x", { scopes: new Set(["publish"]) }),
  ]);
  await withGateway({ keys }, async (fake) => {
    const path = "/api/v1/websocket/drain";
    await fails(await fake.request(path, { method: "POST" }, "x"), 403, "FORBIDDEN");
    await fails(await fake.request(path), 405, "METHOD_NOT_ALLOWED");
    assert.equal(fake.drains, 0);
    const answer = await fake.request(path, { method: "POST" });
    assert.deepEqual([answer.status, (await answer.json()).data], [202, { status: "draining" }]);
    assert.equal(fake.drains, 1);
  });
});
