/**
 * A burst to everyone, and what it does to the loop.
 *
 * @module
 */
import { alternate, remarksOn } from "../alternate.ts";
import { type Burst, type BurstLoad, measureBurst } from "../measure/burst.ts";
import type { BenchSettings, Row, RowReport, Series } from "../row.ts";
import { gateway } from "../servers/gateway.ts";
import { LOOP_WATCH } from "../servers/loop_watch.ts";
import { watchedBareLoop } from "../servers/peers.ts";
import { median, percentile } from "../statistics.ts";

/** 120 events at once to 1,000 clients of v1. */
export const burst: Row = {
  id: "burst",
  title: "v1, bursts of 120 events at once to 1,000 clients",
  about: "The longest pause is seen by a timer of 1 ms inside the server, loaded before it; the " +
    "CPU used meanwhile tells a pause of the server from one of the machine; the " +
    "slowest answer is that of `GET /health/live`, asked every 2 ms from outside, where the load " +
    "shares its core with the asker. The bare loop stands beside it for information.",
  run,
  once: (settings) => measureBurst(gateway(), loadOf(settings)),
};

function loadOf({ quick }: BenchSettings): BurstLoad {
  return quick
    ? { clients: 40, probes: 4, events: 20, bursts: 1 }
    : { clients: 1_000, probes: 20, events: 120, bursts: 5 };
}

async function run(settings: BenchSettings): Promise<RowReport> {
  const load = loadOf(settings);
  const results = await alternate(
    settings,
    [gateway({ denoFlags: LOOP_WATCH }), watchedBareLoop],
    (contestant) => measureBurst(contestant, load),
    ({ longestPause, busiestPause, slowestAnswer }) =>
      `longest pause ${longestPause.toFixed(1)} ms, most CPU in one ${
        busiestPause.toFixed(1)
      } ms, ` +
      `slowest answer ${slowestAnswer.toFixed(1)} ms`,
  );
  const series = (measure: string, valueOf: (run: Burst) => number) =>
    results.map(({ name, runs }): Series => ({
      contestant: name,
      measure,
      unit: "ms",
      values: runs.map(valueOf),
    }));
  return {
    series: [
      ...series("longest pause of the loop", ({ longestPause }) => longestPause),
      ...series("most CPU between two rounds of the loop", ({ busiestPause }) => busiestPause),
      ...series("slowest answer to a sign of life", ({ slowestAnswer }) => slowestAnswer),
      ...series("last event received after", ({ latencies }) => percentile(latencies, 1)),
    ],
    verdicts: [{
      what: "longest pause of the gateway's loop, median over the runs",
      reached: median(results[0]!.runs.map(({ longestPause }) => longestPause)),
      unit: "ms",
      target: { sign: "≤", value: 20 },
    }],
    ...remarksOn(results),
  };
}
