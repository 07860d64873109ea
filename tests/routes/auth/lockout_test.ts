import assert from "node:assert/strict";
import { FREE_FAILURES, MAX_HELD } from "../../../actors/limits/lockout.ts";
import { assertError } from "../../support/envelopes.ts";
import {
  FAKE_ADDRESS,
  type FakeGateway,
  HANDSHAKE,
  OPS_SECRET,
  withGateway,
} from "../../support/fake_gateway.ts";
import { Metrics } from "../../support/metrics_text.ts";

const STATS = "/api/v1/websocket/stats";

/** Sends requests that are not waited for. */
function send(fake: FakeGateway, path: string, headers: HeadersInit, address = FAKE_ADDRESS) {
  const request = new Request(new URL(path, "http://localhost:8080"), {
    headers: { host: "localhost:8080", ...headers },
  });
  const remoteAddr = { transport: "tcp", hostname: address, port: 50_000 } as const;
  let answer: Response | undefined;
  Promise.resolve(fake.app.fetch(request, { remoteAddr })).then((response) => answer = response);
  return {
    get answer() {
      return answer;
    },
  };
}

/** Lets requests be answered that nothing holds. */
async function settle(fake: FakeGateway): Promise<void> {
  for (let i = 0; i < 5; i++) await fake.clock.advanceAsync(0);
}

/** Fails until answers are held. */
async function failOften(fake: FakeGateway, address = FAKE_ADDRESS): Promise<void> {
  for (let i = 0; i < FREE_FAILURES; i++) send(fake, STATS, { "x-api-key": "wrong" }, address);
  await settle(fake);
}

Deno.test("the answer to wrong keys is held; a valid key from the same address is served at once", async () => {
  await withGateway({}, async (fake) => {
    await failOften(fake);
    const wrong = send(fake, STATS, { "x-api-key": "wrong" });
    const handshake = send(fake, "/ws/telemetry", { ...HANDSHAKE, "x-api-key": "wrong" });
    const valid = send(fake, STATS, { "x-api-key": OPS_SECRET });
    await settle(fake);
    assert.equal(wrong.answer, undefined);
    assert.equal(handshake.answer, undefined);
    assert.equal(valid.answer?.status, 200);
    await fake.clock.advanceAsync(1_000);
    for (const { answer } of [wrong, handshake]) {
      assert.equal(answer!.status, 401);
      assertError({ status: 401, body: await answer!.json() }, 401, "API_KEY_INVALID");
    }
  });
});

Deno.test("while 200 answers are held, REST answers 429 with Retry-After and handshakes 401, at once", async () => {
  await withGateway({}, async (fake) => {
    await failOften(fake);
    for (let i = 0; i < MAX_HELD; i++) send(fake, STATS, { "x-api-key": "wrong" });
    await settle(fake);
    assert.equal(fake.gateway.lockout.stats.held, MAX_HELD);
    const rest = send(fake, STATS, { "x-api-key": "wrong" });
    const handshake = send(fake, "/ws/telemetry", { ...HANDSHAKE, "x-api-key": "wrong" });
    const valid = send(fake, STATS, { "x-api-key": OPS_SECRET });
    await settle(fake);
    assert.equal(rest.answer?.status, 429);
    assert.equal(rest.answer.headers.get("Retry-After"), "1");
    assert.equal(handshake.answer?.status, 401);
    assert.equal(valid.answer?.status, 200);
    const metrics = new Metrics((await fake.gateway.metrics.scrape()).text);
    const value = (name: string, labels = {}) =>
      metrics.value(`autotrader_telemetry_${name}`, labels);
    assert.equal(value("wrong_credentials_held"), 200);
    assert.equal(value("wrong_credentials_total", { answer: "at_once" }), 10);
    assert.equal(value("wrong_credentials_total", { answer: "held" }), 200);
    assert.equal(value("wrong_credentials_total", { answer: "unheld" }), 2);
    await fake.clock.advanceAsync(1_000);
  });
});

Deno.test("a request without a key is no attempt to guess one, and is never held", async () => {
  await withGateway({}, async (fake) => {
    for (let i = 0; i < 3 * FREE_FAILURES; i++) {
      const { status } = await fake.request(STATS, {}, null);
      assert.equal(status, 401);
    }
    assert.deepEqual(fake.gateway.lockout.stats.answers, { at_once: 0, held: 0, unheld: 0 });
  });
});

Deno.test("behind a trusted proxy the clients that fail pay, not the others", async () => {
  const config = { server: { trustedProxies: [FAKE_ADDRESS] } };
  await withGateway({ config }, async (fake) => {
    const from = (address: string) => ({ "x-api-key": "wrong", "X-Forwarded-For": address });
    for (let i = 0; i < FREE_FAILURES; i++) send(fake, STATS, from("203.0.113.5"));
    await settle(fake);
    const guesser = send(fake, STATS, from("203.0.113.5"));
    const other = send(fake, STATS, from("203.0.113.6"));
    await settle(fake);
    assert.equal(guesser.answer, undefined);
    assert.equal(other.answer?.status, 401);
    await fake.clock.advanceAsync(1_000);
    const [line] = fake.log.find({ message: "request refused" });
    assert.equal(line!.properties["address"], "203.0.113.5");
  });
});

Deno.test("the requests of a key are limited by an option that the answer names", async () => {
  await withGateway({ config: { server: { requestsPerSecondPerKey: 2 } } }, async (fake) => {
    for (let i = 0; i < 2; i++) assert.equal((await fake.request(STATS)).status, 200);
    const limited = await fake.request(STATS);
    assert.equal(limited.headers.get("Retry-After"), "1");
    const text = await limited.text();
    assertError({ status: limited.status, body: text }, 429, "RATE_LIMITED");
    assert.match(text, /server\.requestsPerSecondPerKey/);
    assert.equal(fake.gateway.limitHits.counts.get("server.requestsPerSecondPerKey"), 1);
    assert.equal((await fake.request("/api/health")).status, 200);
    fake.clock.advance(500);
    assert.equal((await fake.request(STATS)).status, 200);
  });
});
