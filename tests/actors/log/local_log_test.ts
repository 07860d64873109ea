import assert from "node:assert/strict";
import { LocalLog } from "../../../actors/log/local_log.ts";
import { MemoryStore } from "../../../actors/store/memory.ts";
import { ChannelStream } from "../../../actors/stream/channel_stream.ts";
import { PRODUCT_CHANNELS } from "../../../protocol/channel_set.ts";
import { CHANNELS } from "../../../protocol/channels.ts";
import { marketData, position, riskAlert } from "../../support/events.ts";
import { storedEvent } from "../../support/stream_fixture.ts";
import { settle, TEST_EPOCH, TestClock } from "../../support/test_clock.ts";
import { at, Fixture, identified, inOneTurn, refused, submission } from "./local_log_fixture.ts";

Deno.test("events are numbered in the order they come, on each channel from 1, without holes", async () => {
  const fixture = new Fixture();
  await fixture.publish([position("a"), marketData("BTC", "1"), position("b")]);
  await fixture.publish([marketData("ETH", "2"), position("a")]);
  const stored = fixture.store.batches.flat().map(({ channel, key, seq }) => [channel, key, seq]);
  assert.deepEqual(stored, [
    ["positions", "a", 1],
    ["market-data", "BTC", 1],
    ["positions", "b", 2],
    ["market-data", "ETH", 2],
    ["positions", "a", 3],
  ]);
});

Deno.test("events carry the time of their acceptance", async () => {
  const fixture = new Fixture();
  fixture.clock.advance(5_000);
  await fixture.publish([position("a")]);
  assert.equal(fixture.store.batches[0]![0]!.timestamp, TEST_EPOCH + 5_000);
});

Deno.test("numbers continue the head of the store", async () => {
  const store = new MemoryStore(10, "e1");
  await store.commit([storedEvent("positions", 1, "a"), storedEvent("positions", 2, "a")]);
  const clock = new TestClock();
  const streams = new Map(CHANNELS.map((channel) => {
    const { epoch, seq } = store.head(channel);
    return [channel, ChannelStream.begin(PRODUCT_CHANNELS.get(channel), epoch, seq, 10)];
  }));
  const silent = () => {};
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const eventLog = new LocalLog({
    clock,
    log,
    store,
    streams,
    restoreRequest: () => assert.fail("nobody begins anew"),
    dedupeWindowSeconds: 1,
    incidentGapSeconds: 1,
  });
  const receipt = eventLog.append("p", [submission(position("a"))]);
  await clock.advanceAsync(0);
  assert.deepEqual((await receipt).last, { positions: at(3) });
});

Deno.test("a receipt counts the events and names the last number of each channel", async () => {
  const fixture = new Fixture();
  const receipt = await fixture.publish([position("a"), riskAlert("r"), position("b")]);
  assert.deepEqual(receipt, {
    accepted: 3,
    duplicates: 0,
    last: { "positions": at(2), "risk-alerts": at(1) },
  });
});

Deno.test("all requests of a turn are one commit, each with a receipt of its own", async () => {
  const fixture = new Fixture();
  const receipts = await inOneTurn(fixture, [
    [position("a"), position("b")],
    [marketData("BTC", "1")],
    [position("c")],
  ]);
  assert.deepEqual(fixture.store.batches.map((batch) => batch.length), [4]);
  assert.deepEqual(receipts, [
    { accepted: 2, duplicates: 0, last: { "positions": at(2) } },
    { accepted: 1, duplicates: 0, last: { "market-data": at(1) } },
    { accepted: 1, duplicates: 0, last: { "positions": at(3) } },
  ]);
});

Deno.test("nothing is committed before the turn ends", async () => {
  const fixture = new Fixture();
  const receipt = fixture.eventLog.append("p", [submission(position("a"))]);
  await settle();
  assert.equal(fixture.store.batches.length, 0);
  await fixture.clock.advanceAsync(0);
  assert.equal((await receipt).accepted, 1);
});

Deno.test("nobody is told and nothing is fanned out before the commit is done", async () => {
  const fixture = new Fixture();
  const { promise, resolve } = Promise.withResolvers<void>();
  fixture.store.gate = promise;
  let told = false;
  const receipt = fixture.eventLog.append("p", [submission(position("a"))]);
  receipt.then(() => {
    told = true;
    assert.equal(fixture.fannedOut, 1); // Whoever is told can read it.
  });
  await fixture.clock.advanceAsync(1_000);
  assert.equal(fixture.store.batches.length, 1);
  assert.deepEqual([told, fixture.fannedOut], [false, 0]);
  resolve();
  await fixture.clock.advanceAsync(0);
  assert.deepEqual([told, fixture.fannedOut], [true, 1]);
});

Deno.test("what comes during a commit is the next one, and goes on with the next number", async () => {
  const fixture = new Fixture();
  const { promise, resolve } = Promise.withResolvers<void>();
  fixture.store.gate = promise;
  const first = fixture.eventLog.append("p", [submission(position("a"))]);
  await fixture.clock.advanceAsync(0);
  const second = fixture.eventLog.append("p", [submission(position("b"))]);
  const third = fixture.eventLog.append("p", [submission(position("c"))]);
  await fixture.clock.advanceAsync(0);
  assert.equal(fixture.store.batches.length, 1);
  resolve();
  await fixture.clock.advanceAsync(0);
  const seqs = fixture.store.batches.map((batch) => batch.map(({ seq }) => seq));
  assert.deepEqual(seqs, [[1], [2, 3]]);
  const receipts = await Promise.all([first, second, third]);
  assert.deepEqual(receipts.map(({ last }) => last.positions?.seq), [1, 2, 3]);
});

Deno.test("a failed commit refuses every request of its turn, and nothing is fanned out", async () => {
  const fixture = new Fixture();
  fixture.store.failures = 1;
  const answers = await inOneTurn(fixture, [[position("a")], [position("b"), position("c")]]);
  assert.deepEqual(answers, ["STORE_UNAVAILABLE", "STORE_UNAVAILABLE"]);
  assert.equal(fixture.fannedOut, 0);
  assert.equal(fixture.errors.length, 1);
});

Deno.test("after a failed commit the numbers go on without a hole", async () => {
  const fixture = new Fixture();
  await fixture.publish([position("a")]);
  fixture.store.failures = 2;
  for (let attempt = 0; attempt < 2; attempt++) {
    assert.equal((await fixture.refusal([position("b"), position("c")])).code, "STORE_UNAVAILABLE");
  }
  const receipt = await fixture.publish([position("b")]);
  assert.deepEqual(receipt.last, { positions: at(2) });
  assert.equal(fixture.fannedOut, 2);
});

Deno.test("what comes during a commit that fails is stored without a hole", async () => {
  const fixture = new Fixture();
  const { promise, resolve } = Promise.withResolvers<void>();
  fixture.store.gate = promise;
  fixture.store.failures = 1;
  const first = refused(fixture.eventLog.append("p", [submission(position("a"))]));
  await fixture.clock.advanceAsync(0);
  const second = fixture.eventLog.append("p", [submission(position("b"))]);
  resolve();
  await fixture.clock.advanceAsync(0);
  assert.equal((await first).code, "STORE_UNAVAILABLE");
  assert.deepEqual((await second).last, { positions: at(1) });
});

Deno.test("after a failed commit an identity stands for nothing: the retry is stored", async () => {
  const fixture = new Fixture();
  fixture.store.failures = 1;
  await fixture.refusal([identified("1")]);
  const retry = await fixture.publish([identified("1")]);
  assert.deepEqual(retry, { accepted: 1, duplicates: 0, last: { "market-data": at(1) } });
});

Deno.test("after a failed commit identities of before are still known", async () => {
  const fixture = new Fixture();
  await fixture.publish([identified("1")]);
  fixture.store.failures = 1;
  await fixture.refusal([identified("1"), identified("2")]);
  const retry = await fixture.publish([identified("1"), identified("2")]);
  assert.deepEqual(retry, { accepted: 1, duplicates: 1, last: { "market-data": at(2) } });
});
