import assert from "node:assert/strict";
import { MAX_PENDING_EVENTS } from "../../../actors/log/local_log.ts";
import { MAX_KEYS } from "../../../actors/stream/latest_states.ts";
import { marketData, position, removal, riskAlert } from "../../support/events.ts";
import { at, Fixture, identified, inOneTurn, refused, submission } from "./local_log_fixture.ts";

Deno.test("a repeat within a batch is a duplicate", async () => {
  const fixture = new Fixture();
  const receipt = await fixture.publish([identified("1"), identified("2"), identified("1")]);
  assert.deepEqual(receipt, { accepted: 2, duplicates: 1, last: { "market-data": at(2) } });
  assert.deepEqual(fixture.store.batches.map((batch) => batch.length), [2]);
});

Deno.test("a repeat within a turn is a duplicate, and names the number of the other request's", async () => {
  const fixture = new Fixture();
  const receipts = await inOneTurn(fixture, [[identified("1")], [identified("1")]]);
  assert.deepEqual(receipts, [
    { accepted: 1, duplicates: 0, last: { "market-data": at(1) } },
    { accepted: 0, duplicates: 1, last: { "market-data": at(1) } },
  ]);
  assert.deepEqual(fixture.store.batches.map((batch) => batch.length), [1]);
});

Deno.test("a repeat within the window is a duplicate, names its old number, and commits nothing", async () => {
  const fixture = new Fixture();
  await fixture.publish([identified("1"), identified("2")]);
  fixture.clock.advance(119_999);
  const receipt = await fixture.publish([identified("1")]);
  assert.deepEqual(receipt, { accepted: 0, duplicates: 1, last: { "market-data": at(1) } });
  assert.equal(fixture.store.batches.length, 1);
});

Deno.test("the last number of a receipt is the highest, though a duplicate's comes after it", async () => {
  const fixture = new Fixture();
  await fixture.publish([identified("1")]);
  const receipt = await fixture.publish([identified("2"), identified("1")]);
  assert.deepEqual(receipt, { accepted: 1, duplicates: 1, last: { "market-data": at(2) } });
});

Deno.test("events without an identity are never duplicates", async () => {
  const fixture = new Fixture();
  const receipt = await fixture.publish([marketData("BTC", "1"), marketData("BTC", "1")]);
  assert.equal(receipt.accepted, 2);
});

Deno.test("an identity belongs to its principal", async () => {
  const fixture = new Fixture();
  await fixture.publish([identified("1", "1.00")], "p");
  const receipt = await fixture.publish([identified("1", "2.00")], "q");
  assert.deepEqual(receipt, { accepted: 1, duplicates: 0, last: { "market-data": at(2) } });
});

Deno.test("an identity belongs to its channel", async () => {
  const fixture = new Fixture();
  const receipt = await fixture.publish([identified("1"), { ...position("a"), eventId: "1" }]);
  assert.equal(receipt.accepted, 2);
});

Deno.test("an identity is free again when its window is over, also for another payload", async () => {
  const fixture = new Fixture(2);
  await fixture.publish([identified("1", "1.00")]);
  fixture.clock.advance(1_999);
  assert.equal((await fixture.refusal([identified("1", "2.00")])).code, "EVENT_ID_REUSED");
  fixture.clock.advance(1);
  assert.equal((await fixture.publish([identified("1", "2.00")])).accepted, 1);
});

Deno.test("a duplicate does not lengthen its window", async () => {
  const fixture = new Fixture(2);
  await fixture.publish([identified("1")]);
  fixture.clock.advance(1_500);
  assert.equal((await fixture.publish([identified("1")])).duplicates, 1);
  fixture.clock.advance(500);
  assert.equal((await fixture.publish([identified("1")])).accepted, 1);
});

Deno.test("without a window nothing is a duplicate", async () => {
  const fixture = new Fixture(0);
  await fixture.publish([identified("1")]);
  assert.equal((await fixture.publish([identified("1")])).accepted, 1);
});

Deno.test("an identity for another payload is refused with its place, and nothing of it is stored", async () => {
  const fixture = new Fixture();
  await fixture.publish([identified("1", "1.00"), identified("2", "1.00")]);
  const error = await fixture.refusal([
    identified("3", "1.00"),
    identified("1", "9.00"),
    identified("2", "1.00"),
    identified("2", "9.00"),
  ]);
  assert.equal(error.code, "EVENT_ID_REUSED");
  assert.deepEqual(error.faults.map(({ path }) => path), [
    "events[1].eventId",
    "events[3].eventId",
  ]);
  assert.equal(fixture.store.batches.length, 1);
  assert.equal((await fixture.publish([identified("3", "5.00")])).accepted, 1);
});

Deno.test("an identity for two payloads within one batch is refused", async () => {
  const fixture = new Fixture();
  const error = await fixture.refusal([identified("1", "1.00"), identified("1", "2.00")]);
  assert.equal(error.code, "EVENT_ID_REUSED");
  assert.deepEqual(error.faults.map(({ path }) => path), ["events[1].eventId"]);
  assert.equal(fixture.store.batches.length, 0);
});

Deno.test("an identity for another payload costs the other requests of the turn nothing", async () => {
  const fixture = new Fixture();
  const answers = await inOneTurn(fixture, [
    [identified("1", "1.00")],
    [identified("9", "1.00"), identified("1", "2.00")],
    [identified("2", "1.00")],
  ]);
  assert.deepEqual(answers, [
    { accepted: 1, duplicates: 0, last: { "market-data": at(1) } },
    "EVENT_ID_REUSED",
    { accepted: 1, duplicates: 0, last: { "market-data": at(2) } },
  ]);
});

Deno.test("an identity of one key's removal cannot stand for another key's", async () => {
  const fixture = new Fixture();
  await fixture.publish([position("a"), position("b")]);
  await fixture.publish([{ ...removal("positions", "a"), eventId: "1" }]);
  const repeat = await fixture.publish([{ ...removal("positions", "a"), eventId: "1" }]);
  assert.equal(repeat.duplicates, 1);
  const error = await fixture.refusal([{ ...removal("positions", "b"), eventId: "1" }]);
  assert.equal(error.code, "EVENT_ID_REUSED");
});

Deno.test("a full snapshot takes no new key, and says which event has it", async () => {
  const fixture = new Fixture();
  fixture.fill(MAX_KEYS - 1);
  await fixture.publish([marketData("LAST", "1")]);
  const error = await fixture.refusal([marketData("LAST", "2"), marketData("MORE", "1")]);
  assert.equal(error.code, "SNAPSHOT_FULL");
  assert.deepEqual(error.faults.map(({ path }) => path), ["events[1].data.id"]);
  assert.equal(fixture.store.batches.length, 1);
});

Deno.test("a full snapshot goes on with its keys, as do the other channels", async () => {
  const fixture = new Fixture();
  fixture.fill(MAX_KEYS);
  const receipt = await fixture.publish([marketData("FILL7", "2"), position("a"), riskAlert("r")]);
  assert.equal(receipt.accepted, 3);
});

Deno.test("removing a key makes room for another", async () => {
  const fixture = new Fixture();
  fixture.fill(MAX_KEYS);
  await fixture.publish([removal("market-data", "FILL7")]);
  assert.equal((await fixture.publish([marketData("MORE", "1")])).accepted, 1);
  assert.equal((await fixture.refusal([marketData("FILL7", "1")])).code, "SNAPSHOT_FULL");
});

Deno.test("new keys of one turn count together, and each of them once", async () => {
  const fixture = new Fixture();
  fixture.fill(MAX_KEYS - 2);
  const answers = await inOneTurn(fixture, [
    [marketData("A", "1"), marketData("A", "2")],
    [marketData("B", "1"), marketData("A", "3")],
    [marketData("C", "1")],
  ]);
  assert.deepEqual(answers.map((answer) => typeof answer === "string" ? answer : answer.accepted), [
    2,
    2,
    "SNAPSHOT_FULL",
  ]);
});

Deno.test("a request that is refused takes no room from the others of its turn", async () => {
  const fixture = new Fixture();
  fixture.fill(MAX_KEYS - 1);
  const answers = await inOneTurn(fixture, [
    [marketData("A", "1"), marketData("B", "1")],
    [marketData("C", "1")],
  ]);
  assert.deepEqual(answers, [
    "SNAPSHOT_FULL",
    { accepted: 1, duplicates: 0, last: { "market-data": at(1) } },
  ]);
});

Deno.test("when too many events wait publishers are told to come back, until the commit begins", async () => {
  const fixture = new Fixture();
  const one = submission(riskAlert("r"));
  const many = fixture.eventLog.append("p", Array(MAX_PENDING_EVENTS - 1).fill(one));
  const last = fixture.eventLog.append("p", [one]);
  assert.equal((await refused(fixture.eventLog.append("p", [one]))).code, "OVERLOADED");
  await fixture.clock.advanceAsync(0);
  assert.equal((await many).accepted, MAX_PENDING_EVENTS - 1);
  assert.deepEqual((await last).last, { "risk-alerts": at(MAX_PENDING_EVENTS) });
  const receipt = await fixture.publish([riskAlert("r")]);
  assert.deepEqual(receipt.last, { "risk-alerts": at(MAX_PENDING_EVENTS + 1) });
});
