import assert from "node:assert/strict";
import type { ChannelSnapshot } from "../../../actors/operations.ts";
import { MAX_HISTORY_PAGE } from "../../../protocol/api.ts";
import { apiKey, KeyRing } from "../../../routes/auth/api_keys.ts";
import { assertError } from "../../support/envelopes.ts";
import { marketData, position, removal, riskAlert } from "../../support/events.ts";
import { FAKE_EPOCH, type FakeGateway, withGateway } from "../../support/fake_gateway.ts";
import { TEST_EPOCH } from "../../support/test_clock.ts";

const EVENTS = "/api/v1/telemetry/positions/events";
const SNAPSHOT = "/api/v1/telemetry/positions/snapshot";

// deno-lint-ignore no-explicit-any -- asserted on, not typed
async function data(answer: Response): Promise<any> {
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "application/json");
  const { success, data, timestamp, ...rest } = await answer.json();
  assert.deepEqual([success, rest], [true, {}]);
  assert.equal(new Date(timestamp).toISOString(), timestamp);
  return data;
}

async function fails(fake: FakeGateway, path: string, status: number, code: string) {
  const answer = await fake.request(path);
  assert.equal(answer.headers.get("etag"), null);
  const { error } = await answer.clone().json();
  const details = assertError({ status: answer.status, body: await answer.json() }, status, code);
  return { ...details, message: error.message as string };
}

async function publishPositions(fake: FakeGateway, count: number): Promise<void> {
  await fake.publish(...Array.from({ length: count }, (_, n) => position(`p${n + 1}`)));
}

Deno.test("events have their number, the time of their acceptance, and their data as published", async () => {
  await withGateway({}, async (fake) => {
    const updatedAt = "2026-01-31T12:00:00Z";
    const body = position("p1", { reason: 'quote " and \u2028', updatedAt });
    await fake.publish(body, removal("positions", "p1"));
    const page = await data(await fake.request(EVENTS));
    assert.deepEqual(page, {
      channel: "positions",
      epoch: FAKE_EPOCH,
      head: 2,
      oldest: 1,
      events: [
        {
          seq: 1,
          timestamp: TEST_EPOCH,
          data: { ...body.data, timestamp: Date.parse(updatedAt) },
        },
        { seq: 2, timestamp: TEST_EPOCH, data: { id: "p1", removed: true } },
      ],
    });
  });
});

Deno.test("pages lead to the head by afterSeq and by next, without a hole", async () => {
  // The ring holds the last 16 only.
  await withGateway({ config: { telemetry: { ringCapacity: 16 } } }, async (fake) => {
    await publishPositions(fake, 31);
    const seen: number[] = [];
    for (let path = `${EVENTS}?limit=7`; path !== undefined;) {
      const page = await data(await fake.request(path));
      for (const { seq } of page.events) seen.push(seq);
      path = page.next;
      if (seen.length === 31) break;
      assert.equal(path, `${EVENTS}?epoch=${FAKE_EPOCH}&afterSeq=${seen.at(-1)}&limit=7`);
    }
    assert.deepEqual(seen, Array.from({ length: 31 }, (_, n) => n + 1));
  });
});

Deno.test("a page has 100 events unless another number is asked for", async () => {
  await withGateway({}, async (fake) => {
    await publishPositions(fake, 150);
    assert.equal((await data(await fake.request(EVENTS))).events.length, 100);
    const { events, next } = await data(await fake.request(`${EVENTS}?limit=${MAX_HISTORY_PAGE}`));
    assert.deepEqual([events.length, next], [150, undefined]);
  });
});

Deno.test("a channel may be written in any way that is accepted elsewhere", async () => {
  await withGateway({}, async (fake) => {
    await publishPositions(fake, 1);
    for (const name of ["POSITION", "positions", "Positions"]) {
      const page = await data(await fake.request(`/api/v1/telemetry/${name}/events`));
      assert.deepEqual([page.channel, page.events.length], ["positions", 1]);
    }
    for (const what of ["events", "snapshot"]) {
      await fails(fake, `/api/v1/telemetry/weather/${what}`, 404, "NOT_FOUND");
    }
  });
});

Deno.test("parameters that are not valid are named", async () => {
  await withGateway({}, async (fake) => {
    for (
      const query of [
        "limit=0",
        `limit=${MAX_HISTORY_PAGE + 1}`,
        "limit=",
        "limit=1.5",
        "afterSeq=-1",
        "afterSeq=1e3",
        "afterSeq=",
        "afterSeq=99999999999999999999",
        "epoch=",
        `epoch=${"x".repeat(129)}`,
      ]
    ) {
      const { message } = await fails(fake, `${EVENTS}?${query}`, 400, "INVALID_REQUEST");
      assert.ok(message.startsWith(`${query.split("=")[0]}: `), message);
    }
  });
});

Deno.test("a page that cannot be what was asked for says why, and where to go on", async () => {
  await withGateway({ config: { telemetry: { ringCapacity: 16 } } }, async (fake) => {
    await publishPositions(fake, 40); // The store cut itself to 16 when it had 32.
    const known = { epoch: FAKE_EPOCH, head: "40", oldest: "17" };
    const cases = [
      [`epoch=other&afterSeq=30`, 410, "EPOCH_CHANGED"],
      [`epoch=${FAKE_EPOCH}&afterSeq=15`, 410, "EVENTS_EXPIRED"],
      [`epoch=${FAKE_EPOCH}&afterSeq=41`, 409, "SEQ_AHEAD"],
    ] as const;
    for (const [query, status, code] of cases) {
      const { message: _, ...details } = await fails(fake, `${EVENTS}?${query}`, status, code);
      assert.deepEqual(details, known, query);
    }
    const { events } = await data(await fake.request(`${EVENTS}?epoch=${FAKE_EPOCH}&afterSeq=40`));
    assert.deepEqual(events, []);
  });
});

Deno.test("a snapshot has the live states, and of alerts the last", async () => {
  await withGateway({ config: { telemetry: { replayLimit: 2 } } }, async (fake) => {
    await publishPositions(fake, 3);
    await fake.publish(position("p2", { status: "CLOSED" }), removal("positions", "p3"));
    await fake.publish(riskAlert("a"), riskAlert("b"), riskAlert("c"));
    const positions = await data(await fake.request(SNAPSHOT));
    const { events, ...rest } = positions;
    assert.deepEqual(rest, { channel: "positions", epoch: FAKE_EPOCH, seq: 5 });
    assert.deepEqual(
      events.map((event: { seq: number; data: { id: string } }) => [event.seq, event.data.id]),
      [[1, "p1"]],
    );
    const alerts = await data(await fake.request("/api/v1/telemetry/risk.alert/snapshot"));
    assert.deepEqual(alerts.events.map(({ seq }: { seq: number }) => seq), [2, 3]);
  });
});

Deno.test("a snapshot of many megabytes is whole", async () => {
  await withGateway({}, async (fake) => {
    const source = "ü".repeat(4_000);
    const prices = Array.from({ length: 600 }, (_, n) => marketData(`S${n}`, `${n}`, { source }));
    await fake.publish(...prices);
    const { events } = await data(await fake.request("/api/v1/telemetry/market-data/snapshot"));
    assert.deepEqual(
      events.map(({ data }: { data: { price: string } }) => data.price),
      prices.map((_, n) => `${n}`),
    );
  });
});

for (const path of [EVENTS, SNAPSHOT, `${EVENTS}?afterSeq=1&limit=1`]) {
  Deno.test(`${path} is not sent again while nothing has changed`, async () => {
    await withGateway({}, async (fake) => {
      await publishPositions(fake, 3);
      const first = await fake.request(path);
      const tag = first.headers.get("etag")!;
      assert.match(tag, /^"[\w-]+"$/);
      assert.equal(first.headers.get("cache-control"), "private, no-cache");
      fake.clock.advance(5_000);
      assert.equal(await (await fake.request(path)).text(), await first.text(), "byte for byte");
      for (const known of [tag, `"x", ${tag}`, `W/${tag}`, "*"]) {
        const again = await fake.request(path, { headers: { "If-None-Match": known } });
        assert.deepEqual([again.status, await again.text()], [304, ""], known);
        assert.equal(again.headers.get("etag"), tag);
      }
      await publishPositions(fake, 1);
      const changed = await fake.request(path, { headers: { "If-None-Match": tag } });
      assert.equal(changed.status, 200);
      assert.notEqual(changed.headers.get("etag"), tag);
      await changed.body?.cancel();
    });
  });
}

Deno.test("a snapshot that its reader has already is not even collected", async () => {
  let collected = 0;
  const snapshot: ChannelSnapshot = {
    epoch: FAKE_EPOCH,
    seq: 7,
    asOf: TEST_EPOCH,
    variant: "",
    events: () => (collected += 1, []),
  };
  const history = { snapshot: () => snapshot, page: () => assert.fail("no page was asked for") };
  await withGateway({ deps: { history } }, async (fake) => {
    const tag = (await fake.request(SNAPSHOT)).headers.get("etag")!;
    const again = await fake.request(SNAPSHOT, { headers: { "If-None-Match": tag } });
    assert.deepEqual([again.status, collected], [304, 1]);
  });
});

Deno.test("a snapshot of alerts has another tag when another number of them is shown", async () => {
  const tags = new Set<string>();
  for (const replayLimit of [2, 3]) {
    await withGateway({ config: { telemetry: { replayLimit } } }, async (fake) => {
      await fake.publish(riskAlert("a"), riskAlert("b"), riskAlert("c"));
      const answer = await fake.request("/api/v1/telemetry/risk-alerts/snapshot");
      tags.add(answer.headers.get("etag")!);
      assert.equal((await data(answer)).events.length, replayLimit);
    });
  }
  assert.equal(tags.size, 2);
});

Deno.test("different pages have different tags", async () => {
  await withGateway({}, async (fake) => {
    await publishPositions(fake, 9);
    const queries = ["", "limit=3", "limit=4", "afterSeq=3&limit=3", "afterSeq=3&limit=4"];
    const tags = await Promise.all(
      queries.map(async (query) => (await fake.request(`${EVENTS}?${query}`)).headers.get("etag")),
    );
    assert.equal(new Set(tags).size, queries.length, tags.join());
  });
});

Deno.test("an empty channel has no tag, since nothing dates it", async () => {
  await withGateway({}, async (fake) => {
    for (const path of [EVENTS, SNAPSHOT]) {
      const answer = await fake.request(path);
      assert.equal(answer.headers.get("etag"), null);
      assert.deepEqual((await data(answer)).events, []);
    }
  });
});

Deno.test("history needs the scope subscribe", async () => {
  const keys = new KeyRing([apiKey("floor", "floor-secret", { scopes: new Set(["publish"]) })]);
  await withGateway({ keys }, async (fake) => {
    for (const path of [EVENTS, SNAPSHOT]) {
      const forbidden = await fake.request(path, {}, "floor-secret");
      assertError({ status: forbidden.status, body: await forbidden.text() }, 403, "FORBIDDEN");
      const unknown = await fake.request(path, {}, null);
      assertError({ status: unknown.status, body: await unknown.text() }, 401, "API_KEY_MISSING");
    }
  });
});
