/**
 * What rows of fan-out have in common: contestants under the same load, compared by CPU per
 * delivered event and by latency.
 *
 * @module
 */
import { alternate, remarksOn, type Results } from "../alternate.ts";
import { type Delivery, type DeliveryLoad, measureDelivery } from "../measure/delivery.ts";
import type { BenchSettings, Row, RowReport, Series, Verdict } from "../row.ts";
import type { Contestant } from "../servers/contestant.ts";
import { median, percentile } from "../statistics.ts";

/** What the first contestant should reach against another. */
export interface DeliveryTarget {
  readonly against: Contestant;
  /** CPU per delivered event, ratio of medians. */
  readonly cpu?: NonNullable<Verdict["target"]>;
  /** p99 of the latency, pooled, ratio. */
  readonly p99?: NonNullable<Verdict["target"]>;
}

/** A row of fan-out. */
export interface DeliveryRowOptions {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly load: Pick<DeliveryLoad, "clients" | "eventsPerSecond" | "probes" | "bufferBytes">;
  /** The gateway first. */
  readonly contestants: readonly Contestant[];
  /** Contestants that need packages. */
  readonly peers: readonly Contestant[];
  readonly targets: readonly DeliveryTarget[];
  /** Targets of the first contestant alone. */
  readonly own?: (first: Results<Delivery>) => readonly Verdict[];
}

/** Builds a row of fan-out. */
export function deliveryRow(options: DeliveryRowOptions): Row {
  const { id, title, about } = options;
  return {
    id,
    title,
    about,
    run: (settings) => run(options, settings),
    once: (settings) =>
      measureDelivery(options.contestants[0]!, scaledLoad(options.load, settings)),
  };
}

/** The load of a run at the thoroughness that was asked for. */
export function scaledLoad(
  load: DeliveryRowOptions["load"],
  { quick, seconds }: BenchSettings,
): DeliveryLoad {
  if (!quick) return { ...load, seconds, warmUpSeconds: 3 };
  return { clients: 40, probes: 4, eventsPerSecond: 50, seconds, warmUpSeconds: 0.2 };
}

async function run(options: DeliveryRowOptions, settings: BenchSettings): Promise<RowReport> {
  const { peersMissing } = settings;
  const load = scaledLoad(options.load, settings);
  const left = peersMissing === undefined ? [] : options.peers;
  const contestants = [...options.contestants, ...options.peers].filter((one) =>
    !left.includes(one)
  );
  const results = await alternate(
    settings,
    contestants,
    (contestant) => measureDelivery(contestant, load),
    showDelivery,
  );
  const { faults, doubts } = remarksOn(results);
  const verdicts = options.targets.flatMap((target) => compare(results, target));
  return {
    series: seriesOf(results),
    verdicts: [...verdicts, ...options.own?.(results[0]!) ?? []],
    faults,
    doubts: [...doubts, ...left.map(({ name }) => `${name} did not run`)],
  };
}

/** A result in one line. */
export function showDelivery(delivery: Delivery): string {
  const { cpuMicros, cpuShare, deliveriesPerSecond, latencies } = delivery;
  const p99 = percentile(latencies, 0.99).toFixed(1);
  return `${cpuMicros.toFixed(2)} µs a delivery, ${(cpuShare * 100).toFixed(0)} % of a core, ` +
    `${Math.round(deliveriesPerSecond)}/s, p99 ${p99} ms`;
}

/** The tables of a row of fan-out. */
export function seriesOf(results: readonly Results<Delivery>[]): Series[] {
  const series = (
    measure: string,
    unit: string,
    valueOf: (delivery: Delivery) => number,
    pooledOf?: (runs: readonly Delivery[]) => number,
  ) =>
    results.map(({ name, runs }): Series => ({
      contestant: name,
      measure,
      unit,
      values: runs.map(valueOf),
      ...(pooledOf === undefined ? {} : { pooled: pooledOf(runs) }),
    }));
  return [
    ...series("server CPU per delivered event", "µs", ({ cpuMicros }) => cpuMicros),
    ...series("server CPU", "% of a core", ({ cpuShare }) => cpuShare * 100),
    ...series("frames", "1/s", ({ framesPerSecond }) => framesPerSecond),
    ...series("p50 published → received", "ms", at(0.5), pooledLatency(0.5)),
    ...series("p99 published → received", "ms", at(0.99), pooledLatency(0.99)),
    ...series("RSS", "MiB", ({ rssMib }) => rssMib),
  ];
}

const at = (share: number) => ({ latencies }: Delivery) => percentile(latencies, share);

/** A percentile over the latencies of all runs together. */
export const pooledLatency =
  (share: number) => (runs: readonly { readonly latencies: readonly number[] }[]): number =>
    percentile(runs.flatMap(({ latencies }) => latencies), share);

function compare(results: readonly Results<Delivery>[], target: DeliveryTarget): Verdict[] {
  const own = results[0]!;
  const other = results.find(({ name }) => name === target.against.name);
  if (other === undefined) return [];
  const cpu = ({ runs }: Results<Delivery>) => median(runs.map(({ cpuMicros }) => cpuMicros));
  const p99 = ({ runs }: Results<Delivery>) => pooledLatency(0.99)(runs);
  const verdict = (
    what: string,
    of: (results: Results<Delivery>) => number,
    target: Verdict["target"],
  ): Verdict => ({
    what: `${what}, ${own.name} / ${other.name}`,
    reached: of(own) / of(other),
    unit: "×",
    ...(target === undefined ? {} : { target }),
  });
  return [
    verdict("CPU per delivered event", cpu, target.cpu),
    verdict("p99 published → received", p99, target.p99),
  ];
}
