/**
 * What every event log must do, whatever it is made of: number, recognise repeats, keep whole batches,
 * and hand on every event once, in order, after its commit.
 *
 * @module
 */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { acknowledgeAlerts, type EventLog } from "../../actors/log/event_log.ts";
import { PublishError } from "../../actors/operations.ts";
import { type Channel, CHANNELS } from "../../protocol/channels.ts";
import { parseSubmission, type Submission } from "../../protocol/publish.ts";
import { marketData, position, removal, riskAlert } from "../support/events.ts";
import { RecordingObserver, until } from "./log_observer.ts";

/** A log under test, on the real clock. */
export interface LogUnderTest extends AsyncDisposable {
  /** The log, open and empty. */
  readonly log: EventLog;
  /** Forgets what need not be kept. */
  readonly forget: () => Promise<unknown>;
  /** Lets the next commit fail. */
  readonly failOnce: () => void;
}

/**
 * Opens an empty log that keeps at least the newest `retained` events of each channel, and fewer than
 * ten times as many after it was told to forget.
 */
export type LogFactory = (retained: number) => LogUnderTest | Promise<LogUnderTest>;

/** More than any test appends, where nothing shall be forgotten. */
const AMPLE = 100_000;

/** Registers a test of a log. */
export type LogTest = (
  holds: string,
  check: (log: EventLog, under: LogUnderTest) => Promise<void>,
  retained?: number,
) => void;

/** Registers tests under the name of a log. */
export function logTests(name: string, open: LogFactory): LogTest {
  return (holds, check, retained = AMPLE) =>
    Deno.test(`${name}: ${holds}`, async () => {
      await using under = await open(retained);
      await check(under.log, under);
      // What was deferred to the end of the turn has run when the test ends.
      await new Promise<void>((resolve) => setImmediate(() => resolve()));
    });
}

/** A valid event as it is appended. */
export function submissionOf(body: unknown): Submission {
  const parsed = parseSubmission(body, "events[0]", Date.now());
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.submission;
}

/** Appends events in their JSON form. */
export function append(log: EventLog, bodies: readonly unknown[], principal = "core") {
  return log.append(principal, bodies.map(submissionOf));
}

/** So many prices, of three symbols. */
export function prices(count: number, first = 1) {
  return Array.from(
    { length: count },
    (_, index) => marketData(`S${index % 3}`, `${first + index}`),
  );
}

/** The code that something is refused with. */
async function codeOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
  } catch (error) {
    assert.ok(error instanceof PublishError, String(error));
    return error.code;
  }
  return assert.fail("was accepted");
}

/** The numbers of a channel that can be read. */
async function numbersOf(log: EventLog, channel: Channel): Promise<number[] | undefined> {
  return (await log.read(channel, log.oldest(channel) - 1, 1_000))?.map(({ seq }) => seq);
}

/** Registers the tests of numbering, repeats and reading. */
export function testLogWriting(name: string, open: LogFactory): void {
  const test = logTests(name, open);

  test("an empty log ends at 0, and has nothing to read", async (log) => {
    for (const channel of CHANNELS) {
      const { epoch, seq } = log.head(channel);
      assert.match(epoch, /^\S+$/);
      assert.deepEqual([seq, log.oldest(channel)], [0, 1]);
      assert.deepEqual(await log.read(channel, 0, 10), []);
    }
  });

  test("events are numbered in their order, on each channel from 1", async (log) => {
    const { epoch } = log.head("positions");
    const receipt = await append(log, [position("a"), marketData("A", "1"), position("b")]);
    assert.deepEqual(receipt, {
      accepted: 3,
      duplicates: 0,
      last: {
        "positions": { epoch, seq: 2 },
        "market-data": { epoch: log.head("market-data").epoch, seq: 1 },
      },
    });
    await append(log, [position("c")]);
    const events = await log.read("positions", 0, 10);
    assert.deepEqual(events?.map(({ seq, key }) => [seq, key]), [[1, "a"], [2, "b"], [3, "c"]]);
    assert.deepEqual(log.head("positions"), { epoch, seq: 3 });
  });

  test("publishers at the same time get distinct numbers without holes", async (log) => {
    const batches = Array.from({ length: 40 }, (_, index) => prices(1 + index % 7));
    const receipts = await Promise.all(batches.map((batch, index) => {
      return append(log, batch, `core ${index % 3}`);
    }));
    const total = batches.reduce((sum, { length }) => sum + length, 0);
    assert.deepEqual(await numbersOf(log, "market-data"), range(1, total));
    const ends = receipts.map(({ last }) => last["market-data"]!.seq).sort((a, b) => a - b);
    assert.equal(new Set(ends).size, batches.length);
    assert.equal(ends.at(-1), total);
  });

  test("a removal is an event, which ends its key", async (log) => {
    await append(log, [position("a"), removal("positions", "a")]);
    const events = await log.read("positions", 0, 10);
    assert.deepEqual(events?.map(({ key, ends }) => [key, ends]), [
      ["a", undefined],
      ["a", "removed"],
    ]);
  });

  test("a repeat keeps its number, in its batch and afterwards", async (log) => {
    const first = { ...marketData("A", "1"), eventId: "1" };
    const second = { ...marketData("A", "2"), eventId: "2" };
    const receipt = await append(log, [first, second, first]);
    assert.deepEqual([receipt.accepted, receipt.duplicates], [2, 1]);
    const again = await append(log, [first]);
    assert.deepEqual([again.accepted, again.duplicates, again.last["market-data"]?.seq], [0, 1, 1]);
    assert.equal(log.head("market-data").seq, 2);
  });

  test("repeats that come at the same time are stored once", async (log) => {
    const event = { ...marketData("A", "1"), eventId: "1" };
    const receipts = await Promise.all(Array.from({ length: 10 }, () => append(log, [event])));
    assert.equal(receipts.reduce((sum, { accepted }) => sum + accepted, 0), 1);
    assert.ok(receipts.every(({ last }) => last["market-data"]?.seq === 1));
  });

  test("an eventId belongs to its principal and its channel", async (log) => {
    const event = { ...marketData("A", "1"), eventId: "1" };
    await append(log, [event], "one");
    assert.equal((await append(log, [event], "other")).accepted, 1);
    assert.equal((await append(log, [{ ...position("a"), eventId: "1" }], "one")).accepted, 1);
  });

  test("an eventId that was used for something else refuses its batch whole", async (log) => {
    await append(log, [{ ...marketData("A", "1"), eventId: "1" }]);
    const batch = [position("a"), { ...marketData("A", "2"), eventId: "1" }];
    assert.equal(await codeOf(append(log, batch)), "EVENT_ID_REUSED");
    assert.deepEqual([log.head("positions").seq, log.head("market-data").seq], [0, 1]);
    assert.equal((await append(log, [position("a")])).last["positions"]?.seq, 1);
  });

  test("a commit that fails stores nothing, and takes no number", async (log, under) => {
    await append(log, [position("a")]);
    under.failOnce();
    const batch = [position("b"), { ...marketData("A", "1"), eventId: "1" }];
    assert.equal(await codeOf(append(log, batch)), "STORE_UNAVAILABLE");
    assert.deepEqual([log.head("positions").seq, log.head("market-data").seq], [1, 0]);
    assert.equal(log.storage().failing, true);
    const retry = await append(log, batch);
    assert.deepEqual([retry.accepted, retry.last["positions"]?.seq], [2, 2]);
    assert.equal(log.storage().failing, false);
  });

  test("an acknowledgement is an event of its own, once an incident", async (log) => {
    await append(log, [riskAlert("a"), riskAlert("b")]);
    const { alerts: [alert], changed } = await acknowledgeAlerts(log, "desk", [{ id: "a" }]);
    const { id, seq, status, acknowledgedBy } = alert!;
    assert.deepEqual([id, seq, status, acknowledgedBy], ["a", 3, "ACKNOWLEDGED", "desk"]);
    assert.deepEqual(changed, ["a"]);
    const again = await log.append("other", [{ acknowledge: { id: "a" } }]);
    assert.deepEqual([again.accepted, again.duplicates], [0, 1]);
    assert.deepEqual(again.acknowledged, { alerts: [alert], changed: [] });
    const [stored] = await log.read("risk-alerts", 2, 10) ?? [];
    const { status: said, acknowledgedAt } = JSON.parse(stored!.data);
    assert.deepEqual([stored!.key, said], ["a", "ACKNOWLEDGED"]);
    assert.equal(acknowledgedAt, alert!.acknowledgedAt);
    await append(log, [riskAlert("a")]);
    const [next] = await log.read("risk-alerts", 3, 10) ?? [];
    assert.equal(JSON.parse(next!.data).status, "ACKNOWLEDGED", "the same incident");
  });

  test("events and acknowledgements of a batch are stored together or not at all", async (log) => {
    await append(log, [riskAlert("a")]);
    const event = submissionOf(riskAlert("b"));
    const unknown = [event, { acknowledge: { id: "a" } }, { acknowledge: { id: "x" } }];
    assert.equal(await codeOf(log.append("desk", unknown)), "ALERT_NOT_FOUND");
    assert.equal(log.head("risk-alerts").seq, 1);
    const receipt = await log.append("desk", [{ acknowledge: { id: "a" } }, event]);
    assert.deepEqual([receipt.accepted, receipt.last["risk-alerts"]?.seq], [2, 3]);
    const events = await log.read("risk-alerts", 0, 10);
    assert.deepEqual(events?.map(({ key }) => key), ["a", "b", "a"]);
  });

  test("pages follow each other, and end with the log", async (log) => {
    await append(log, prices(10));
    const page = async (after: number, limit: number) =>
      (await log.read("market-data", after, limit))?.map(({ seq }) => seq);
    assert.deepEqual(await page(0, 4), [1, 2, 3, 4]);
    assert.deepEqual(await page(4, 4), [5, 6, 7, 8]);
    assert.deepEqual(await page(8, 4), [9, 10]);
    assert.deepEqual(await page(10, 4), []);
  });

  test(
    "what is not kept any more is not read; the oldest says where to begin",
    async (log, under) => {
      for (let batch = 0; batch < 5; batch++) await append(log, prices(20));
      await under.forget();
      const oldest = log.oldest("market-data");
      assert.ok(oldest > 1 && oldest <= 100, `${oldest}`);
      assert.equal(await log.read("market-data", oldest - 2, 10), undefined);
      assert.deepEqual(await numbersOf(log, "market-data"), range(oldest, 100));
      assert.deepEqual((await append(log, prices(1))).last["market-data"]?.seq, 101);
    },
    10,
  );

  test("another epoch goes on with what is kept", async (log) => {
    await append(log, [position("a")]);
    const before = log.head("positions").epoch;
    await log.rotateEpoch();
    const { epoch } = log.head("positions");
    assert.notEqual(epoch, before);
    const receipt = await append(log, [position("b")]);
    assert.deepEqual(receipt.last["positions"], log.head("positions"));
    assert.equal(receipt.last["positions"]?.epoch, epoch);
  });

  test("who follows sees a commit before its publisher is answered", async (log) => {
    const observer = RecordingObserver.at(log);
    log.follow(observer, observer.places);
    await append(log, [position("a"), marketData("A", "1")]);
    assert.deepEqual([observer.numbers("positions"), observer.numbers("market-data")], [[1], [1]]);
    await until(() => observer.isAtHeadOf(log));
  });
}

/** The numbers from `first` to `last`. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}
