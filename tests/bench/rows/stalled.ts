/**
 * Clients that have stopped reading among clients that read.
 *
 * @module
 */
import { alternate, remarksOn } from "../alternate.ts";
import { measureStalling, type Stalling, type StallingLoad } from "../measure/stalling.ts";
import type { BenchSettings, Row, RowReport, Series } from "../row.ts";
import type { Contestant } from "../servers/contestant.ts";
import { gatewayV2 } from "../servers/gateway.ts";
import { median, percentile } from "../statistics.ts";
import { pooledLatency } from "./delivery_row.ts";

/** How long the readers stall. */
const STALL_SECONDS = 60;

/** How long the load runs before that: until the heap of the readers' own traffic has grown. */
const WARM_UP_SECONDS = 15;

const WITHOUT = gatewayV2(50, { name: "950 readers" });
const WITH = gatewayV2(50, { name: "950 readers, 50 stalled" });

/** 50 stalled readers among 1,000. */
export const stalled: Row = {
  id: "stalled",
  title: "v2 at 50 ms, 50 stalled readers among 1,000, 200 events/s, for 60 s",
  about: "50 clients subscribe and read nothing more; the other 950 are compared with 950 that " +
    "are among themselves. v2, as v1 at this rate is more than a core.",
  run,
  once: (settings) => measureStalling(WITH, loadOf(WITH, settings)),
};

function loadOf(contestant: Contestant, { quick }: BenchSettings): StallingLoad {
  const stalled = contestant === WITH ? (quick ? 4 : 50) : 0;
  return quick
    ? { clients: 36, probes: 4, stalled, eventsPerSecond: 50, seconds: 1, warmUpSeconds: 0.2 }
    : {
      clients: 950,
      probes: 50,
      stalled,
      eventsPerSecond: 200,
      seconds: STALL_SECONDS,
      warmUpSeconds: WARM_UP_SECONDS,
    };
}

async function run(settings: BenchSettings): Promise<RowReport> {
  const results = await alternate(
    settings,
    [WITH, WITHOUT],
    (contestant) => measureStalling(contestant, loadOf(contestant, settings)),
    ({ rssGrowthMib, latencies, lingering }) =>
      `RSS +${rssGrowthMib.toFixed(1)} MiB, p99 ${percentile(latencies, 0.99).toFixed(1)} ms, ` +
      `${lingering} lingering`,
  );
  const series = (measure: string, unit: string, valueOf: (run: Stalling) => number) =>
    results.map(({ name, runs }): Series => ({
      contestant: name,
      measure,
      unit,
      values: runs.map(valueOf),
    }));
  const p99 = results.map(({ runs }) => pooledLatency(0.99)(runs));
  const latency = series("p99 published → received", "ms", at(0.99));
  return {
    series: [
      ...series("highest RSS over that at the start", "MiB", growth),
      ...latency.map((entry, index) => ({ ...entry, pooled: p99[index]! })),
      ...series("lingering at the end", "sockets", ({ lingering }) => lingering),
      ...series("server CPU", "% of a core", ({ cpuShare }) => cpuShare * 100),
    ],
    verdicts: [
      {
        what: "growth of RSS with stalled readers",
        reached: median(results[0]!.runs.map(growth)),
        unit: "MiB",
        target: { sign: "≤", value: 50 },
      },
      {
        what: "p99 of the readers, with / without stalled ones",
        reached: p99[0]! / p99[1]!,
        unit: "×",
        target: { sign: "≤", value: 1.2 },
      },
      {
        what: "lingering sockets at the end",
        reached: median(results[0]!.runs.map(({ lingering }) => lingering)),
        unit: "sockets",
      },
    ],
    ...remarksOn(results),
  };
}

const growth = ({ rssGrowthMib }: Stalling) => rssGrowthMib;
const at = (share: number) => ({ latencies }: Stalling) => percentile(latencies, share);
