/**
 * What a body may be, and what a principal may send of what it may not.
 *
 * @module
 */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { MAX_FAULTY_BYTES } from "../../../actors/intake/faulty_batches.ts";
import { apiKey, KeyRing } from "../../../routes/auth/api_keys.ts";
import { assertError } from "../../support/envelopes.ts";
import { marketData, riskAlert } from "../../support/events.ts";
import { type FakeGateway, OPS_SECRET, withGateway } from "../../support/fake_gateway.ts";

const PATH = "/api/v1/telemetry/events";
const JSON_TYPE = { "Content-Type": "application/json" };
const EVENT = JSON.stringify(marketData("A", "1"));

function post(
  fake: FakeGateway,
  body: BodyInit,
  headers: Record<string, string> = {},
  secret = OPS_SECRET,
) {
  const init = { method: "POST", body, headers: { ...JSON_TYPE, ...headers } };
  return fake.request(PATH, init, secret);
}

async function fails(answer: Response, status: number, code: string) {
  return assertError({ status: answer.status, body: await answer.json() }, status, code);
}

Deno.test("a body that is not UTF-8 is 400; a mark at its beginning is left out", async () => {
  await withGateway({}, async (fake) => {
    const bytes = new TextEncoder().encode(JSON.stringify(marketData("A", "1", { source: "ü" })));
    assert.equal((await post(fake, bytes)).status, 202);
    const marked = new Uint8Array([0xef, 0xbb, 0xbf, ...bytes]);
    assert.equal((await post(fake, marked)).status, 202);
    const latin1 = bytes.filter((byte) => byte !== 0xc3);
    const answer = await post(fake, latin1);
    assert.match((await answer.clone().json()).error.message, /UTF-8/);
    await fails(answer, 400, "INVALID_REQUEST");
    const replaced = JSON.stringify(marketData("A", "1", { source: "\uFFFD" }));
    assert.equal((await post(fake, replaced)).status, 202);
  });
});

Deno.test("a body may be called UTF-8 or nothing; another charset is 415", async () => {
  await withGateway({}, async (fake) => {
    for (const charset of ["utf-8", "UTF-8", '"utf-8"', "utf8"]) {
      const headers = { "Content-Type": `application/json; charset=${charset}` };
      assert.equal((await post(fake, EVENT, headers)).status, 202, charset);
    }
    for (const charset of ["iso-8859-1", "utf-16", '"us-ascii"']) {
      const headers = { "Content-Type": `application/json;charset=${charset}` };
      await fails(await post(fake, EVENT, headers), 415, "UNSUPPORTED_MEDIA_TYPE");
    }
  });
});

Deno.test("a body may be one member of gzip; anything else in it is 400, another encoding 415", async () => {
  await withGateway({}, async (fake) => {
    const gzip = { "Content-Encoding": "gzip" };
    const packed = new Uint8Array(gzipSync(EVENT));
    assert.equal((await post(fake, packed, gzip)).status, 202);
    assert.equal((await post(fake, EVENT, { "Content-Encoding": "identity" })).status, 202);
    const damaged = [
      new Uint8Array([...packed, ...packed]),
      new Uint8Array([...packed, 0]),
      packed.subarray(0, packed.length - 1),
      new Uint8Array(0),
      new TextEncoder().encode(EVENT),
    ];
    for (const body of damaged) await fails(await post(fake, body, gzip), 400, "INVALID_REQUEST");
    for (const encoding of ["br", "deflate", "gzip, gzip"]) {
      const answer = await post(fake, packed, { "Content-Encoding": encoding });
      await fails(answer, 415, "UNSUPPORTED_MEDIA_TYPE");
    }
    assert.equal(fake.gateway.intake.bodies.total, 0);
  });
});

Deno.test("what comes out of gzip is bounded like what comes in plain", async () => {
  await withGateway({ config: { server: { maxBodyBytes: 65_536 } } }, async (fake) => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(60_000_000)));
    assert.ok(bomb.length < 65_536);
    const answer = await post(fake, bomb, { "Content-Encoding": "gzip" });
    await fails(answer, 413, "PAYLOAD_TOO_LARGE");
    assert.equal(fake.gateway.intake.bodies.total, 0);
  });
});

Deno.test("numbers and keys that would be changed on the way are 422 with their paths", async () => {
  await withGateway({}, async (fake) => {
    const change = (value: string) => EVENT.replace('"source":', `"change24h":${value},"source":`);
    for (const value of ["-0", "1.0E20", "12345678901234567890.0", "9007199254740992"]) {
      assert.equal((await post(fake, change(value))).status, 202, value);
    }
    const details = await fails(
      await post(fake, `[${EVENT},${change("9007199254740993")}]`),
      422,
      "INVALID_EVENTS",
    );
    assert.deepEqual(Object.keys(details), ["events[1].data.change24h"]);
    const alert = JSON.stringify(riskAlert("r")).replace(
      /"violations":\[.*\]/,
      '"violations":[{"type":"BUDGET","message":"m","details":{"x":-9007199254740993}}]',
    );
    const inDetails = await fails(await post(fake, alert), 422, "INVALID_EVENTS");
    assert.deepEqual(Object.keys(inDetails), ["events[0].data.violations[0].details.x"]);
    for (const key of ["__proto__", "\\u005f_proto__"]) {
      const body = EVENT.replace('"source":', `"${key}":{},"source":`);
      const details = await fails(await post(fake, body), 422, "INVALID_EVENTS");
      assert.deepEqual(Object.keys(details), ["events[0].data.__proto__"]);
    }
  });
});

Deno.test("deep nesting is 422, in NDJSON and arrays, and never 500", async () => {
  await withGateway({}, async (fake) => {
    const deep = `${"[".repeat(3_000)}${"]".repeat(3_000)}`;
    const event = `{"channel":"market-data","data":{"symbol":{"length":${deep}}}}`;
    for (const body of [event, `[${event}]`]) {
      const details = await fails(await post(fake, body), 422, "INVALID_EVENTS");
      assert.deepEqual(Object.keys(details), ["events[0]"]);
    }
    const type = { "Content-Type": "application/x-ndjson" };
    await fails(await post(fake, `${EVENT}\n${event}`, type), 422, "INVALID_EVENTS");
  });
});

Deno.test("a principal with too many bytes of faulty batches is 429 for a second, on sockets as well", async () => {
  const keys = new KeyRing([apiKey("ops", OPS_SECRET), apiKey("other", "other-secret")]);
  await withGateway({ keys }, async (fake) => {
    const faulty = `[${EVENT},"${"x".repeat(MAX_FAULTY_BYTES)}"]`;
    await fails(await post(fake, faulty), 422, "INVALID_EVENTS");
    for (const body of [EVENT, faulty]) {
      const answer = await post(fake, body);
      assert.equal(answer.headers.get("Retry-After"), "1");
      await fails(answer, 429, "RATE_LIMITED");
    }
    assert.equal((await post(fake, EVENT, {}, "other-secret")).status, 202);
    const { say, socket } = fake.connect({
      protocol: "telemetry.collector",
      principal: { name: "ops", authenticated: true, scopes: new Set(["publish"]) },
    });
    say(`{"id":"7","action":"publish","events":[${EVENT}]}`);
    const error = JSON.parse(socket.frames.at(-1)!);
    assert.deepEqual([error.code, error.id, error.retryAfterMs], ["rate_limited", "7", 1_000]);
    assert.deepEqual(socket.closings, []);
    assert.equal(
      fake.log.find({ message: "publisher refused for a while: too many bytes of faulty batches" })
        .length,
      1,
    );
    await fake.clock.advanceAsync(1_000);
    assert.equal((await post(fake, EVENT)).status, 202);
  });
});

Deno.test("small faulty events never stop the others of their publisher", async () => {
  await withGateway({}, async (fake) => {
    for (let index = 0; index < 1_000; index++) await post(fake, `{"channel":"weather","data":{}}`);
    assert.equal((await post(fake, EVENT)).status, 202);
  });
});

Deno.test("a body that is still arriving when the process ends is 503 with Retry-After", async () => {
  const closing = new AbortController();
  await withGateway({ deps: { closing: closing.signal } }, async (fake) => {
    const body = new ReadableStream<Uint8Array>({ start: () => {} });
    const answering = post(fake, body);
    await fake.clock.advanceAsync(0);
    closing.abort();
    const answer = await answering;
    assert.equal(answer.headers.get("Retry-After"), "1");
    await fails(answer, 503, "DRAINING");
    assert.deepEqual(fake.log.lines.filter(({ level }) => level === "error"), []);
  });
});

Deno.test("an upload that its client aborts is no error of ours", async () => {
  await withGateway({}, async (fake) => {
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) =>
        controller.error(new Deno.errors.Http("error reading a body from connection")),
    });
    assert.equal((await post(fake, body)).status, 400);
    assert.deepEqual(fake.log.lines.filter(({ level }) => level === "error"), []);
    assert.equal(fake.gateway.intake.bodies.total, 0);
  });
});

Deno.test("a body that stops arriving is 408", async () => {
  await withGateway({}, async (fake) => {
    const answering = post(fake, new ReadableStream<Uint8Array>({ start: () => {} }));
    await fake.clock.advanceAsync(10_000);
    await fails(await answering, 408, "REQUEST_TIMEOUT");
  });
});
