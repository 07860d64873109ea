/**
 * Alerts as incidents: cores emit the same id again while a condition lasts, and those events are one.
 *
 * @module
 */
import { type Alert, isUnacknowledged, SEVERITIES } from "./alerts.ts";

/** Silence after which an id begins another incident, in ms: the gateway's default. */
const GAP_MILLIS = 300_000;

/** Most incidents that are kept; the oldest leave. */
export const MAX_INCIDENTS = 2_000;

/** An event of an alert. */
export interface AlertEvent {
  readonly seq: number;
  /** When it was accepted, epoch ms of the gateway. */
  readonly timestamp: number;
  readonly data: Alert;
}

/** The events of one id without a long gap. */
export interface Incident {
  /** Tells it from earlier incidents of the same id. */
  readonly key: string;
  /** Its latest event. */
  readonly data: Alert;
  readonly seq: number;
  /** When its first event was accepted, epoch ms. */
  readonly since: number;
  /** When its latest one was: an acknowledgement does not count. */
  readonly last: number;
  /** How often it was emitted; an acknowledgement does not count. */
  readonly count: number;
  /** Whether the id has had another incident since, so that nobody can acknowledge this one. */
  readonly over: boolean;
}

/** See the module. */
export class IncidentBook {
  readonly #incidents = new Map<string, Incident>();
  /** The key of the latest incident of each id. */
  readonly #latest = new Map<string, string>();
  #seq = 0;

  /** The incidents by their keys, in the order in which they began. */
  get incidents(): ReadonlyMap<string, Incident> {
    return this.#incidents;
  }

  /** Takes the next event; one that is known already changes nothing. Returns what changed. */
  add({ seq, timestamp, data }: AlertEvent): readonly string[] {
    if (seq <= this.#seq) return [];
    this.#seq = seq;
    const known = this.#incidents.get(this.#latest.get(data.id) ?? "");
    if (known !== undefined && continues(known, timestamp, data)) {
      const isEmission = data.acknowledgedBy === undefined ||
        known.data.acknowledgedBy !== undefined;
      this.#incidents.set(known.key, {
        ...known,
        data,
        seq,
        count: known.count + (isEmission ? 1 : 0),
        last: isEmission ? timestamp : known.last,
      });
      return [known.key];
    }
    const key = `${data.id}@${seq}`;
    if (known !== undefined) this.#incidents.set(known.key, { ...known, over: true });
    const began = { key, data, seq, since: timestamp, last: timestamp, count: 1, over: false };
    this.#incidents.set(key, began);
    this.#latest.set(data.id, key);
    const left = this.#incidents.size > MAX_INCIDENTS ? this.#dropOldest() : [];
    return known === undefined ? [key, ...left] : [key, known.key, ...left];
  }

  #dropOldest(): readonly string[] {
    const [key, { data }] = this.#incidents.entries().next().value!;
    this.#incidents.delete(key);
    if (this.#latest.get(data.id) === key) this.#latest.delete(data.id);
    return [key];
  }
}

/** What was acknowledged stays so within an incident, and an incident is about one trader. */
function continues(known: Incident, timestamp: number, data: Alert): boolean {
  return timestamp - known.last <= GAP_MILLIS &&
    (data.traderId ?? null) === (known.data.traderId ?? null) &&
    (known.data.acknowledgedBy === undefined || data.acknowledgedBy !== undefined);
}

/** Whether somebody still has to look at it. */
export function isOpen({ data, over }: Incident): boolean {
  return !over && isUnacknowledged(data);
}

/** What the strip of the alerts shows. */
export interface IncidentCounts {
  /** Those that wait, by severity. */
  readonly open: Readonly<Record<Alert["severity"], number>>;
  /** When the oldest of them began, epoch ms. */
  readonly oldest: number | undefined;
  /** Traders whom those that wait concern. */
  readonly traders: number;
  /** Events of all of them, acknowledgements left out. */
  readonly emitted: number;
}

/** Counts them. */
export function countIncidents(incidents: Iterable<[string, Incident]>): IncidentCounts {
  const open = { CRITICAL: 0, WARNING: 0, INFO: 0 };
  const traders = new Set<string>();
  let oldest: number | undefined;
  let emitted = 0;
  for (const [, incident] of incidents) {
    const { data: { severity, traderId }, count, since } = incident;
    emitted += count;
    if (!isOpen(incident)) continue;
    open[severity] += 1;
    oldest = Math.min(oldest ?? since, since);
    if (traderId) traders.add(traderId);
  }
  return { open, oldest, traders: traders.size, emitted };
}

/** Of those that wait the gravest, of these the latest. */
export function mostUrgent(incidents: Iterable<[string, Incident]>): Incident | undefined {
  let found: Incident | undefined;
  const rank = ({ data }: Incident) => SEVERITIES.indexOf(data.severity);
  for (const [, incident] of incidents) {
    if (!isOpen(incident)) continue;
    const order = found === undefined ? -1 : rank(incident) - rank(found);
    if (order < 0 || (order === 0 && incident.last >= found!.last)) found = incident;
  }
  return found;
}
