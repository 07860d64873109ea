/**
 * Fan-out of protocol v1 beside the bare loop, `ws` and Socket.IO.
 *
 * @module
 */
import { gateway } from "../servers/gateway.ts";
import { bareLoop, nodeWs, socketIo } from "../servers/peers.ts";
import { deliveryRow } from "./delivery_row.ts";

const LOAD = { clients: 1_000, eventsPerSecond: 50, probes: 50 };

/** v1 at 50,000 deliveries a second: CPU and latency. */
export const v1 = deliveryRow({
  id: "v1",
  title: "v1 fan-out, 1,000 clients × 50 events/s",
  about:
    "One frame per event and client. The bill of each server holds the publication over HTTP " +
    "as well: parsing, in the gateway also authorization, validation and numbering; at 1,000 " +
    "clients that is a small part.",
  load: LOAD,
  contestants: [gateway(), bareLoop],
  peers: [nodeWs, socketIo],
  targets: [
    { against: bareLoop, cpu: { sign: "≤", value: 1.15 }, p99: { sign: "≤", value: 1.5 } },
    { against: nodeWs, cpu: { sign: "<", value: 1 } },
    { against: socketIo, cpu: { sign: "<", value: 1 } },
  ],
});
