import assert from "node:assert/strict";
import fc from "fast-check";
import type { MarketDataEvent } from "../../../../actors/sources/publish.ts";
import { playTape, type TapeOptions } from "../../../../routes/cli/tape/player.ts";
import type { TapeProgress } from "../../../../routes/cli/tape/progress.ts";
import { wait } from "../../../../actors/wait.ts";
import { parseSubmission } from "../../../../protocol/publish.ts";
import { settle, TestClock } from "../../../support/test_clock.ts";
import { recordedTape, streamOf } from "./bytes.ts";

const COLUMNS = "timestamp:ms,symbol,price";

interface Delivery {
  readonly at: number;
  readonly prices: readonly string[];
}

/** A tape of one symbol, whose prices are the numbers of its rows. */
function tapeAt(times: readonly number[]): string {
  return times.map((time, index) => `${1_000_000 + time},X,${index}\n`).join("");
}

/** Starts a tape on a clock of its own and notes what is delivered when. */
function playing(text: string, options: Partial<TapeOptions> = {}) {
  const clock = new TestClock();
  const deliveries: Delivery[] = [];
  const publish = (batch: readonly unknown[]) => {
    const prices = (batch as MarketDataEvent[]).map(({ data }) => data.price);
    deliveries.push({ at: clock.now(), prices });
    return Promise.resolve();
  };
  const stream = streamOf(text);
  const summary = playTape({ stream, columns: COLUMNS, clock, publish, ...options });
  return { clock, deliveries, summary };
}

Deno.test("playTape() keeps the recorded pace, and publishes together what is due together", async () => {
  const { clock, deliveries, summary } = playing(tapeAt([0, 0, 40, 40, 40, 1_000, 1_250]));
  await clock.advanceAsync(10_000);
  assert.deepEqual(deliveries, [
    { at: 0, prices: ["0", "1"] },
    { at: 40, prices: ["2", "3", "4"] },
    { at: 1_000, prices: ["5"] },
    { at: 1_250, prices: ["6"] },
  ]);
  assert.equal((await summary).ended, "end");
  assert.equal((await summary).rows, 7);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("playTape() goes faster and slower than recorded", async () => {
  for (const [speed, at] of [[10, 100], [0.5, 2_000]] as const) {
    const { clock, deliveries, summary } = playing(tapeAt([0, 1_000]), { speed });
    await clock.advanceAsync(5_000);
    assert.deepEqual(deliveries.map((delivery) => delivery.at), [0, at]);
    await summary;
  }
});

Deno.test("playTape() publishes every row once, in order, never early and never a ms late", async () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(gaps, fc.constantFrom(1, 3, 7, 60), async (steps, speed) => {
      let time = 0;
      const times = steps.map((gap) => time += gap);
      const { clock, deliveries, summary } = playing(tapeAt(times), { speed });
      await clock.advanceAsync(1 + 3_000 * 60 / speed);
      await summary;
      const rows = deliveries.flatMap(({ at, prices }) => prices.map((price) => ({ at, price })));
      assert.deepEqual(rows.map(({ price }) => price), times.map((_, index) => String(index)));
      rows.forEach(({ at }, index) => {
        const due = (times[index]! - times[0]!) / speed;
        assert.ok(at >= due && at < due + 1, `row ${index} due at ${due} came at ${at}`);
      });
    }),
    { numRuns: 40 },
  );
});

Deno.test("playTape() does not drift: a slow publisher delays what follows, not the schedule", async () => {
  const clock = new TestClock();
  const starts: number[] = [];
  const publish = (batch: readonly unknown[]) => {
    starts.push(...batch.map(() => clock.now()));
    return wait(clock, 250);
  };
  const times = [0, 100, 200, 1_000, 2_000];
  const reports: TapeProgress[] = [];
  const summary = playTape({
    stream: streamOf(tapeAt(times)),
    columns: COLUMNS,
    clock,
    publish,
    onProgress: (report) => void reports.push(report),
  });
  await clock.advanceAsync(5_000);
  assert.deepEqual(starts, [0, 250, 250, 1_000, 2_000]);
  assert.equal((await summary).lagMillis, 0);
});

Deno.test("playTape() reports how late it is", async () => {
  const clock = new TestClock();
  const publish = () => wait(clock, 700);
  const stream = streamOf(tapeAt([0, 100, 200]));
  const summary = playTape({ stream, columns: COLUMNS, clock, publish });
  await clock.advanceAsync(5_000);
  assert.equal((await summary).lagMillis, 600);
});

Deno.test("playTape() cuts batches at 500 rows", async () => {
  const { clock, deliveries } = playing(tapeAt(Array.from({ length: 1_201 }, () => 0)));
  await clock.advanceAsync(0);
  await settle();
  assert.deepEqual(deliveries.map(({ prices }) => prices.length), [500, 500, 201]);
});

Deno.test("playTape() at full speed waits for nothing but the publisher", async () => {
  for (const speed of ["max", 0] as const) {
    const { deliveries, clock, summary } = playing(tapeAt([0, 5_000, 90_000_000]), { speed });
    const { rows, lagMillis } = await summary;
    assert.equal(rows, 3);
    assert.equal(lagMillis, 0);
    assert.deepEqual(deliveries, [{ at: 0, prices: ["0", "1", "2"] }]);
    assert.equal(clock.now(), 0);
  }
});

Deno.test("playTape() publishes at once a row whose time lies before the first one's", async () => {
  const { clock, deliveries } = playing(tapeAt([100, 0, 200]));
  await clock.advanceAsync(1_000);
  assert.deepEqual(deliveries, [{ at: 0, prices: ["0", "1"] }, { at: 100, prices: ["2"] }]);
});

Deno.test("playTape() makes market data that the gateway accepts, with ids per line", async () => {
  const clock = new TestClock();
  const events: unknown[] = [];
  await playTape({
    stream: streamOf("20200101 170000065,1.121200,1.121720,0\n"),
    symbol: "EURUSD",
    clock,
    publish: (batch) => Promise.resolve(void events.push(...batch)),
    eventId: (line) => `tape-${line}`,
  });
  assert.deepEqual(events, [{
    channel: "market-data",
    eventId: "tape-1",
    data: {
      symbol: "EURUSD",
      price: "1.12146",
      source: "tape",
      isSnapshot: false,
      updatedAt: "2020-01-01T17:00:00.065Z",
    },
  }]);
  assert.ok(parseSubmission(events[0], "event", 0).ok);
});

Deno.test("playTape() stops at a bad row after what came before it, and can skip them instead", async () => {
  const text = "1000,X,1\n1000,X,what\n1000,X,2\nno\n";
  const strict = playing(text);
  await assert.rejects(strict.summary, /^TapeRowError: line 2: price "what": expected a decimal/);
  assert.deepEqual(strict.deliveries.map(({ prices }) => prices), [["1"]]);
  const bad: number[] = [];
  const lenient = playing(text, { skipBadRows: true, onBadRow: ({ line }) => void bad.push(line) });
  const { rows, skippedRows } = await lenient.summary;
  assert.deepEqual([rows, skippedRows, bad], [2, 2, [2, 4]]);
});

Deno.test("playTape() stops at its limit and closes the file", async () => {
  let cancelled = false;
  const stream = streamOf(tapeAt([0, 0, 0, 0]), 8, () => cancelled = true);
  const { summary } = playing("", { stream, limit: 2 });
  const { ended, rows } = await summary;
  assert.deepEqual([ended, rows, cancelled], ["limit", 2, true]);
});

Deno.test("playTape() ends cleanly when it is aborted, while waiting or while publishing", async () => {
  const waiting = new AbortController();
  let cancelled = false;
  const stream = streamOf(tapeAt([0, 60_000, 60_000, 60_000]), 8, () => cancelled = true);
  const { clock, summary } = playing("", { stream, signal: waiting.signal });
  await clock.advanceAsync(2_500);
  waiting.abort();
  const { ended, rows } = await summary;
  assert.deepEqual([ended, rows, cancelled], ["aborted", 1, true]);
  assert.equal(clock.pendingTimers, 0);

  const publishing = new AbortController();
  const publish = () => {
    publishing.abort();
    return Promise.reject(new Error("stopped"));
  };
  const second = playing(tapeAt([0, 0]), { publish, signal: publishing.signal });
  assert.equal((await second.summary).ended, "aborted");
  assert.equal((await second.summary).rows, 0);
});

Deno.test("playTape() hands on what the publisher rejects with, and closes the file", async () => {
  let cancelled = false;
  const stream = streamOf(tapeAt([0, 10, 20, 30]), 8, () => cancelled = true);
  const publish = () => Promise.reject(new Error("refused"));
  const { clock, summary } = playing("", { stream, publish });
  const rejected = assert.rejects(summary, /refused/);
  await clock.advanceAsync(100);
  await rejected;
  assert.equal(cancelled, true);
});

Deno.test("playTape() refuses options out of bounds before it reads anything", async () => {
  for (const options of [{ speed: -1 }, { speed: NaN }, { limit: 0 }, { symbol: "" }]) {
    let cancelled = false;
    const stream = streamOf("", 8, () => cancelled = true);
    await assert.rejects(playing("", { ...options, stream }).summary, RangeError);
    assert.equal(cancelled, true);
  }
});

Deno.test("playTape() reports progress every second, also while nothing is due", async () => {
  const text = tapeAt([0, 500, 10_000]);
  const reports: TapeProgress[] = [];
  const { clock, summary } = playing(text, {
    totalBytes: text.length,
    onProgress: (report) => void reports.push(report),
  });
  await clock.advanceAsync(4_000);
  assert.deepEqual(reports.map(({ rows, elapsedMillis }) => [rows, elapsedMillis]), [
    [2, 1_000],
    [2, 2_000],
    [2, 3_000],
    [2, 4_000],
  ]);
  assert.equal(reports[0]?.rowsPerSecond, 2);
  assert.equal(reports[1]?.rowsPerSecond, 0);
  assert.ok(Math.abs(reports[0]!.percent! - 100 * 2 / 3) < 1);
  assert.ok(Math.abs(reports[0]!.etaMillis! - 500) < 20);
  await clock.advanceAsync(6_000);
  const last = await summary;
  assert.equal(last.percent, 100);
  assert.equal(last.etaMillis, 0);
  assert.equal(last.tapeTime, 1_010_000);
});

Deno.test("playTape() plays a recorded market in its own bursts", async (context) => {
  const file = await recordedTape("binance-futures-btcusdt-trades.csv");
  await context.step({
    name: file === undefined ? "the recording is not on this machine" : "9,999 trades",
    ignore: file === undefined,
    fn: async () => {
      const clock = new TestClock();
      const batches: { at: number; events: MarketDataEvent[] }[] = [];
      const publish = (batch: readonly unknown[]) => {
        batches.push({ at: clock.now(), events: batch as MarketDataEvent[] });
        return Promise.resolve();
      };
      // From memory: simulated time does not wait for a disk.
      const stream = streamOf(await new Response(file!.readable).text(), 65_536);
      const summary = playTape({ stream, clock, publish, speed: 60 });
      await clock.advanceAsync(130 * 1_000);
      const { rows, ended } = await summary;
      assert.deepEqual([rows, ended], [9_999, "end"]);
      const start = Date.parse(batches[0]!.events[0]!.data.updatedAt!);
      for (const { at, events } of batches) {
        const newest = Math.max(...events.map(({ data }) => Date.parse(data.updatedAt!)));
        assert.ok(at + 1 > (newest - start) / 60, "a trade was published before its time");
      }
    },
  });
});
