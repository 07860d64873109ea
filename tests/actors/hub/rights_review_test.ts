import assert from "node:assert/strict";
import type { Channel } from "../../../protocol/channels.ts";
import type { Principal, Scope } from "../../../actors/ports.ts";
import type { ConnectOptions, FakeClient, FakeGateway } from "../../support/fake_gateway.ts";
import { fakePeer, keyHolder, withGateway } from "../../support/fake_gateway.ts";
import { position, riskAlert } from "../../support/events.ts";

/** A principal whose secret is known by an id. */
function holder(name: string, rights: Partial<Principal> = {}): Principal {
  return { ...keyHolder(name), secretId: `id-${name}`, ...rights };
}

// deno-lint-ignore no-explicit-any -- messages of three dialects, of which each test reads a few keys
type AnyMessage = Record<string, any>;

/** What a client was sent, in any dialect. */
function sentTo({ socket }: FakeClient): AnyMessage[] {
  return socket.frames.map((frame) => JSON.parse(frame));
}

/** How the gateway closed it; `undefined` while it is open. */
function closing({ socket }: FakeClient): { code: number; reason: string } | undefined {
  return socket.closings[0];
}

/** Applies the rights of keys by name; a key that is not named is revoked. */
async function review(fake: FakeGateway, ...principals: readonly Principal[]): Promise<void> {
  fake.hub.reviewRights((name, secretId) =>
    principals.find((one) => one.name === name && one.secretId === secretId)
  );
  await fake.clock.advanceAsync(1_000);
}

const V2 = { protocol: "telemetry.v2" } as const satisfies ConnectOptions;
const ALL: readonly Channel[] = ["positions", "risk-alerts", "market-data"];

Deno.test("a revoked key ends its connections of every dialect with 4401, and no other", async () => {
  await withGateway({}, async (fake) => {
    const desk = holder("desk");
    const robot = holder("robot");
    const protocols = ["telemetry.v1", "telemetry.v2", "telemetry.collector"] as const;
    const revoked = protocols.map((protocol) => fake.connect({ principal: desk, protocol }));
    const others = [
      fake.connect({ principal: robot }),
      fake.connect(),
      fake.connect({ principal: { ...keyHolder("anonymous"), authenticated: false } }),
    ];
    await review(fake, robot);
    assert.deepEqual(revoked.map((client) => closing(client)?.code), [4401, 4401, 4401]);
    assert.deepEqual(others.map((client) => closing(client)), [undefined, undefined, undefined]);
    assert.equal(fake.hub.stats().endings.unauthorized, 3);
  });
});

Deno.test("of a rotated key only connections of the revoked secret end", async () => {
  await withGateway({}, async (fake) => {
    const old = fake.connect({ principal: holder("desk") });
    const renewed = holder("desk", { secretId: "second" });
    const moved = fake.connect({ principal: renewed });
    await review(fake, renewed);
    assert.equal(closing(old)?.code, 4401);
    assert.equal(closing(moved), undefined);
  });
});

Deno.test("a handshake that is held is refused when its key is revoked meanwhile", async () => {
  await withGateway({}, async (fake) => {
    const admitted = fake.hub.admit(fakePeer({ principal: holder("desk") }));
    assert.ok(admitted.ok);
    await review(fake);
    assert.equal(admitted.connection.is("live"), false);
    assert.equal(fake.hub.stats().endings.unauthorized, 1);
  });
});

Deno.test("v2: a lost channel ends with scope_changed after which nothing of it comes", async () => {
  await withGateway({}, async (fake) => {
    const client = fake.connect({ ...V2, principal: holder("desk"), channels: ALL });
    await review(fake, holder("desk", { channels: new Set(["market-data", "risk-alerts"]) }));
    const [error, ...more] = sentTo(client).filter((message) => message["type"] === "error");
    assert.deepEqual(error, {
      type: "error",
      code: "scope_changed",
      channel: "positions",
      message: "this key may not use positions any more",
    });
    assert.deepEqual([more, closing(client)], [[], undefined]);
    const before = sentTo(client).length;
    await fake.publish(position("p1"), riskAlert("a1"));
    await fake.clock.advanceAsync(1_000);
    const channels = sentTo(client).slice(before).map((message) => message["channel"]);
    assert.deepEqual(channels.filter((one) => one !== undefined), ["risk-alerts"]);
    client.say({ id: "1", action: "subscribe", channels: ["positions"] });
    assert.equal(sentTo(client).at(-1)?.["code"], "forbidden");
  });
});

Deno.test("v1: a lost channel ends the connection with 1001; one without it stays", async () => {
  await withGateway({}, async (fake) => {
    const lost = fake.connect({
      principal: holder("desk"),
      channels: ["positions", "market-data"],
    });
    const kept = fake.connect({ principal: holder("desk"), channels: ["market-data"] });
    await review(fake, holder("desk", { channels: new Set(["market-data"]) }));
    assert.deepEqual(closing(lost), { code: 1001, reason: "rights of the key changed" });
    assert.equal(closing(kept), undefined);
    kept.say({ action: "subscribe", channels: ["positions"] });
    assert.equal(sentTo(kept).at(-1)?.["meta"]?.reason, "forbidden");
  });
});

const NARROWED: readonly (readonly [string, Partial<Principal>, Partial<Principal>, Channel[]])[] =
  [
    ["traders are set", {}, { traders: new Set(["42"]) }, ["positions", "risk-alerts"]],
    [
      "a trader is taken away",
      { traders: new Set(["42", "43"]) },
      { traders: new Set(["42"]) },
      ["positions", "risk-alerts"],
    ],
    [
      "the portfolio is taken away",
      { traders: new Set(["42"]), portfolio: true },
      { traders: new Set(["42"]) },
      ["positions", "risk-alerts"],
    ],
    ["a trader is added", { traders: new Set(["42"]) }, { traders: new Set(["42", "43"]) }, []],
    ["the limit to traders is gone", { traders: new Set(["42"]) }, {}, []],
    ["a channel is added", { channels: new Set(ALL) }, {}, []],
    ["another scope is gone", {}, { scopes: new Set<Scope>(["subscribe"]) }, []],
  ];

for (const [what, before, after, lost] of NARROWED) {
  Deno.test(`v2: when ${what}, ${lost.join(" and ") || "nothing"} ends`, async () => {
    await withGateway({}, async (fake) => {
      const principal = holder("desk", before);
      const client = fake.connect({ ...V2, principal, channels: ALL });
      await review(fake, holder("desk", after));
      const errors = sentTo(client).filter((message) => message["type"] === "error");
      assert.deepEqual(errors.map((message) => message["channel"]), lost);
      assert.ok(errors.every((message) => message["code"] === "scope_changed"));
      assert.equal(closing(client), undefined);
    });
  });
}

Deno.test("a key without the scope of the dialect any more ends its connections", async () => {
  await withGateway({}, async (fake) => {
    const none = holder("desk", { scopes: new Set<Scope>(["metrics"]) });
    const principal = holder("desk");
    const v1 = fake.connect({ principal, channels: ["positions"] });
    const v2 = fake.connect({ ...V2, principal, channels: ["positions"] });
    const core = fake.connect({ principal, protocol: "telemetry.collector" });
    await review(fake, none);
    const codes = [v1, v2, core].map((client) => closing(client)?.code);
    assert.deepEqual(codes, [1001, 4403, 4403]);
    assert.equal(sentTo(v2).at(-1)?.["code"], "scope_changed");
  });
});

Deno.test("what a widened key may have besides, it gets with its next request", async () => {
  await withGateway({}, async (fake) => {
    const narrow = holder("desk", {
      channels: new Set(["market-data"]),
      scopes: new Set<Scope>(["subscribe"]),
    });
    const client = fake.connect({ ...V2, principal: narrow });
    await review(fake, holder("desk"));
    client.say({ id: "1", action: "subscribe", channels: ["positions"] });
    assert.equal(sentTo(client).at(-1)?.["type"], "ack");
    client.say({ id: "2", action: "acknowledge", alerts: [{ id: "none" }] });
    await fake.clock.advanceAsync(0);
    assert.equal(sentTo(client).at(-1)?.["code"], "not_found", "no longer forbidden");
  });
});

Deno.test("a publisher that lost a channel is refused with its next batch", async () => {
  await withGateway({}, async (fake) => {
    const core = fake.connect({ principal: holder("core"), protocol: "telemetry.collector" });
    await review(fake, holder("core", { channels: new Set(["market-data"]) }));
    core.say({ action: "publish", id: "1", events: [position("p1")] });
    await fake.clock.advanceAsync(100);
    assert.equal(sentTo(core).at(-1)?.["code"], "forbidden");
  });
});

Deno.test("a changed rate limits connections that are open", async () => {
  await withGateway({}, async (fake) => {
    const client = fake.connect({ ...V2, principal: holder("desk"), channels: ["market-data"] });
    await review(fake, holder("desk", { rateLimitPerSecond: 7 }));
    assert.equal(client.connection.subscriber?.bucket.rate, 7);
    assert.equal(client.connection.describe().rateLimitPerSecond, 7);
    await review(fake, holder("desk"));
    assert.equal(client.connection.describe().rateLimitPerSecond, 120, "that of the configuration");
  });
});
