/**
 * Programs that read history over HTTP while the gateway lives on.
 *
 * @module
 */
import assert from "node:assert/strict";
import { position } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi, type Json } from "../support/http_api.ts";
import { BOOT, TempDir } from "../support/store_fixture.ts";

const EVENTS = "/api/v1/telemetry/positions/events";

/** Events in all, in batches of {@link BATCH}; the ring holds 64 of them. */
const TOTAL = 3_000;
const BATCH = 100;

Deno.test("history is read from the store to the head without a hole while publishing goes on", async () => {
  using directory = new TempDir();
  await using gateway = await GatewayProcess.start({
    env: {
      TELEMETRY_STORE: "sqlite",
      TELEMETRY_DATA_DIR: directory.path,
      TELEMETRY_BOOT_ID: BOOT,
      TELEMETRY_RING_CAPACITY: "64",
    },
  });
  const api = new HttpApi(gateway);
  let published = 0;
  const publish = async () => {
    const batch = Array.from({ length: BATCH }, (_, n) => position(`p${published + n + 1}`));
    await api.publish(batch);
    published += BATCH;
  };
  while (published < TOTAL / 2) await publish();
  const publishing = (async () => {
    while (published < TOTAL) await publish();
  })();

  const seen: string[] = [];
  let path = `${EVENTS}?limit=300`;
  while (seen.length < TOTAL) {
    const { status, text, body } = await api.request(path);
    assert.equal(status, 200, text);
    const { epoch, head, oldest, events, next } = body["data"] as Json;
    assert.equal(oldest, 1);
    for (const { seq, data } of events) {
      seen.push(data.id);
      assert.equal(seq, seen.length);
    }
    assert.equal(next === undefined, seen.length === head, "a way on until the head");
    path = next ?? `${EVENTS}?epoch=${epoch}&afterSeq=${head}&limit=300`;
  }
  await publishing;
  assert.deepEqual(seen, Array.from({ length: TOTAL }, (_, n) => `p${n + 1}`));

  const snapshot = await api.request("/api/v1/telemetry/positions/snapshot");
  const { seq, events } = snapshot.body["data"] as Json;
  assert.deepEqual([seq, events.length], [TOTAL, TOTAL]);
});

Deno.test("what a program has already is not sent again, until something happens", async () => {
  await using gateway = await GatewayProcess.start();
  const api = new HttpApi(gateway);
  await api.publish([position("p1"), position("p2")]);
  for (const path of ["/api/v1/telemetry/positions/snapshot", EVENTS]) {
    const sent = (await api.request(path)).headers.get("etag")!;
    // What compresses an answer on its way, as the runtime may, makes its tag a weak one.
    const tag = sent.replace(/^W\//, "");
    const headers = { "If-None-Match": sent };
    const same = await api.request(path, { headers });
    assert.deepEqual([same.status, same.text, same.headers.get("etag")], [304, "", tag]);
    await api.publish(position("p3"));
    const changed = await api.request(path, { headers });
    assert.equal(changed.status, 200);
    assert.notEqual(changed.headers.get("etag"), tag);
  }
});
