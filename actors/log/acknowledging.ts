/**
 * Which incidents an acknowledgement means.
 *
 * @module
 */
import type { AcknowledgedAlert } from "../../protocol/api.ts";
import { PublishError } from "../operations.ts";
import type { ChannelLog } from "../stream/channel_log.ts";
import type { ChannelStream } from "../stream/channel_stream.ts";
import { type RowFilter, traderOf } from "../stream/row_filter.ts";
import type { AlertReference } from "./event_log.ts";
import type { Incident, StagedIncidents } from "./incidents.ts";

/** Most alerts that the message of an error names. */
const MAX_NAMED = 10;

/**
 * Checks a whole list before anything of it is acknowledged.
 *
 * @param stream The channel of the alerts.
 * @param limit Whose alerts are known to who asks; everybody's when absent.
 * @throws {PublishError} `ALERT_NOT_FOUND` when an alert is not known, or the number given with it is
 *   not of its latest incident.
 */
export function checkAlerts(
  incidents: StagedIncidents,
  stream: ChannelStream,
  alerts: readonly AlertReference[],
  limit?: RowFilter,
): void {
  const faults = alerts.flatMap(({ id, seq }, index) => {
    const incident = incidents.find(id);
    const foreign = incident !== undefined && limit !== undefined && !owns(limit, incident, stream);
    const message = faultOf(foreign ? undefined : incident, stream.log, id, seq);
    if (message === undefined) return [];
    return [{ path: `alerts[${index}]`, message }];
  });
  if (faults.length === 0) return;
  const named = faults.slice(0, MAX_NAMED).map(({ message }) => message);
  if (faults.length > MAX_NAMED) named.push(`and ${faults.length - MAX_NAMED} more`);
  throw new PublishError("ALERT_NOT_FOUND", named.join("; "), faults);
}

function owns(limit: RowFilter, { emission }: Incident, { spec, log }: ChannelStream): boolean {
  return limit.owns(spec, { trader: traderOf(log.beyond(emission), spec) });
}

/** What is wrong with a reference to an alert, if anything. */
function faultOf(
  incident: Incident | undefined,
  log: ChannelLog,
  id: string,
  seq: number | undefined,
): string | undefined {
  const name = JSON.stringify(id);
  if (incident === undefined) return `no alert ${name} is known`;
  if (seq === undefined) return undefined;
  if (seq < incident.first) {
    return `a newer incident of alert ${name} has begun with event ${incident.first}`;
  }
  // Numbers of other alerts lie in between; those that have left the ring are not told apart.
  const other = log.get(seq);
  if (seq > incident.last || (other !== undefined && other.stored.key !== id)) {
    return `event ${seq} is not of alert ${name}; its last is ${incident.last}`;
  }
  return undefined;
}

/** What is answered for an alert whose incident is acknowledged. */
export function acknowledgedAlert(
  { emission, last, acknowledgement }: Incident,
): AcknowledgedAlert {
  const { by, at } = acknowledgement!;
  return {
    id: emission.key,
    seq: last,
    status: "ACKNOWLEDGED",
    acknowledgedBy: by,
    acknowledgedAt: at,
  };
}
