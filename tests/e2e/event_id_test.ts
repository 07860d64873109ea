/**
 * A publisher that is not sure sends again; nothing happens twice, and nothing is numbered twice.
 *
 * @module
 */
import assert from "node:assert/strict";
import { assertError } from "../support/envelopes.ts";
import { marketData, position, riskAlert } from "../support/events.ts";
import { GatewayProcess } from "../support/gateway_process.ts";
import { HttpApi } from "../support/http_api.ts";

Deno.test("an eventId makes a retry harmless", async (t) => {
  await using gateway = await GatewayProcess.start();
  const api = new HttpApi(gateway);

  await t.step("the same event again is a duplicate, with the position of the first", async () => {
    const event = { ...riskAlert("r1"), eventId: "e1" };
    const first = await api.publish(event);
    const again = await api.publish(event);
    assert.equal(again["accepted"], 0);
    assert.equal(again["duplicates"], 1);
    assert.deepEqual(again["last"], first["last"]);
  });

  await t.step("a repeat within one batch counts as a duplicate", async () => {
    const event = { ...riskAlert("r2"), eventId: "e2" };
    const receipt = await api.publish([event, riskAlert("r3"), event]);
    assert.equal(receipt["accepted"], 2);
    assert.equal(receipt["duplicates"], 1);
  });

  await t.step(
    "the same id for another payload is 422, and nothing of the batch is stored",
    async () => {
      const before = await api.heads();
      const answer = await api.post([
        riskAlert("r4"),
        { ...riskAlert("r1", { severity: "CRITICAL" }), eventId: "e1" },
      ]);
      const details = assertError(answer, 422, "EVENT_ID_REUSED");
      assert.ok(JSON.stringify(details).includes("events[1]"), answer.text);
      assert.deepEqual(await api.heads(), before);
    },
  );

  await t.step("two payloads under one new id within a batch are 422", async () => {
    const answer = await api.post([
      { ...riskAlert("r5"), eventId: "e5" },
      { ...riskAlert("r6"), eventId: "e5" },
    ]);
    assertError(answer, 422, "EVENT_ID_REUSED");
  });

  await t.step("the same id on another channel is another event", async () => {
    const receipt = await api.publish({ ...position("p1"), eventId: "e1" });
    assert.equal(receipt["accepted"], 1);
  });

  await t.step("an event without a time is recognised in its retry", async () => {
    const event = { ...marketData("BTCUSDT", "1"), eventId: "untimed" };
    await api.publish(event);
    const second = await api.publish(event);
    assert.equal(second["duplicates"], 1);
  });

  await t.step("concurrent retries store it once", async () => {
    const event = { ...riskAlert("race"), eventId: "race" };
    const receipts = await Promise.all(Array.from({ length: 10 }, () => api.publish(event)));
    const accepted = receipts.reduce((sum, receipt) => sum + receipt["accepted"], 0);
    assert.equal(accepted, 1);
  });

  await t.step("concurrent publishers get distinct numbers without holes", async () => {
    const { "market-data": from } = await api.heads();
    const receipts = await Promise.all(
      Array.from({ length: 20 }, (_, index) => api.publish(marketData(`S${index}`, "1"))),
    );
    const seqs = receipts.map((receipt) => receipt["last"]["market-data"].seq as number);
    const sorted = seqs.sort((a, b) => a - b);
    assert.deepEqual(sorted, Array.from({ length: 20 }, (_, index) => from! + 1 + index));
  });
});
