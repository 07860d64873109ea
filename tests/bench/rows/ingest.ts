/**
 * Durable publishing over HTTP.
 *
 * @module
 */
import { alternate, remarksOn } from "../alternate.ts";
import { type IngestLoad, measureIngest } from "../measure/ingest.ts";
import type { BenchSettings, Row, RowReport } from "../row.ts";
import { gateway } from "../servers/gateway.ts";
import { median, percentile } from "../statistics.ts";

const DURABLE = gateway({
  name: "gateway, SQLite",
  env: { TELEMETRY_STORE: "sqlite", TELEMETRY_STORE_DURABILITY: "process" },
});

/** NDJSON batches of 500 over one connection into the SQLite store. */
export const ingest: Row = {
  id: "ingest",
  title: "durable ingest, NDJSON batches of 500 over one connection",
  about: "SQLite store with durability `process`, one batch under way at a time, nobody " +
    "subscribed. The bill holds parsing, validation, numbering, the commit, the v1 frames and " +
    "the latest states.",
  run,
  once: (settings) => measureIngest(DURABLE, loadOf(settings)),
};

function loadOf({ quick, seconds }: BenchSettings): IngestLoad {
  return { eventsPerBatch: quick ? 50 : 500, seconds, warmUpSeconds: quick ? 0.2 : 3 };
}

async function run(settings: BenchSettings): Promise<RowReport> {
  const load = loadOf(settings);
  const results = await alternate(
    settings,
    [DURABLE],
    (contestant) => measureIngest(contestant, load),
    ({ eventsPerCpuSecond, eventsPerSecond, acks }) =>
      `${Math.round(eventsPerCpuSecond)} events per CPU second, ` +
      `${Math.round(eventsPerSecond)}/s, p99 ack ${percentile(acks, 0.99).toFixed(1)} ms`,
  );
  const { name, runs } = results[0]!;
  const p99 = percentile(runs.flatMap(({ acks }) => acks), 0.99);
  const series = { contestant: name };
  const perCpuSecond = runs.map(({ eventsPerCpuSecond }) => eventsPerCpuSecond);
  return {
    series: [
      { ...series, measure: "events per second of CPU", unit: "1/s", values: perCpuSecond },
      {
        ...series,
        measure: "events per second",
        unit: "1/s",
        values: runs.map(({ eventsPerSecond }) => eventsPerSecond),
      },
      {
        ...series,
        measure: "p99 acknowledgement",
        unit: "ms",
        values: runs.map(({ acks }) => percentile(acks, 0.99)),
        pooled: p99,
      },
    ],
    verdicts: [
      {
        what: "events per second of server CPU",
        reached: median(perCpuSecond),
        unit: "1/s",
        target: { sign: "≥", value: 50_000 },
      },
      {
        what: "p99 of the acknowledgement, pooled",
        reached: p99,
        unit: "ms",
        target: { sign: "≤", value: 50 },
      },
    ],
    ...remarksOn(results),
  };
}
