/**
 * Incidents, folded from the events of `risk-alerts`.
 *
 * Nothing but these events is kept of an incident. They are enough: an acknowledged emission says so
 * itself, and an acknowledgement is told from an emission by its own time of acceptance, which it
 * carries as `acknowledgedAt`.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import type { Clock, RestoredChannel, StoredEvent } from "../ports.ts";
import type { AppendedEvent, LogObserver } from "./event_log.ts";
import type { Acknowledgement, Incident, Incidents } from "./incidents.ts";

/** What an acknowledged event holds besides its alert; the quotes make it a key, here or deeper. */
const MARK = '"acknowledgedAt":"';

/** Keeps incidents up to date with a log. */
export class IncidentFold implements LogObserver {
  /** The channel that is folded. */
  readonly channel: Channel;
  readonly #incidents: Incidents;
  readonly #clock: Clock;

  /**
   * Folds into incidents that nobody else changes.
   *
   * @param channel The channel whose events are alerts.
   */
  constructor(channel: Channel, incidents: Incidents, clock: Clock) {
    this.channel = channel;
    this.#incidents = incidents;
    this.#clock = clock;
  }

  /**
   * Begins with the alerts of an earlier process.
   *
   * @param alerts Consecutive events up to the head.
   */
  recover(alerts: readonly StoredEvent[]): void {
    recoverIncidents(this.#incidents, alerts);
    this.#incidents.distrust(this.#clock.epochMillis());
  }

  /** {@inheritDoc LogObserver.appended} */
  appended(channel: Channel, events: readonly AppendedEvent[]): void {
    if (channel !== this.channel) return;
    for (const event of events) foldAlert(this.#incidents, event);
  }

  /** {@inheritDoc LogObserver.restarted} */
  restarted(channel: Channel, { events }: RestoredChannel): void {
    if (channel !== this.channel) return;
    this.#incidents.clear();
    this.recover(events);
  }
}

/**
 * Brings back the incidents of stored alerts.
 *
 * @param alerts Consecutive events of `risk-alerts` up to the head.
 */
export function recoverIncidents(incidents: Incidents, alerts: readonly StoredEvent[]): void {
  for (const stored of alerts) foldAlert(incidents, { stored });
}

/** Brings the incident of an event's alert up to date. */
export function foldAlert(incidents: Incidents, event: AppendedEvent): void {
  incidents.put(incidentOf(incidents, incidents.find(event.stored.key), event));
}

/** The incident of an event, after what is known of its alert. */
function incidentOf(
  incidents: Incidents,
  known: Incident | undefined,
  { stored: event, acceptedAt, alert }: AppendedEvent,
): Incident {
  const { seq, timestamp } = event;
  const quiet = acceptedAt !== undefined && { quietFrom: acceptedAt };
  const mark = markOf(alert ?? parseMarked(event.data));
  if (mark === undefined) {
    // Within an acknowledged incident it would say so.
    const continued = known !== undefined && known.acknowledgement === undefined &&
      incidents.continues(known, event, acceptedAt ?? timestamp);
    return { first: continued ? known.first : seq, last: seq, emission: event, ...quiet };
  }
  const { acknowledgement, emittedAt } = mark;
  const own = Date.parse(acknowledgement.at) === timestamp;
  if (own && known === undefined) {
    // The emission is out of reach; its time as the core told it stands in for its acceptance.
    const emission = { ...event, timestamp: Math.min(emittedAt, timestamp) };
    return { first: seq, last: seq, emission, acknowledgement };
  }
  if (own && known !== undefined && known.acknowledgement === undefined) {
    return { ...known, last: seq, acknowledgement };
  }
  const continued = known?.acknowledgement?.at === acknowledgement.at;
  return {
    first: continued ? known!.first : seq,
    last: seq,
    emission: event,
    ...quiet,
    acknowledgement,
  };
}

/** Who acknowledged the incident of an event, with the time that the core gave the alert. */
function markOf(
  alert: Readonly<Record<string, unknown>> | undefined,
): { readonly acknowledgement: Acknowledgement; readonly emittedAt: number } | undefined {
  const { acknowledgedBy, acknowledgedAt, timestamp } = alert ?? {};
  if (typeof acknowledgedAt !== "string" || typeof acknowledgedBy !== "string") return undefined;
  const emittedAt = timestamp as number;
  return { acknowledgement: { by: acknowledgedBy, at: acknowledgedAt }, emittedAt };
}

/** Reads an alert from the store, if it may be acknowledged. */
function parseMarked(data: string): Readonly<Record<string, unknown>> | undefined {
  return data.includes(MARK) ? JSON.parse(data) : undefined;
}
