/**
 * What who follows a log may rely on: each event once, in order, after its commit, with no gap between
 * what was kept before and what comes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { CHANNELS } from "../../protocol/channels.ts";
import { position } from "../support/events.ts";
import { append, type LogFactory, logTests, prices, range } from "./event_log.ts";
import { RecordingObserver, until } from "./log_observer.ts";

/** Registers the tests of following. */
export function testLogFollowing(name: string, open: LogFactory): void {
  const test = logTests(name, open);

  test("who begins at the head gets what is committed from then on", async (log) => {
    await append(log, [...prices(5), position("a")]);
    const observer = RecordingObserver.at(log);
    log.follow(observer, observer.places);
    for (let batch = 0; batch < 5; batch++) await append(log, [...prices(3), position("b")]);
    await until(() => observer.isAtHeadOf(log));
    assert.deepEqual(observer.numbers("market-data"), range(6, 20));
    assert.deepEqual(observer.numbers("positions"), range(2, 6));
    assert.deepEqual(observer.restarts, []);
  });

  test("who begins anywhere gets what is kept and then what comes, each event once", async (log) => {
    await append(log, prices(700));
    const places = [0, 1, 255, 256, 699, 700];
    const observers = places.map((seq) => {
      const { epoch } = log.head("market-data");
      const observer = new RecordingObserver(log, [["market-data", { epoch, seq }]]);
      log.follow(observer, observer.places);
      return observer;
    });
    // Commits go on while those who are behind still read.
    await Promise.all(Array.from({ length: 30 }, () => append(log, prices(10))));
    await until(() => observers.every((observer) => observer.isAtHeadOf(log)));
    await append(log, prices(1));
    await until(() => observers.every((observer) => observer.isAtHeadOf(log)));
    for (const [index, observer] of observers.entries()) {
      assert.deepEqual(observer.numbers("market-data"), range(places[index]! + 1, 1_001));
      assert.deepEqual(observer.restarts, []);
    }
    const [first, ...others] = observers.map(({ events }) => events.get("market-data")!);
    for (const events of others) assert.deepEqual(first!.slice(-events.length), events);
  });

  test("channels that it did not name are not handed on", async (log) => {
    const observer = new RecordingObserver(log, [["positions", log.head("positions")]]);
    log.follow(observer, observer.places);
    await append(log, [...prices(2), position("a")]);
    await until(() => observer.isAtHeadOf(log));
    assert.deepEqual([...observer.events.keys()], ["positions"]);
  });

  test("who stops gets nothing more, also if it was behind", async (log) => {
    await append(log, prices(300));
    const live = RecordingObserver.at(log);
    const behind = RecordingObserver.atBeginning(log);
    const other = RecordingObserver.at(log);
    const stops = [live, behind].map((observer) => log.follow(observer, observer.places));
    log.follow(other, other.places);
    for (const stop of stops) stop();
    await append(log, prices(3));
    await until(() => other.isAtHeadOf(log));
    assert.deepEqual([live.numbers("market-data"), behind.numbers("market-data")], [[], []]);
  });

  test("nothing of a commit that failed is handed on", async (log, under) => {
    const observer = RecordingObserver.at(log);
    log.follow(observer, observer.places);
    under.failOnce();
    await assert.rejects(append(log, prices(3)));
    assert.deepEqual(observer.numbers("market-data"), []);
    await append(log, prices(2));
    await until(() => observer.isAtHeadOf(log));
    assert.deepEqual(observer.numbers("market-data"), [1, 2]);
  });

  for (
    const [what, placeOf] of [
      ["another epoch", (epoch: string, seq: number) => ({ epoch: `not ${epoch}`, seq })],
      ["beyond the head", (epoch: string, seq: number) => ({ epoch, seq: seq + 1 })],
    ] as const
  ) {
    test(`who knows ${what} begins anew with the state of the channel`, async (log) => {
      await append(log, [position("a"), position("b"), position("a")]);
      const { epoch, seq } = log.head("positions");
      const observer = new RecordingObserver(log, [["positions", placeOf(epoch, seq)]]);
      log.follow(observer, observer.places);
      await append(log, [position("c")]);
      await until(() => observer.restarts.length > 0 && observer.isAtHeadOf(log));
      assert.equal(observer.restarts.length, 1);
      const [, state] = observer.restarts[0]!;
      assert.ok(state.seq === 3 || state.seq === 4);
      assert.deepEqual(observer.numbers("positions"), range(state.seq + 1, 4));
      const keys = state.latest.map(({ key }) => key);
      assert.deepEqual(keys, state.seq === 3 ? ["b", "a"] : ["b", "a", "c"]);
    });
  }

  test("whose events are no longer kept begins anew as well", async (log, under) => {
    for (let batch = 0; batch < 5; batch++) await append(log, prices(20));
    await under.forget();
    const observer = RecordingObserver.atBeginning(log);
    log.follow(observer, observer.places);
    await until(() => observer.isAtHeadOf(log));
    const state = new Map(observer.restarts).get("market-data");
    assert.equal(state?.seq, 100);
    await append(log, prices(1));
    await until(() => observer.isAtHeadOf(log));
    assert.deepEqual(observer.numbers("market-data"), [101]);
  }, 10);

  test("a change of the epoch begins every channel anew, once, between two commits", async (log) => {
    await append(log, [...prices(5), position("a")]);
    const before = log.head("positions").epoch;
    const observers = [RecordingObserver.at(log), RecordingObserver.atBeginning(log)];
    for (const observer of observers) log.follow(observer, observer.places);
    const appends = Array.from({ length: 10 }, () => append(log, prices(7)));
    const rotation = log.rotateEpoch();
    for (let batch = 0; batch < 10; batch++) appends.push(append(log, prices(7)));
    await Promise.all([rotation, ...appends]);
    await until(() => observers.every((observer) => observer.isAtHeadOf(log)));
    for (const { restarts, places, numbers } of observers.map(bound)) {
      assert.deepEqual(restarts.map(([channel]) => channel).sort(), [...CHANNELS].sort());
      for (const [channel, state] of restarts) {
        assert.notEqual(state.epoch, before);
        assert.equal(state.epoch, places.get(channel)!.epoch);
        assert.deepEqual(numbers(channel), range(state.seq + 1, log.head(channel).seq));
      }
    }
  });
}

/** An observer whose method can be taken from it. */
function bound(observer: RecordingObserver) {
  const { restarts, places } = observer;
  return { restarts, places, numbers: observer.numbers.bind(observer) };
}
