/**
 * What a key that is limited to traders can read, acknowledge and publish over every way in.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Principal } from "../../actors/ports.ts";
import type { KeyAuthenticator } from "../../routes/auth/authenticator.ts";
import { assertError } from "../support/envelopes.ts";
import { marketData, position, riskAlert, traderStatus } from "../support/events.ts";
import { type FakeGateway, keyHolder, withGateway } from "../support/fake_gateway.ts";

const holder = (traders: readonly string[], portfolio = false): Principal => ({
  ...keyHolder("holder"),
  traders: new Set(traders),
  portfolio,
});

/** A gateway whose requests are all of one principal, which tests may exchange. */
function withHolder(
  body: (fake: FakeGateway, become: (principal: Principal) => void) => Promise<void>,
): Promise<void> {
  let principal = holder(["42"]);
  const authenticate: KeyAuthenticator["authenticate"] = () => ({ ok: true, principal });
  return withGateway(
    { deps: { authenticator: { authenticate } } },
    (fake) => body(fake, (other) => void (principal = other)),
  );
}

const EVENTS = "/api/v1/telemetry/events";

async function post(fake: FakeGateway, body: unknown) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fake.request(EVENTS, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

async function read(fake: FakeGateway, path: string, headers: Record<string, string> = {}) {
  const answer = await fake.request(`/api/v1/telemetry/${path}`, { headers });
  const text = await answer.text();
  return { answer, text, data: text === "" ? undefined : JSON.parse(text).data };
}

/** Three events of a trader and three of another, on each channel. */
async function publishBoth(fake: FakeGateway): Promise<void> {
  for (const n of [1, 2, 3]) {
    for (const trader of ["42", "secret"]) {
      await fake.publish(
        traderStatus(trader, { reason: `${trader} ${n}` }),
        position(`${trader}-${n}`, { traderId: trader }),
        riskAlert(`${trader}-${n}`, { traderId: trader, message: `${trader} ${n}` }),
      );
    }
  }
}

Deno.test("nothing of another trader's stands in a snapshot or a page, and pages are full", async () => {
  await withHolder(async (fake) => {
    await publishBoth(fake);
    for (const channel of ["positions", "risk-alerts", "trader-status"]) {
      let path: string | undefined = `${channel}/events?afterSeq=0&limit=2`;
      const pages: number[] = [];
      while (path !== undefined) {
        const { text, data } = await read(fake, path);
        assert.doesNotMatch(text, /secret/);
        pages.push(data.events.length);
        path = data.next?.replace("/api/v1/telemetry/", "");
      }
      assert.deepEqual(pages, [2, 1], channel);
      const { text, data } = await read(fake, `${channel}/snapshot`);
      assert.doesNotMatch(text, /secret/);
      assert.equal(data.events.length, channel === "trader-status" ? 1 : 3, channel);
    }
  });
});

Deno.test("an ETag is of one limit: another key's copy is never taken for one's own", async () => {
  await withHolder(async (fake, become) => {
    await publishBoth(fake);
    for (const path of ["positions/snapshot", "positions/events?afterSeq=0"]) {
      const tags = new Set<string>();
      for (const one of [holder(["42"]), holder(["secret"]), holder(["42"], true), keyHolder()]) {
        become(one);
        const tag = (await read(fake, path)).answer.headers.get("etag")!;
        assert.equal((await read(fake, path, { "If-None-Match": tag })).answer.status, 304);
        tags.add(tag);
      }
      assert.equal(tags.size, 4, path);
    }
  });
});

Deno.test("alerts without a trader and system warnings are seen with portfolio alone", async () => {
  await withHolder(async (fake, become) => {
    await fake.publish(riskAlert("r1", { traderId: null }), riskAlert("r2"));
    fake.gateway.health.declare(["positions"]);
    await fake.clock.advanceAsync(120_000);
    const count = async (channel: string) =>
      (await read(fake, `${channel}/snapshot`)).data.events.length;
    assert.deepEqual([await count("risk-alerts"), await count("system-warnings")], [1, 0]);
    become(holder([], true));
    assert.equal(await count("risk-alerts"), 1);
    assert.ok(await count("system-warnings") > 0);
    become(holder(["42"], true));
    assert.equal(await count("risk-alerts"), 2);
  });
});

Deno.test("a warning without a number reaches no key that is limited to traders without portfolio", async () => {
  await withGateway({}, async (fake) => {
    const channels = ["system-warnings"];
    const clients = [keyHolder(), holder(["42"], true), holder(["42"])].map((principal) =>
      fake.connect({ principal, channels })
    );
    const before = clients.map(({ socket }) => socket.frames.length);
    fake.gateway.health.shuttingDown();
    await fake.clock.advanceAsync(1_000);
    const got = clients.map(({ socket }, index) => socket.frames.length > before[index]!);
    assert.deepEqual(got, [true, true, false]);
  });
});

Deno.test("prices are seen and published whatever the traders", async () => {
  await withHolder(async (fake) => {
    assert.equal((await post(fake, marketData("A", "1"))).status, 202);
    assert.equal((await read(fake, "market-data/snapshot")).data.events.length, 1);
  });
});

Deno.test("acknowledging another's alert is not_found, as for one that does not exist", async () => {
  await withHolder(async (fake) => {
    await fake.publish(
      riskAlert("r1", { traderId: "secret" }),
      riskAlert("r2", { traderId: null }),
    );
    const acknowledge = async (id: string) => {
      const path = `/api/v1/telemetry/risk-alerts/${id}/acknowledge`;
      const answer = await fake.request(path, { method: "POST" });
      return { status: answer.status, body: await answer.json() };
    };
    for (const id of ["r1", "r2", "none"]) {
      const answer = await acknowledge(id);
      assertError(answer, 404, "ALERT_NOT_FOUND");
      assert.equal(answer.body.error.message, `no alert "${id}" is known`);
    }
    const client = fake.connect({ principal: holder(["42"]), protocol: "telemetry.v2" });
    client.say({ id: "1", action: "acknowledge", alerts: [{ id: "r1", seq: 1 }] });
    await fake.clock.advanceAsync(0);
    const last = JSON.parse(client.socket.frames.at(-1)!);
    assert.deepEqual([last.type, last.code], ["error", "not_found"]);
    await fake.publish(riskAlert("r3", { traderId: "42" }));
    assert.equal((await acknowledge("r3")).status, 200);
  });
});

Deno.test("publishing for another trader, or over its position, is 403, and nothing is stored", async () => {
  await withHolder(async (fake) => {
    await fake.publish(position("theirs", { traderId: "secret" }));
    const before = fake.hub.stats().channels;
    const removal = (id: string) => ({ channel: "positions", id, removed: true });
    const foreign: readonly unknown[] = [
      position("p1", { traderId: "secret" }),
      traderStatus("secret"),
      riskAlert("r1", { traderId: "secret" }),
      riskAlert("r1", { traderId: null }),
      position("theirs", { traderId: "42" }),
      removal("theirs"),
      removal("unknown"),
      { channel: "trader-status", id: "secret", removed: true },
      [position("p1", { traderId: "42" }), traderStatus("secret")],
    ];
    for (const body of foreign) {
      const answer = await post(fake, body);
      assertError(answer, 403, "FORBIDDEN");
      assert.doesNotMatch(JSON.stringify(answer.body), /secret|theirs/);
    }
    const path = "/api/v1/telemetry/positions/snapshot/theirs";
    assert.equal((await fake.request(path, { method: "DELETE" })).status, 403);
    assert.deepEqual(fake.hub.stats().channels, before);
  });
});

Deno.test("a publisher opens, closes and removes the rows of its own traders, in one batch too", async () => {
  await withHolder(async (fake) => {
    const removal = { channel: "positions", id: "p1", removed: true };
    const batch = [position("p1", { traderId: "42" }), traderStatus("42"), removal];
    assert.equal((await post(fake, batch)).status, 202);
    assert.equal((await post(fake, removal)).status, 202, "its tombstone is known");
    assert.equal(
      (await post(fake, { channel: "trader-status", id: "42", removed: true })).status,
      202,
    );
  });
});

Deno.test("a retry that was stored before is a duplicate, whoever has the position now", async () => {
  await withHolder(async (fake, become) => {
    const first = { ...position("p1", { traderId: "42" }), eventId: "e1" };
    await post(fake, first);
    await fake.publish(position("p1", { traderId: "secret" }));
    const retry = await post(fake, first);
    assert.deepEqual([retry.status, retry.body.data.duplicates], [202, 1]);
    become(holder(["42", "secret"]));
    assert.equal((await post(fake, position("p1", { traderId: "42" }))).status, 202);
  });
});

Deno.test("a collector's socket refuses what is of another trader", async () => {
  await withGateway({}, async (fake) => {
    const principal = holder(["42"]);
    const client = fake.connect({ principal, protocol: "telemetry.collector" });
    client.say({ id: "1", action: "publish", events: [position("p1", { traderId: "secret" })] });
    client.say({ id: "2", action: "publish", events: [position("p1", { traderId: "42" })] });
    await fake.clock.advanceAsync(0);
    await fake.clock.advanceAsync(0);
    const answers = client.socket.frames.map((frame) => JSON.parse(frame)).filter(({ id }) => id);
    assert.deepEqual(answers.map(({ type, id, code }) => [type, id, code]), [
      ["error", "1", "forbidden"],
      ["ack", "2", undefined],
    ]);
  });
});

Deno.test("v2: a position that moves to another trader ends with a removal, and comes back as an event", async () => {
  await withGateway({}, async (fake) => {
    const client = fake.connect({ principal: holder(["42"]), protocol: "telemetry.v2" });
    client.say({ id: "1", action: "subscribe", channels: ["positions"] });
    for (const traderId of ["42", "secret", "secret", "42"]) {
      await fake.publish(position("p1", { traderId, reason: "of " + traderId }));
      await fake.clock.advanceAsync(100);
    }
    await fake.clock.advanceAsync(30_000);
    const frames = client.socket.frames.map((frame) => JSON.parse(frame))
      .filter(({ type }) => type === "events");
    assert.doesNotMatch(JSON.stringify(frames), /secret/);
    const events = frames.flatMap(({ events }) => events);
    assert.deepEqual(
      events.map(({ seq, data }) => [seq, data.removed === true, data.traderId]),
      [[1, false, "42"], [2, true, undefined], [4, false, "42"]],
    );
    const sums = frames.map(({ skipped, filtered }) => [skipped, filtered]);
    assert.deepEqual(sums.reduce(([a, b], [c, d]) => [a! + c!, b! + d!]), [0, 1]);
  });
});

Deno.test("a client's own filter is applied to what its key may see", async () => {
  await withGateway({}, async (fake) => {
    await publishBoth(fake);
    const client = fake.connect({ principal: holder(["42"]), protocol: "telemetry.v2" });
    const ask = (traderIds: readonly string[]) => {
      const name = "positions";
      client.say({
        id: "1",
        action: "subscribe",
        channels: [{ name, snapshot: true, filter: { traderIds } }],
      });
      const { type, events } = JSON.parse(client.socket.frames.at(-1)!);
      assert.equal(type, "snapshot");
      return events.length;
    };
    assert.deepEqual([ask(["secret"]), ask(["42", "secret"]), ask(["7"])], [0, 3, 0]);
  });
});
