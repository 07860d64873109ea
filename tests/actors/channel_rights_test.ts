import assert from "node:assert/strict";
import type { Channel } from "../../protocol/channels.ts";
import type { KeyAuthenticator } from "../../routes/auth/authenticator.ts";
import { assertError } from "../support/envelopes.ts";
import { marketData, position, riskAlert } from "../support/events.ts";
import { type FakeGateway, keyHolder, withGateway } from "../support/fake_gateway.ts";

const MARKET: ReadonlySet<Channel> = new Set<Channel>(["market-data"]);
const principal = { ...keyHolder("market"), channels: MARKET };

/** A gateway whose clients may all use market-data alone. */
function withMarketKey(body: (fake: FakeGateway) => Promise<void>): Promise<void> {
  const authenticate: KeyAuthenticator["authenticate"] = () => ({ ok: true, principal });
  return withGateway({ deps: { authenticator: { authenticate } } }, body);
}

const JSON_BODY = { "Content-Type": "application/json" };

Deno.test("a key of one channel is 403 on every REST route of another, and nothing is stored", async () => {
  await withMarketKey(async (fake) => {
    await fake.publish(riskAlert("r1"), position("p1"), marketData("A", "1"));
    const before = fake.hub.stats().channels;
    const post = (body: unknown) =>
      ["POST", "/api/v1/telemetry/events", JSON.stringify(body)] as const;
    const foreign: readonly (readonly [method: string, path: string, body?: string])[] = [
      ["GET", "/api/v1/telemetry/positions/snapshot"],
      ["GET", "/api/v1/telemetry/POSITION/events"],
      ["DELETE", "/api/v1/telemetry/positions/snapshot/p1"],
      ["POST", "/api/v1/telemetry/risk-alerts/r1/acknowledge"],
      post(position("p2")),
      post([marketData("A", "2"), position("p2")]),
    ];
    for (const [method, path, body = null] of foreign) {
      const headers = body === null ? {} : JSON_BODY;
      const answer = await fake.request(path, { method, body, headers });
      assertError({ status: answer.status, body: await answer.json() }, 403, "FORBIDDEN");
    }
    assert.deepEqual(fake.hub.stats().channels, before);
    for (const path of ["snapshot", "events"]) {
      const answer = await fake.request(`/api/v1/telemetry/market-data/${path}`);
      assert.equal(answer.status, 200);
      await answer.body?.cancel();
    }
  });
});

Deno.test("v1 subscribes the channels that the key may use, and names the others as forbidden", async () => {
  await withGateway({}, async (fake) => {
    const { socket, connection, say } = fake.connect({
      principal,
      channels: ["market-data", "positions"],
    });
    assert.deepEqual(connection.describe().subscribedChannels, ["market-data"]);
    assert.deepEqual(socket.errors, ["forbidden"]);
    say({ action: "subscribe", channels: ["positions"], replay: true });
    assert.deepEqual(socket.errors, ["forbidden", "forbidden"]);
    await fake.publish(position("p1"), marketData("A", "1"));
    assert.deepEqual(socket.events.map(({ channel }) => channel), ["market-data"]);
  });
});

Deno.test("v2 answers forbidden to a subscription and an acknowledgement of other channels", async () => {
  await withGateway({}, async (fake) => {
    await fake.publish(riskAlert("r1"));
    const { socket, connection, say } = fake.connect({ principal, protocol: "telemetry.v2" });
    say({ id: "1", action: "subscribe", channels: ["market-data", "positions"] });
    say({ id: "2", action: "acknowledge", alerts: [{ id: "r1", seq: 1 }] });
    await fake.clock.advanceAsync(0);
    const errors = socket.frames.map((frame) => JSON.parse(frame)).slice(1);
    assert.deepEqual(errors.map(({ id, code }) => [id, code]), [["1", "forbidden"], [
      "2",
      "forbidden",
    ]]);
    assert.deepEqual(connection.describe().subscribedChannels, []);
    assert.equal(fake.hub.stats().channels["risk-alerts"].head, 1);
  });
});

Deno.test("a publisher's socket answers forbidden to events and heartbeats of other channels", async () => {
  await withGateway({}, async (fake) => {
    const { socket, say } = fake.connect({ principal, protocol: "telemetry.collector" });
    say({ id: "1", action: "publish", events: [marketData("A", "1"), position("p1")] });
    say({ id: "2", action: "heartbeat", channels: ["positions"] });
    say({ id: "3", action: "publish", events: [marketData("A", "1")] });
    await fake.clock.advanceAsync(10);
    const answers = socket.frames.map((frame) => JSON.parse(frame)).slice(1);
    const byId = answers.map(({ id, type, code }) => [id, code ?? type]).toSorted();
    assert.deepEqual(byId, [["1", "forbidden"], ["2", "forbidden"], ["3", "ack"]]);
    assert.equal(fake.hub.stats().channels["positions"].head, 0);
    assert.equal(fake.hub.stats().channels["market-data"].head, 1);
  });
});
