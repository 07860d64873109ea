/**
 * Logs have every event, or say what is missing.
 *
 * @module
 */
import assert from "node:assert/strict";
import { MAX_WAITING } from "../../../protocol/client/event_log.ts";
import { Gap, type LogEvent } from "../../../protocol/client/mod.ts";
import { settle } from "../../support/test_clock.ts";
import { EPOCH, FakeNetwork, row, UNRECOVERED } from "./fake_network.ts";

/** Reads a log in the background: the numbers, and how it ended. */
function reader(log: AsyncIterable<LogEvent<unknown>>) {
  const read: { numbers: number[]; end: unknown } = { numbers: [], end: undefined };
  (async () => {
    try {
      for await (const { seq } of log) read.numbers.push(seq);
      read.end = "done";
    } catch (error) {
      read.end = error;
    }
  })();
  return read;
}

/** Events with numbers, one id each. */
function alerts(from: number, to: number) {
  return Array.from({ length: to - from + 1 }, (_, index) => row(from + index, `a${from + index}`));
}

/** A live client with a log that has begun at 10. */
function alertLog() {
  const network = new FakeNetwork();
  network.random = 0;
  const gateway = network.live();
  const log = gateway.log("risk-alerts");
  network.connection.ack(10);
  return { network, gateway, log };
}

Deno.test("a log without since has what happens from now on, in order", async () => {
  const { network, gateway, log } = alertLog();
  const read = reader(log);
  assert.deepEqual(network.connection.last("subscribe")["channels"], [{ name: "risk-alerts" }]);
  network.connection.frame("risk-alerts", 11, alerts(11, 13));
  await settle();
  assert.deepEqual(read.numbers, [11, 12, 13]);
  assert.deepEqual(log.place, { epoch: EPOCH, seq: 13 });
  gateway.close();
  await settle();
  assert.equal(read.end, "done");
});

Deno.test("a log goes on after a reconnect where it was, and has nothing twice", async () => {
  const { network, gateway, log } = alertLog();
  const read = reader(log);
  network.connection.frame("risk-alerts", 11, alerts(11, 12));
  network.connection.end(1006);
  await network.clock.advanceAsync(0);
  network.connection.welcome();
  assert.deepEqual(network.connection.last("subscribe")["channels"][0]["since"].seq, 12);
  network.connection.ack(12, { recovered: true });
  network.connection.frame("risk-alerts", 13, alerts(13, 14), { replay: true });
  network.connection.frame("risk-alerts", 13, alerts(13, 14));
  await settle();
  assert.deepEqual(read.numbers, [11, 12, 13, 14]);
  gateway.close();
});

for (const { reason, epoch, fields } of UNRECOVERED) {
  Deno.test(`a log that cannot be recovered throws Gap (${reason}) with both ends`, async () => {
    const network = new FakeNetwork();
    const gateway = network.live();
    const log = gateway.log("risk-alerts", { since: { epoch: EPOCH, seq: 5 } });
    const read = reader(log);
    network.connection.ack(40, fields);
    await settle();
    assert.ok(read.end instanceof Gap);
    assert.deepEqual([read.end.reason, read.end.code], [reason, "gap"]);
    assert.deepEqual(read.end.after, { epoch: EPOCH, seq: 5 });
    assert.deepEqual(read.end.resumeAt, { epoch, seq: 40 });
    gateway.close();
  });
}

Deno.test("what waits is read before a Gap is thrown", async () => {
  const { network, gateway, log } = alertLog();
  network.connection.frame("risk-alerts", 11, alerts(11, 12));
  network.connection.frame("risk-alerts", 13, [row(15, "x")], { to: 15, skipped: 2 });
  const read = reader(log);
  await settle();
  assert.deepEqual(read.numbers, [11, 12]);
  assert.ok(read.end instanceof Gap && read.end.reason === "skipped");
  assert.deepEqual(read.end.resumeAt, { epoch: EPOCH, seq: 15 });
  gateway.close();
});

Deno.test("a hole is filled by the gateway, and the log does not notice", async () => {
  const { network, gateway, log } = alertLog();
  const read = reader(log);
  network.connection.frame("risk-alerts", 13, alerts(13, 13));
  network.connection.ackUnsubscribe();
  network.connection.ack(10, { recovered: true });
  network.connection.frame("risk-alerts", 11, alerts(11, 13));
  await settle();
  assert.deepEqual([read.numbers, read.end], [[11, 12, 13], undefined]);
  gateway.close();
});

Deno.test("a slow reader leaves events at the gateway, and has them all in the end", async () => {
  const { network, gateway, log } = alertLog();
  network.connection.frame("risk-alerts", 11, alerts(11, MAX_WAITING + 10));
  network.connection.frame(
    "risk-alerts",
    MAX_WAITING + 11,
    alerts(MAX_WAITING + 11, MAX_WAITING + 20),
  );
  assert.equal(network.connection.requests("subscribe").length, 1);
  const read = reader(log);
  await settle();
  const { channels: [{ since }] } = network.connection.last("subscribe");
  assert.equal(since.seq, MAX_WAITING + 10);
  network.connection.ackUnsubscribe();
  network.connection.ack(since.seq, { recovered: true });
  network.connection.frame("risk-alerts", since.seq + 1, alerts(since.seq + 1, since.seq + 10));
  await settle();
  assert.deepEqual(
    read.numbers,
    Array.from({ length: MAX_WAITING + 10 }, (_, index) => index + 11),
  );
  gateway.close();
});

Deno.test("leaving the loop ends the subscription, and another log goes on after the last event", async () => {
  const { network, gateway, log } = alertLog();
  network.connection.frame("risk-alerts", 11, alerts(11, 14));
  for await (const { seq } of log) if (seq === 12) break;
  assert.deepEqual(log.place, { epoch: EPOCH, seq: 12 });
  assert.equal(network.connection.requests("unsubscribe").length, 1);
  network.connection.ackUnsubscribe();
  const read = reader(gateway.log("risk-alerts", { since: log.place! }));
  network.connection.ack(12, { recovered: true });
  network.connection.frame("risk-alerts", 13, alerts(13, 14));
  await settle();
  assert.deepEqual(read.numbers, [13, 14]);
  gateway.close();
});

Deno.test("a log of a client that ends for good throws why, once", async () => {
  const { network, log } = alertLog();
  network.connection.end(4401, "revoked");
  await assert.rejects(log.next(), { code: "unauthorized", final: true });
  assert.deepEqual(await log.next(), { done: true, value: undefined });
});
