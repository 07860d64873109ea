/**
 * What is refused and why, and that a refused batch leaves no trace.
 *
 * @module
 */
import assert from "node:assert/strict";
import { assertError } from "../support/envelopes.ts";
import {
  marketData,
  position,
  riskAlert,
  systemWarning,
  traderMetrics,
  traderStatus,
} from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi, NDJSON } from "../support/http_api.ts";
import { type RawHeaders, rawRequest } from "../support/raw_http.ts";

Deno.test("an invalid publication is refused with the place of each fault, and nothing is stored", async (t) => {
  await using gateway = await GatewayProcess.start({ env: { TELEMETRY_MAX_BODY_BYTES: "65536" } });
  const api = new HttpApi(gateway);
  await api.publish([riskAlert("before"), position("before")]);
  const before = await api.heads();

  const faults: Record<string, [unknown, string]> = {
    "a price that is a number": [marketData("X", 1 as unknown as string), "events[1].data.price"],
    "a price that is no decimal": [marketData("X", "1e5"), "events[1].data.price"],
    "a misspelled field": [marketData("X", "1", { prise: "2" }), "events[1].data.prise"],
    "a missing field": [{ channel: "positions", data: { id: "p" } }, "events[1].data.traderId"],
    "an unknown status": [traderStatus("1", { status: "HAPPY" }), "events[1].data.status"],
    "a fault deep inside": [
      riskAlert("r", { violations: [{ type: "NEW", message: "m", details: {} }] }),
      "events[1].data.violations[0].type",
    ],
    "a bad duration": [
      traderStatus("1", { metrics: traderMetrics({ uptime: "15 s" }) }),
      "events[1].data.metrics.uptime",
    ],
    "a bad time": [riskAlert("r", { createdAt: "yesterday" }), "events[1].data.createdAt"],
    "an unknown channel": [{ channel: "weather", data: {} }, "events[1].channel"],
    "no channel": [{ data: {} }, "events[1].channel"],
    "no data": [{ channel: "positions" }, "events[1].data"],
    "no object": [42, "events[1]"],
    "an unknown key beside data": [{ ...position("p"), seq: 5 }, "events[1].seq"],
  };
  for (const [name, [event, path]] of Object.entries(faults)) {
    await t.step(`${name}: 422 at ${path}`, async () => {
      const answer = await api.post([riskAlert("valid"), event, riskAlert("valid too")]);
      const details = assertError(answer, 422, "INVALID_EVENTS");
      const places = JSON.stringify(details);
      assert.ok(
        Object.keys(details).some((key) => key === path || key.startsWith(`${path}.`)) ||
          places.includes(path),
        places,
      );
      assert.deepEqual(await api.heads(), before);
    });
  }

  await t.step("NDJSON faults name the event as well", async () => {
    const body = `${JSON.stringify(riskAlert("ok"))}\n${JSON.stringify(marketData("X", "?"))}`;
    const answer = await api.post(body, { headers: { "Content-Type": NDJSON } });
    const details = assertError(answer, 422, "INVALID_EVENTS");
    assert.ok(JSON.stringify(details).includes("events[1].data.price"), answer.text);
  });

  await t.step("the first 100 faults are named", async () => {
    const answer = await api.post(Array.from({ length: 150 }, () => marketData("X", "?")));
    const details = assertError(answer, 422, "INVALID_EVENTS");
    const named = JSON.stringify(details).match(/events\[\d+\]\.data\.price/g) ?? [];
    assert.equal(new Set(named).size, 100);
  });

  await t.step("system-warnings belong to the gateway alone: 403", async () => {
    const answer = await api.post([riskAlert("valid"), systemWarning("w")]);
    assertError(answer, 403, "FORBIDDEN");
  });

  await t.step("malformed JSON is 400", async () => {
    assertError(await api.post("{"), 400, "INVALID_REQUEST");
    assertError(await api.post(""), 400, "INVALID_REQUEST");
    assertError(
      await api.post("{}\n{", { headers: { "Content-Type": NDJSON } }),
      400,
      "INVALID_REQUEST",
    );
  });

  await t.step("another content type is 415", async () => {
    for (const type of ["text/plain", "application/xml", "multipart/form-data; boundary=x"]) {
      const headers = { "Content-Type": type };
      assertError(await api.post(riskAlert("r"), { headers }), 415, "UNSUPPORTED_MEDIA_TYPE");
    }
  });

  await t.step("a body over the limit is 413, with a length and without", async () => {
    const events = Array.from({ length: 400 }, () => riskAlert("r"));
    assertError(await api.post(events), 413, "PAYLOAD_TOO_LARGE");
    const stream = new Blob([JSON.stringify(events)]).stream();
    const response = await fetch(`${gateway.url}/api/v1/telemetry/events`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-API-Key": gateway.apiKey },
      body: stream,
    });
    assertError(
      { status: response.status, body: await response.text() },
      413,
      "PAYLOAD_TOO_LARGE",
    );
  });

  await t.step(
    "a client that reads only after it has written learns of the 413 as well",
    async () => {
      const size = 12 * 1_048_576; // More than the kernel keeps for a reader that has stopped.
      const text = "x".repeat(size);
      const headers = { "Content-Type": "application/json", "X-API-Key": gateway.apiKey };
      const chunked = { ...headers, "Content-Length": null, "Transfer-Encoding": "chunked" };
      const requests: [RawHeaders, string][] = [
        [headers, text],
        [chunked, `${size.toString(16)}\r\n${text}\r\n0\r\n\r\n`],
      ];
      const url = `${gateway.url}/api/v1/telemetry/events`;
      for (const [headers, body] of requests) {
        const answer = await rawRequest(url, { method: "POST", headers, body });
        assertError({ status: answer.status, body: answer.body }, 413, "PAYLOAD_TOO_LARGE");
      }
    },
  );

  await t.step("an event over 64 KiB is refused", async () => {
    await using roomy = await GatewayProcess.start();
    const details = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`k${index}`, "x".repeat(4_000)]),
    );
    const violations = [{ type: "BUDGET", message: "m", details }];
    const answer = await new HttpApi(roomy).post(riskAlert("large", { violations }));
    assert.ok(answer.status === 422 || answer.status === 413, answer.text);
  });

  await t.step("after all that nothing was stored", async () => {
    assert.deepEqual(await api.heads(), before);
    assert.equal((await api.publish(riskAlert("after")))["last"]["risk-alerts"].seq, 2);
  });
});
