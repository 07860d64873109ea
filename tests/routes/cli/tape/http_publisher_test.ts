import assert from "node:assert/strict";
import {
  BACKOFF_MILLIS,
  GIVE_UP_MILLIS,
  HttpPublisher,
  type HttpPublisherOptions,
  parseRetryAfter,
  REQUEST_TIMEOUT_MILLIS,
  type Retry,
} from "../../../../routes/cli/tape/http_publisher.ts";
import { errorEnvelope, successEnvelope } from "../../../../protocol/api.ts";
import { settle, TestClock } from "../../../support/test_clock.ts";

const KEY = "dev_secret";
const EVENTS = [1, 2].map((id) => ({ channel: "market-data", eventId: `e-${id}`, data: { id } }));

const accepted = (count: number, duplicates = 0) =>
  Response.json(successEnvelope({ accepted: count, duplicates, last: {} }, 0), { status: 202 });

/** A publisher whose requests are answered one after the other. */
function answered(
  answers: (() => Response | Promise<Response>)[],
  options: Partial<HttpPublisherOptions> = {},
) {
  const clock = new TestClock();
  const retries: Retry[] = [];
  const sentAt: number[] = [];
  const publisher = new HttpPublisher({
    url: new URL("http://gateway.test"),
    apiKey: KEY,
    clock,
    random: () => 0,
    onRetry: (retry) => void retries.push(retry),
    fetch: async () => {
      sentAt.push(clock.now());
      return await answers[Math.min(sentAt.length, answers.length) - 1]!();
    },
    ...options,
  });
  return { clock, publisher, retries, sentAt };
}

Deno.test("HttpPublisher posts NDJSON with the key to a real server and counts the receipt", async () => {
  const requests: { path: string; type: string | null; key: string | null; body: string }[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    requests.push({
      path: new URL(request.url).pathname,
      type: request.headers.get("content-type"),
      key: request.headers.get("x-api-key"),
      body: await request.text(),
    });
    return accepted(1, 1);
  });
  const publisher = new HttpPublisher({
    url: new URL(`http://127.0.0.1:${server.addr.port}/behind/proxy`),
    apiKey: KEY,
    clock: new TestClock(),
    random: () => 0,
  });
  await publisher.publish(EVENTS);
  await server.shutdown();
  assert.deepEqual(requests, [{
    path: "/behind/proxy/api/v1/telemetry/events",
    type: "application/x-ndjson",
    key: KEY,
    body: `${JSON.stringify(EVENTS[0])}\n${JSON.stringify(EVENTS[1])}`,
  }]);
  assert.deepEqual([publisher.accepted, publisher.duplicates], [1, 1]);
});

Deno.test("HttpPublisher waits as long as a 503 asks, and then sends the same batch", async () => {
  const overloaded = () =>
    Response.json(errorEnvelope("OVERLOADED", "too many events are waiting", 0), {
      status: 503,
      headers: { "retry-after": "7" },
    });
  const { clock, publisher, retries, sentAt } = answered([overloaded, () => accepted(2)]);
  const published = publisher.publish(EVENTS);
  await clock.advanceAsync(10_000);
  await published;
  assert.deepEqual(sentAt, [0, 7_000]);
  assert.equal(retries[0]?.waitMillis, 7_000);
  assert.match(retries[0]!.cause, /answered 503 OVERLOADED: too many events are waiting/);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("HttpPublisher backs off while there is no gateway, and gives up while a retry is harmless", async () => {
  const unreachable = () => Promise.reject(new TypeError("connection refused"));
  const { clock, publisher, retries, sentAt } = answered([unreachable]);
  const published = assert.rejects(
    publisher.publish(EVENTS),
    /gave up after \d+ attempts in \d+ s; cannot reach POST .*: connection refused/,
  );
  await clock.advanceAsync(GIVE_UP_MILLIS);
  await published;
  const waits = retries.map(({ waitMillis }) => waitMillis);
  assert.deepEqual(waits.slice(0, 7), [
    250,
    500,
    1_000,
    2_000,
    4_000,
    8_000,
    BACKOFF_MILLIS.longest,
  ]);
  assert.ok(sentAt.at(-1)! <= GIVE_UP_MILLIS);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("HttpPublisher reaches a server that starts after it", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  const clock = new TestClock();
  const refused = Promise.withResolvers<void>();
  const publisher = new HttpPublisher({
    url: new URL(`http://127.0.0.1:${port}`),
    apiKey: KEY,
    clock,
    random: () => 0,
    onRetry: () => refused.resolve(),
  });
  const published = publisher.publish(EVENTS);
  await refused.promise;
  const server = Deno.serve({ port, hostname: "127.0.0.1", onListen() {} }, () => accepted(2));
  await clock.advanceAsync(BACKOFF_MILLIS.first);
  await published;
  await server.shutdown();
  assert.equal(publisher.accepted, 2);
});

Deno.test("HttpPublisher takes a request without an answer for a failed one", async () => {
  const requests: AbortSignal[] = [];
  const silent: typeof fetch = (_url, init) => {
    requests.push(init!.signal!);
    if (requests.length > 1) return Promise.resolve(accepted(2));
    return new Promise((_, reject) =>
      init!.signal!.addEventListener("abort", () => reject(new DOMException("x", "AbortError")))
    );
  };
  const { clock, publisher, retries } = answered([], { fetch: silent });
  const published = publisher.publish(EVENTS);
  await clock.advanceAsync(REQUEST_TIMEOUT_MILLIS + BACKOFF_MILLIS.first);
  await published;
  assert.match(retries[0]!.cause, /no answer within 30 s/);
});

Deno.test("HttpPublisher explains a refusal, does not repeat it, and never shows the key", async () => {
  const details = { "events[0].data.price": "expected a decimal", a: "1", b: "2", c: "3" };
  const refusals: [Response, RegExp][] = [
    [
      Response.json(errorEnvelope("API_KEY_INVALID", "unknown key", 0), { status: 401 }),
      /answered 401 API_KEY_INVALID: unknown key; is the key the one of this gateway\?/,
    ],
    [
      Response.json(errorEnvelope("FORBIDDEN", "no", 0), { status: 403 }),
      /answered 403 FORBIDDEN: no; the key needs the scope publish/,
    ],
    [
      Response.json(errorEnvelope("INVALID_EVENTS", "1 event", 0, details), { status: 422 }),
      /422 INVALID_EVENTS: 1 event \(events\[0\]\.data\.price: expected a decimal; .*; and 1 more\)/,
    ],
    [new Response("gone", { status: 404 }), /answered 404 .*is this the address of a gateway\?/],
    [new Response("<html>", { status: 200 }), /answered 200 .*is this the address of a gateway\?/],
    [new Response(null, { status: 302 }), /answered 302 .*give the address it redirects to/],
    [new Response("oops", { status: 500 }), /answered 500 without an explanation/],
  ];
  for (const [response, message] of refusals) {
    const { publisher, sentAt } = answered([() => response]);
    await assert.rejects(publisher.publish(EVENTS), (error: Error) => {
      assert.match(error.message, message);
      assert.ok(!error.message.includes(KEY) && !error.message.includes("\n"));
      return true;
    });
    assert.equal(sentAt.length, 1);
  }
});

Deno.test("HttpPublisher stops at once when its signal aborts", async () => {
  const abort = new AbortController();
  const busy = () => new Response("", { status: 503, headers: { "retry-after": "60" } });
  const { clock, publisher, sentAt } = answered([busy], { signal: abort.signal });
  const published = assert.rejects(publisher.publish(EVENTS), /stopped/);
  await settle();
  abort.abort();
  await published;
  await assert.rejects(publisher.publish(EVENTS), /stopped/);
  assert.equal(sentAt.length, 1);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("parseRetryAfter() reads seconds and dates, and nothing else", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  assert.equal(parseRetryAfter("3", now), 3_000);
  assert.equal(parseRetryAfter("Thu, 01 Jan 2026 00:00:05 GMT", now), 5_000);
  assert.equal(parseRetryAfter("Wed, 31 Dec 2025 00:00:00 GMT", now), 0);
  for (const value of [null, "", "soon", "-1", "1.5", "2026"]) {
    const expected = value === "2026" ? 2_026_000 : undefined;
    assert.equal(parseRetryAfter(value, now), expected, String(value));
  }
});
