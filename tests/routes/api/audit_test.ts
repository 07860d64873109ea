import assert from "node:assert/strict";
import { NO_AUDIT } from "../../../actors/audit/audit_log.ts";
import { assertError } from "../../support/envelopes.ts";
import { type FakeGateway, withGateway } from "../../support/fake_gateway.ts";
import { TEST_EPOCH } from "../../support/test_clock.ts";

const AUDIT = "/api/v1/audit";

// deno-lint-ignore no-explicit-any -- answers are asserted on, not typed
async function page(fake: FakeGateway, path = AUDIT): Promise<any> {
  const answer = await fake.request(path);
  assert.equal(answer.status, 200, await answer.clone().text());
  assert.equal(answer.headers.get("cache-control"), "no-store");
  return (await answer.json()).data;
}

/** Records acts a second apart. */
async function act(fake: FakeGateway, count: number): Promise<void> {
  for (let n = 1; n <= count; n++) {
    fake.gateway.audit.record({ act: "disconnect", principal: "ops", object: `${n}` });
    await fake.clock.advanceAsync(1_000);
  }
}

const objects = ({ acts }: { acts: { object: string }[] }) => acts.map(({ object }) => object);

Deno.test("the audit tells who did what, the newest first, and that it ends with the process", async () => {
  await withGateway({}, async (fake) => {
    assert.deepEqual(await page(fake), { kept: "process", acts: [] });
    await fake.request("/api/v1/websocket/drain", { method: "POST" });
    const { acts: [first], ...rest } = await page(fake);
    assert.deepEqual(rest, { kept: "process" });
    assert.deepEqual([first.id, first.act, first.principal], [1, "drain", "ops"]);
    assert.match(first.secretId, /^[0-9a-f]{8}$/);
  });
});

Deno.test("next leads through all pages, each act once, with since as well", async () => {
  await withGateway({}, async (fake) => {
    await act(fake, 5);
    const first = await page(fake, `${AUDIT}?limit=2`);
    assert.equal(first.next, "/api/v1/audit?before=4&limit=2");
    const second = await page(fake, first.next);
    const third = await page(fake, second.next);
    assert.deepEqual([first, second, third].map(objects), [["5", "4"], ["3", "2"], ["1"]]);
    assert.equal(third.next, undefined);
    const since = new Date(TEST_EPOCH + 3_000).toISOString();
    const recent = await page(fake, `${AUDIT}?since=${since}&limit=1`);
    assert.deepEqual(objects(recent), ["5"]);
    const last = await page(fake, recent.next);
    assert.deepEqual([objects(last), last.next], [["4"], undefined]);
    assert.deepEqual(objects(await page(fake, `${AUDIT}?since=${TEST_EPOCH + 4_000}`)), ["5"]);
    const offset = encodeURIComponent("2026-01-01T01:00:04+01:00");
    assert.deepEqual(objects(await page(fake, `${AUDIT}?since=${offset}`)), ["5"]);
  });
});

Deno.test("a query that is not valid is 400 and names the parameter", async () => {
  await withGateway({}, async (fake) => {
    for (const query of ["since=yesterday", "limit=0", "limit=1001", "before=x", "until=1"]) {
      const answer = await fake.request(`${AUDIT}?${query}`);
      const body = await answer.json();
      assertError({ status: answer.status, body }, 400, "INVALID_REQUEST");
      assert.ok(body.error.message.startsWith(query.split("=")[0]!), body.error.message);
    }
  });
});

Deno.test("an audit that cannot be read is 503 with Retry-After", async () => {
  const audit = {
    ...NO_AUDIT,
    outlivesProcess: true,
    page: () => Promise.reject(new Error("disk on fire")),
  };
  await withGateway({ deps: { audit } }, async (fake) => {
    const answer = await fake.request(AUDIT);
    assert.ok(answer.headers.has("retry-after"));
    const text = await answer.clone().text();
    assertError({ status: 503, body: await answer.json() }, answer.status, "STORE_UNAVAILABLE");
    assert.ok(!text.includes("disk on fire"));
  });
});
