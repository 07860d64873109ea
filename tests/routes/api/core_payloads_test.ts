/**
 * A core publishes the objects that it has, and deployed v1 clients decode what comes of them.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  CORE_PAYLOADS,
  CORE_PAYLOADS_FILE,
  type CorePayload,
  readCorePayloads,
} from "../../support/core_payloads.ts";
import { type FakeGateway, withGateway } from "../../support/fake_gateway.ts";
import { fileExists } from "../../support/paths.ts";
import type { V1Message } from "../../support/decode_v1.ts";

const CHANNELS = ["trader-status", "positions", "risk-alerts", "market-data"];

async function post(fake: FakeGateway, { channel, data }: CorePayload) {
  const answer = await fake.request("/api/v1/telemetry/events", {
    method: "POST",
    body: JSON.stringify({ channel, data }),
    headers: { "Content-Type": "application/json" },
  });
  return { status: answer.status, body: await answer.json() };
}

/** Publishes an event and returns what a v1 client decoded of it, live and replayed. */
async function publish(fake: FakeGateway, payload: CorePayload): Promise<readonly V1Message[]> {
  const live = fake.connect({ channels: CHANNELS });
  const { status, body } = await post(fake, payload);
  assert.equal(status, 202, `${payload.name}, ${payload.form}: ${JSON.stringify(body)}`);
  assert.equal(body.data.accepted, 1);
  assert.equal("ignored" in body.data, false, JSON.stringify(body.data));
  await fake.clock.advanceAsync(0);
  const late = fake.connect({ channels: [payload.channel], replay: true });
  await fake.clock.advanceAsync(0);
  return [...live.socket.events, ...late.socket.events];
}

/** What the class holds of a payload: without `null` and what goes no further. */
function meant(data: CorePayload["data"]): Record<string, unknown> {
  const { type: _type, channel: _channel, timestamp: _timestamp, ...fields } = data;
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** Every field that a payload has arrives as it was, in a message that deployed clients decode. */
function assertArrived({ name, form, channel, data }: CorePayload, messages: readonly V1Message[]) {
  const ended = data["status"] === "CLOSED";
  assert.equal(messages.length, ended ? 1 : 2, `${name}, ${form}: live, and replayed unless ended`);
  for (const { channel: sentOn, data: sent, meta } of messages) {
    assert.equal(sentOn, channel);
    const { metrics, updatedAt, ...rest } = meant(data);
    for (const [key, value] of Object.entries(rest)) {
      assert.deepEqual(sent![key], value, `${name}, ${form}: ${key}`);
    }
    for (const [key, value] of Object.entries(meant(metrics as CorePayload["data"] ?? {}))) {
      const sentMetrics = sent!["metrics"] as Record<string, unknown>;
      assert.deepEqual(sentMetrics[key], value, `${name}, ${form}: metrics.${key}`);
    }
    const time = channel === "positions" ? meta!["updatedAt"] : sent!["updatedAt"];
    if (updatedAt !== undefined) assert.equal(time, updatedAt, `${name}, ${form}: updatedAt`);
  }
}

Deno.test("what a core's own classes write is accepted in either form, and v1 clients decode it", async () => {
  for (const payload of CORE_PAYLOADS) {
    await withGateway({}, async (fake) => assertArrived(payload, await publish(fake, payload)));
  }
});

Deno.test("both forms of an event come to the same data", async () => {
  const sent = new Map<string, unknown>();
  for (const payload of CORE_PAYLOADS) {
    await withGateway({}, async (fake) => {
      const [{ data } = { data: undefined }] = await publish(fake, payload);
      const other = sent.get(payload.name);
      if (other !== undefined) assert.deepEqual(data, other, payload.name);
      sent.set(payload.name, data);
    });
  }
});

const present = fileExists(CORE_PAYLOADS_FILE);

Deno.test({
  name:
    "the 42 objects of the replaced service's serialisers are accepted, but for the year 10000" +
    (present ? "" : " (skipped: ../shared/data has no core-payloads.ndjson)"),
  ignore: !present,
  async fn() {
    const payloads = readCorePayloads();
    assert.equal(payloads.length, 42);
    const far = payloads.filter(({ name }) => name === "market instant far");
    assert.equal(far.length, 2, "one event in two forms");
    for (const payload of payloads) {
      await withGateway({}, async (fake) => {
        if (!far.includes(payload)) return assertArrived(payload, await publish(fake, payload));
        const { status, body } = await post(fake, payload);
        assert.equal(status, 422);
        assert.match(body.error.details["events[0].data.updatedAt"], /year must be within/);
      });
    }
  },
});
