/**
 * Fan-out of protocol v2 beside Bun's native publish.
 *
 * @module
 */
import type { Results } from "../alternate.ts";
import type { Delivery } from "../measure/delivery.ts";
import type { Row, Verdict } from "../row.ts";
import { gatewayV2 } from "../servers/gateway.ts";
import { bunBatches, bunPublish } from "../servers/peers.ts";
import { median } from "../statistics.ts";
import { deliveryRow } from "./delivery_row.ts";

/** v2 in batches of 50 ms, 200,000 deliveries a second. */
export const v2At50: Row = besideBun(50, 0.7);

/** The same in batches of 250 ms. */
export const v2At250: Row = besideBun(250, 0.25);

/** A million deliveries a second on one core. */
export const v2Million: Row = deliveryRow({
  id: "v2-1000",
  title: "v2 at 50 ms, 1,000 clients × 1,000 events/s",
  about: "A million deliveries a second; sustained means that every client gets every event.",
  load: { clients: 1_000, eventsPerSecond: 1_000, probes: 20, bufferBytes: 128 * 1_024 },
  contestants: [gatewayV2(50)],
  peers: [],
  targets: [],
  own: sustained,
});

function besideBun(intervalMs: number, ratio: number): Row {
  const batches = bunBatches(intervalMs);
  return deliveryRow({
    id: `v2-${intervalMs}`,
    title: `v2 at ${intervalMs} ms, 1,000 clients × 200 events/s`,
    about: "The gateway gathers events per client and shares the frames of equal cursors; Bun " +
      "publishes each event by itself, and, for information, gathered as the gateway does. " +
      "Unconflated: every client gets every event.",
    load: { clients: 1_000, eventsPerSecond: 200, probes: 50 },
    contestants: [gatewayV2(intervalMs)],
    peers: [bunPublish, batches],
    targets: [
      { against: bunPublish, cpu: { sign: "≤", value: ratio } },
      { against: batches },
    ],
  });
}

function sustained({ runs }: Results<Delivery>): Verdict[] {
  return [
    {
      what: "delivered to all clients",
      reached: median(runs.map(({ deliveriesPerSecond }) => deliveriesPerSecond)),
      unit: "events/s",
      target: { sign: "≥", value: 990_000 },
    },
    {
      what: "server CPU",
      reached: median(runs.map(({ cpuShare }) => cpuShare * 100)),
      unit: "% of a core",
      target: { sign: "<", value: 100 },
    },
    {
      what: "events skipped in all runs",
      reached: runs.reduce((sum, { skipped }) => sum + skipped, 0),
      unit: "events",
      target: { sign: "≤", value: 0 },
    },
  ];
}
