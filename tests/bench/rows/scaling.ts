/**
 * Whether a delivery costs the same however many clients there are.
 *
 * @module
 */
import { alternate, remarksOn } from "../alternate.ts";
import { type DeliveryLoad, measureDelivery } from "../measure/delivery.ts";
import type { BenchSettings, Row, RowReport } from "../row.ts";
import { gateway } from "../servers/gateway.ts";
import { median } from "../statistics.ts";
import { seriesOf, showDelivery } from "./delivery_row.ts";

/** Deliveries a second, whatever the number of clients. */
const DELIVERIES_PER_SECOND = 25_000;

/** Events of a publication where few clients get theirs in bursts. */
const BURST = 10;

/** v1 to 100, 1,000, 5,000 and 10,000 clients. */
export const scaling: Row = {
  id: "scaling",
  title: "v1, cost per delivered event at 100, 1,000, 5,000 and 10,000 clients",
  about: "25,000 deliveries a second in all cases, so that the rate of events falls as clients " +
    "rise; every publication carries one event, as with more a client gets its frames in bursts, " +
    `which is cheaper. 100 clients are measured with ${BURST} events a publication as well, for ` +
    "information: what they pay less is the bursts, and the publications.",
  run,
  once: (settings) => measureDelivery(gateway(), loadOf({ clients: 10_000, burst: 1 }, settings)),
};

/** One case of the row. */
interface Case {
  readonly clients: number;
  /** Events of a publication. */
  readonly burst: number;
}

function loadOf({ clients, burst }: Case, { quick, seconds }: BenchSettings): DeliveryLoad {
  const eventsPerSecond = (quick ? 2_000 : DELIVERIES_PER_SECOND) / clients;
  return {
    clients,
    probes: 10,
    eventsPerSecond,
    postsPerSecond: eventsPerSecond / burst,
    seconds,
    warmUpSeconds: quick ? 0.2 : 3,
  };
}

async function run(settings: BenchSettings): Promise<RowReport> {
  const sizes = settings.quick ? [20, 100] : [100, 1_000, 5_000, 10_000];
  const cases = [
    ...sizes.map((clients): Case => ({ clients, burst: 1 })),
    { clients: sizes[0]!, burst: BURST },
  ];
  const contestants = cases.map(({ clients, burst }) =>
    gateway({ name: `${clients} clients${burst === 1 ? "" : `, ${burst} events at once`}` })
  );
  const results = await alternate(
    settings,
    contestants,
    (contestant) =>
      measureDelivery(contestant, loadOf(cases[contestants.indexOf(contestant)]!, settings)),
    showDelivery,
  );
  const costs = results.map(({ runs }) => median(runs.map(({ cpuMicros }) => cpuMicros)));
  const one = costs.slice(0, sizes.length);
  return {
    series: seriesOf(results),
    verdicts: [{
      what: "CPU per delivered event, dearest / cheapest number of clients",
      reached: Math.max(...one) / Math.min(...one),
      unit: "×",
      target: { sign: "≤", value: 1.25 },
    }, {
      what: `CPU per delivered event, dearest / 100 clients with ${BURST} events at once`,
      reached: Math.max(...one) / costs.at(-1)!,
      unit: "×",
    }],
    ...remarksOn(results),
  };
}
