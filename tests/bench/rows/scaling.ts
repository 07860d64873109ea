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

/** Publications a second at most, so that few clients do not pay for many publications. */
const POSTS_PER_SECOND = 25;

/** v1 to 100, 1,000, 5,000 and 10,000 clients. */
export const scaling: Row = {
  id: "scaling",
  title: "v1, cost per delivered event at 100, 1,000, 5,000 and 10,000 clients",
  about: "25,000 deliveries a second in all cases, so that the rate of events falls as clients " +
    "rise; at most 25 publications a second. So 100 clients get ten events at a time, which is " +
    "cheaper than one by one.",
  run,
  once: (settings) => measureDelivery(gateway(), loadOf(10_000, settings)),
};

function loadOf(clients: number, { quick, seconds }: BenchSettings): DeliveryLoad {
  return {
    clients,
    probes: 10,
    eventsPerSecond: (quick ? 2_000 : DELIVERIES_PER_SECOND) / clients,
    postsPerSecond: POSTS_PER_SECOND,
    seconds,
    warmUpSeconds: quick ? 0.2 : 3,
  };
}

async function run(settings: BenchSettings): Promise<RowReport> {
  const sizes = settings.quick ? [20, 100] : [100, 1_000, 5_000, 10_000];
  const contestants = sizes.map((clients) => gateway({ name: `${clients} clients` }));
  const results = await alternate(
    settings,
    contestants,
    (contestant) =>
      measureDelivery(contestant, loadOf(sizes[contestants.indexOf(contestant)]!, settings)),
    showDelivery,
  );
  const costs = results.map(({ runs }) => median(runs.map(({ cpuMicros }) => cpuMicros)));
  return {
    series: seriesOf(results),
    verdicts: [{
      what: "CPU per delivered event, dearest / cheapest number of clients",
      reached: Math.max(...costs) / Math.min(...costs),
      unit: "×",
      target: { sign: "≤", value: 1.25 },
    }],
    ...remarksOn(results),
  };
}
