import assert from "node:assert/strict";
import { PublishError } from "../../../actors/operations.ts";
import type { Store, StoredEvent } from "../../../actors/ports.ts";
import { MemoryStore } from "../../../actors/store/memory.ts";
import { KeyRing } from "../../../routes/auth/api_keys.ts";
import { apiKey } from "../../../routes/auth/api_keys.ts";
import { assertError } from "../../support/envelopes.ts";
import {
  marketData,
  position,
  removal,
  riskAlert,
  systemWarning,
  traderStatus,
} from "../../support/events.ts";
import {
  FAKE_EPOCH,
  type FakeGateway,
  OPS_SECRET,
  withGateway,
} from "../../support/fake_gateway.ts";
import { TEST_EPOCH } from "../../support/test_clock.ts";

const PATH = "/api/v1/telemetry/events";

function post(fake: FakeGateway, body: string, type = "application/json", secret = OPS_SECRET) {
  return fake.request(PATH, { method: "POST", body, headers: { "Content-Type": type } }, secret);
}

const postJson = (fake: FakeGateway, value: unknown) => post(fake, JSON.stringify(value));

async function fails(answer: Response, status: number, code: string) {
  return assertError({ status: answer.status, body: await answer.json() }, status, code);
}

Deno.test("a single event is answered with 202, the receipt and the time", async () => {
  await withGateway({}, async (fake) => {
    const answer = await postJson(fake, marketData("A", "1"));
    assert.equal(answer.status, 202);
    assert.deepEqual(await answer.json(), {
      success: true,
      data: {
        accepted: 1,
        duplicates: 0,
        last: { "market-data": { epoch: FAKE_EPOCH, seq: 1 } },
      },
      timestamp: new Date(TEST_EPOCH).toISOString(),
    });
  });
});

Deno.test("an array is numbered per channel in its order", async () => {
  await withGateway({}, async (fake) => {
    const { socket } = fake.connect({ channels: ["market-data", "risk-alerts"] });
    const events = [marketData("A", "1"), riskAlert("a"), marketData("B", "2")];
    const { data } = await (await postJson(fake, events)).json();
    assert.equal(data.accepted, 3);
    assert.deepEqual(data.last, {
      "market-data": { epoch: FAKE_EPOCH, seq: 2 },
      "risk-alerts": { epoch: FAKE_EPOCH, seq: 1 },
    });
    await fake.clock.advanceAsync(0);
    const prices = socket.events.filter(({ channel }) => channel === "market-data");
    assert.deepEqual(prices.map(({ data }) => data?.["price"]), ["1", "2"]);
  });
});

Deno.test("NDJSON is one event a line; empty lines and CRLF do not matter", async () => {
  await withGateway({}, async (fake) => {
    const lines = [marketData("A", "1"), traderStatus("42"), position("p")].map((event) =>
      JSON.stringify(event)
    );
    const answer = await post(fake, `${lines.join("\r\n")}\n\n`, "application/x-ndjson");
    assert.equal(answer.status, 202);
    assert.equal((await answer.json()).data.accepted, 3);
  });
});

Deno.test("a media type may have parameters and any case", async () => {
  await withGateway({}, async (fake) => {
    const body = JSON.stringify(marketData("A", "1"));
    assert.equal((await post(fake, body, "Application/JSON; charset=utf-8")).status, 202);
  });
});

Deno.test("a repeated eventId is a duplicate, and answered with the number it had", async () => {
  await withGateway({}, async (fake) => {
    const event = { ...marketData("A", "1"), eventId: "e-1" };
    await postJson(fake, [marketData("A", "0"), event]);
    const { data } = await (await postJson(fake, [event, event])).json();
    assert.deepEqual(data, {
      accepted: 0,
      duplicates: 2,
      last: { "market-data": { epoch: FAKE_EPOCH, seq: 2 } },
    });
  });
});

Deno.test("an eventId of another key or channel is another event", async () => {
  const keys = new KeyRing([apiKey("ops", OPS_SECRET), apiKey("other", "other-secret")]);
  await withGateway({ keys }, async (fake) => {
    const body = JSON.stringify({ ...traderStatus("1"), eventId: "e-1" });
    await post(fake, body);
    const other = await (await post(fake, body, "application/json", "other-secret")).json();
    assert.equal(other.data.accepted, 1);
    const position1 = await (await postJson(fake, { ...position("1"), eventId: "e-1" })).json();
    assert.equal(position1.data.accepted, 1);
  });
});

Deno.test("an eventId with another payload is 422 and names the event; nothing is stored", async () => {
  await withGateway({}, async (fake) => {
    await postJson(fake, { ...marketData("A", "1"), eventId: "e-1" });
    const reused = [marketData("B", "1"), { ...marketData("A", "2"), eventId: "e-1" }];
    const details = await fails(await postJson(fake, reused), 422, "EVENT_ID_REUSED");
    assert.deepEqual(Object.keys(details), ["events[1].eventId"]);
    assert.equal(fake.hub.stats().channels["market-data"].head, 1);
  });
});

Deno.test("the removals of two keys under one eventId are two payloads", async () => {
  await withGateway({}, async (fake) => {
    await postJson(fake, [position("p1"), position("p2")]);
    await postJson(fake, { ...removal("positions", "p1"), eventId: "e-1" });
    const answer = await postJson(fake, { ...removal("positions", "p2"), eventId: "e-1" });
    await fails(answer, 422, "EVENT_ID_REUSED");
  });
});

Deno.test("anything invalid is 422 with index and path, and nothing of the batch is stored", async () => {
  await withGateway({}, async (fake) => {
    const events = [
      marketData("A", "1"),
      marketData("A", "1", { price: 1.5 }),
      { channel: "weather", data: {} },
      "nonsense",
    ];
    const details = await fails(await postJson(fake, events), 422, "INVALID_EVENTS");
    assert.deepEqual(Object.keys(details), [
      "events[1].data.price",
      "events[2].channel",
      "events[3]",
    ]);
    assert.equal(fake.hub.stats().channels["market-data"].head, 0);
    assert.equal((await (await postJson(fake, marketData("A", "1"))).json()).data.accepted, 1);
  });
});

Deno.test("reading stops at a hundred faults, which are named", async () => {
  await withGateway({}, async (fake) => {
    const answer = await postJson(fake, new Array(250).fill({ ...marketData("A", "1"), stray: 1 }));
    const { error } = await answer.clone().json();
    const details = await fails(answer, 422, "INVALID_EVENTS");
    const expected = Array.from({ length: 100 }, (_, i) => `events[${i}].stray`);
    assert.deepEqual(Object.keys(details), expected);
    assert.match(error.message, /100 faults or more/);
    assert.match(error.message, /events\[0\]\.stray/);
  });
});

Deno.test("two faults in one place are both named", async () => {
  await withGateway({}, async (fake) => {
    const answer = await postJson(fake, marketData("A", "x".repeat(200)));
    const details = await fails(answer, 422, "INVALID_EVENTS");
    const text = details["events[0].data.price"]!;
    assert.match(text, /decimal string/);
    assert.match(text, /128/);
  });
});

Deno.test("an empty batch is a fault", async () => {
  await withGateway({}, async (fake) => {
    for (const [body, type] of [["[]", "application/json"], ["\n\n", "application/x-ndjson"]]) {
      await fails(await post(fake, body!, type), 422, "INVALID_EVENTS");
    }
  });
});

Deno.test("system-warnings are the gateway's alone, however they are spelled", async () => {
  await withGateway({}, async (fake) => {
    for (const channel of ["system-warnings", "system.warning", "SYSTEM_WARNINGS"]) {
      const event = { ...systemWarning("w"), channel };
      await fails(await postJson(fake, [marketData("A", "1"), event]), 403, "FORBIDDEN");
    }
    assert.equal(fake.hub.stats().channels["market-data"].head, 0);
    assert.equal(fake.hub.stats().channels["system-warnings"].head, 0);
  });
});

Deno.test("a body that is no JSON is 400, and NDJSON names the line", async () => {
  await withGateway({}, async (fake) => {
    for (const body of ["", "{", "hello"]) {
      await fails(await post(fake, body), 400, "INVALID_REQUEST");
    }
    const body = `${JSON.stringify(marketData("A", "1"))}\n\n{"channel":\n`;
    const answer = await post(fake, body, "application/x-ndjson");
    assert.match((await answer.clone().json()).error.message, /line 3/);
    await fails(answer, 400, "INVALID_REQUEST");
    assert.equal(fake.hub.stats().channels["market-data"].head, 0);
  });
});

Deno.test("another media type, or none, is 415", async () => {
  await withGateway({}, async (fake) => {
    const body = JSON.stringify(marketData("A", "1"));
    const types = ["text/plain", "application/xml", "application/jsonp", "application/json5", ""];
    for (const type of types) {
      await fails(await post(fake, body, type), 415, "UNSUPPORTED_MEDIA_TYPE");
    }
    assert.equal(fake.hub.stats().channels["market-data"].head, 0);
  });
});

Deno.test("a body beyond the limit is 413, with or without a Content-Length", async () => {
  await withGateway({ config: { server: { maxBodyBytes: 1_024 } } }, async (fake) => {
    const body = `[${" ".repeat(2_000)}]`;
    await fails(await post(fake, body), 413, "PAYLOAD_TOO_LARGE");
    const headers = { "Content-Type": "application/json" };
    const stream = new Response(body).body!;
    const answer = await fake.request(PATH, { method: "POST", body: stream, headers });
    const { error } = await answer.clone().json();
    assert.match(error.message, /1024 bytes.*smaller batches.*server\.maxBodyBytes/);
    await fails(answer, 413, "PAYLOAD_TOO_LARGE");
  });
});

Deno.test("a body of undeclared length that just fits is read whole, in whatever pieces it comes", async () => {
  await withGateway({ config: { server: { maxBodyBytes: 1_024 } } }, async (fake) => {
    const text = JSON.stringify(marketData("A", "1")).padEnd(1_024);
    const bytes = new TextEncoder().encode(text);
    const pieces = [bytes.subarray(0, 1), bytes.subarray(1, 700), bytes.subarray(700)];
    const body = ReadableStream.from(pieces);
    const headers = { "Content-Type": "application/json" };
    assert.equal((await fake.request(PATH, { method: "POST", body, headers })).status, 202);
    assert.equal(fake.hub.stats().channels["market-data"].head, 1);
  });
});

Deno.test("a body without end is 413, and is not read for ever", async () => {
  await withGateway({ config: { server: { maxBodyBytes: 1_024 } } }, async (fake) => {
    let cancelled = false;
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1_048_576)),
      cancel: () => void (cancelled = true),
    });
    const headers = { "Content-Type": "application/json" };
    const answer = await fake.request(PATH, { method: "POST", body, headers });
    await fails(answer, 413, "PAYLOAD_TOO_LARGE");
    assert.ok(cancelled);
  });
});

Deno.test("a batch beyond the limit is 413", async () => {
  await withGateway({ config: { server: { maxBatchEvents: 2 } } }, async (fake) => {
    const events = [marketData("A", "1"), marketData("A", "2")];
    assert.equal((await postJson(fake, events)).status, 202);
    await fails(await postJson(fake, [...events, ...events]), 413, "PAYLOAD_TOO_LARGE");
    assert.equal(fake.hub.stats().channels["market-data"].head, 2);
  });
});

Deno.test("an overload is 503 with Retry-After", async () => {
  const eventLog = {
    storage: () => ({ commits: 0, failures: 0, failing: false }),
    append: () => Promise.reject(new PublishError("OVERLOADED", "too many events wait")),
  };
  await withGateway({ deps: { eventLog } }, async (fake) => {
    const answer = await postJson(fake, marketData("A", "1"));
    assert.match(answer.headers.get("Retry-After") ?? "", /^[1-9]\d*$/);
    await fails(answer, 503, "OVERLOADED");
  });
});

/** A store that takes nothing while it is full. */
class FullStore extends MemoryStore implements Store {
  full = true;

  override commit(batch: readonly StoredEvent[]): Promise<void> {
    return this.full ? Promise.reject(new Error("disk full")) : super.commit(batch);
  }
}

Deno.test("a store in trouble is 503 with Retry-After; a retry later takes the same numbers", async () => {
  const store = new FullStore(100, FAKE_EPOCH);
  await withGateway({ store }, async (fake) => {
    const { socket } = fake.connect({ channels: ["market-data"] });
    const event = { ...marketData("A", "1"), eventId: "e-1" };
    const answer = await postJson(fake, event);
    assert.match(answer.headers.get("Retry-After") ?? "", /^[1-9]\d*$/);
    await fails(answer, 503, "STORE_UNAVAILABLE");
    assert.deepEqual(socket.events, []);
    store.full = false;
    const { data } = await (await postJson(fake, event)).json();
    assert.deepEqual([data.accepted, data.last["market-data"].seq], [1, 1]);
  });
});

Deno.test("a fault of our own is 500, told without its details, and logged without credentials", async () => {
  const eventLog = {
    append: () => Promise.reject(new Error("internal detail")),
    storage: () => ({ commits: 0, failures: 0, failing: false }),
  };
  await withGateway({ deps: { eventLog } }, async (fake) => {
    const init = {
      method: "POST",
      body: JSON.stringify(marketData("A", "1")),
      headers: { "Content-Type": "application/json" },
    };
    const answer = await fake.request(`${PATH}?apiKey=${OPS_SECRET}`, init, null);
    assert.doesNotMatch(await answer.clone().text(), /internal detail/);
    await fails(answer, 500, "INTERNAL_ERROR");
    const [line] = fake.log.find({ message: "request failed" });
    assert.match(String(line?.properties["error"]), /internal detail/);
    assert.equal(JSON.stringify(fake.log.lines).includes(OPS_SECRET), false);
  });
});

Deno.test("a removal takes a key out of the snapshot, by event or by path", async () => {
  await withGateway({}, async (fake) => {
    await postJson(fake, [position("p1"), position("p/2 ü"), position("p3")]);
    await postJson(fake, removal("positions", "p1"));
    const path = `/api/v1/telemetry/position/snapshot/${encodeURIComponent("p/2 ü")}`;
    const answer = await fake.request(path, { method: "DELETE" });
    assert.equal(answer.status, 202);
    assert.deepEqual((await answer.json()).data.last, {
      positions: { epoch: FAKE_EPOCH, seq: 5 },
    });
    const { socket } = fake.connect({ channels: ["positions"], replay: true });
    assert.deepEqual(socket.events.map(({ data }) => data?.["id"]), ["p3"]);
  });
});

Deno.test("a removal from an unknown channel is 404, from one without keys 422", async () => {
  await withGateway({}, async (fake) => {
    const remove = (channel: string) =>
      fake.request(`/api/v1/telemetry/${channel}/snapshot/k`, { method: "DELETE" });
    await fails(await remove("weather"), 404, "NOT_FOUND");
    await fails(await remove("risk-alerts"), 422, "INVALID_EVENTS");
  });
});
