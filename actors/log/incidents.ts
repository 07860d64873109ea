/**
 * Incidents of risk alerts. Cores emit the same alert again while its condition lasts: emissions of
 * one id, none later than the gap after the one before, are one incident, and what is acknowledged
 * is the incident.
 *
 * An acknowledgement is an event of its own, a copy of the last emission that says who and when. It
 * does not prolong the incident: only the core knows that a condition lasts.
 *
 * @module
 */
import { BoundedMap } from "../bounded_map.ts";
import type { StoredEvent } from "../ports.ts";
import type { AppendedEvent } from "./event_log.ts";

/** Most incidents remembered; beyond it the one that was quiet for longest is forgotten. */
export const MAX_INCIDENTS = 50_000;

/**
 * Most characters of `data` held for remembered incidents: 50,000 common alerts, or 256 of the
 * largest. Beyond it the incident that was quiet for longest is forgotten.
 */
export const MAX_INCIDENT_CHARACTERS = 16 * 1_024 * 1_024;

/** Who acknowledged an incident, and when. */
export interface Acknowledgement {
  /** Name of the key. */
  readonly by: string;
  /** Time of acceptance, ISO-8601. */
  readonly at: string;
}

/** What is remembered of an incident. */
export interface Incident {
  /** Number of its first event; of the first that is remembered, after a restart. */
  readonly first: number;
  /** Number of its last event, an acknowledgement included. */
  readonly last: number;
  /** What the core emitted last, as stored. */
  readonly emission: StoredEvent;
  /**
   * Where the gap begins, on the steady line of the process; its `timestamp` when absent. `-Infinity`
   * when it is not known: then the next emission is another incident.
   */
  readonly quietFrom?: number;
  /** Absent while nobody has acknowledged it. */
  readonly acknowledgement?: Acknowledgement;
}

/** The latest incident of each alert. */
export class Incidents {
  readonly #gapMillis: number;
  /** By alert, the one that was quiet for longest first. */
  readonly #incidents = new BoundedMap<string, Incident>({
    maxEntries: MAX_INCIDENTS,
    maxWeight: MAX_INCIDENT_CHARACTERS,
    weigh: ({ emission }) => emission.data.length,
  });

  /**
   * Remembers none.
   *
   * @param gapSeconds Longest time between two emissions of one incident.
   */
  constructor(gapSeconds: number) {
    this.#gapMillis = gapSeconds * 1_000;
  }

  /** Incidents remembered. */
  get size(): number {
    return this.#incidents.size;
  }

  /** The latest incident of an alert. */
  find(id: string): Incident | undefined {
    return this.#incidents.get(id);
  }

  /**
   * Whether an emission belongs to an incident: it names the same trader, and comes within the gap.
   *
   * @param acceptedAt The time of its acceptance on the steady line, epoch ms.
   */
  continues(
    { emission, quietFrom = emission.timestamp }: Incident,
    { trader }: StoredEvent,
    acceptedAt: number,
  ): boolean {
    return emission.trader === trader && acceptedAt - quietFrom <= this.#gapMillis;
  }

  /**
   * Incidents of an earlier process that are dated later than now: the clock was set, so that nobody
   * knows for how long they were quiet.
   */
  distrust(epochMillis: number): void {
    for (const [id, incident] of this.#incidents) {
      if (incident.emission.timestamp <= epochMillis) continue;
      this.#incidents.replace(id, { ...incident, quietFrom: -Infinity });
    }
  }

  /** What is to change with a turn; it takes effect when the events of the turn are folded. */
  stage(): StagedIncidents {
    return new StagedIncidents(this);
  }

  /** Forgets all. */
  clear(): void {
    this.#incidents.clear();
  }

  /** Makes an incident the latest of its alert. */
  put(incident: Incident): void {
    this.#incidents.set(incident.emission.key, incident);
  }
}

/** The incidents as they will be when a turn has been committed. */
export class StagedIncidents {
  readonly #incidents: Incidents;
  readonly #changed = new Map<string, Incident>();

  /** Changes nothing yet. */
  constructor(incidents: Incidents) {
    this.#incidents = incidents;
  }

  /** The latest incident of an alert, changes of this turn included. */
  find(id: string): Incident | undefined {
    return this.#changed.get(id) ?? this.#incidents.find(id);
  }

  /**
   * Notes what the core emits. An id that another trader uses is another incident: who acknowledged
   * that of the one is not to be read by the holder of the other.
   *
   * @param acceptedAt The time of its acceptance on the steady line; its `timestamp` when absent.
   * @param alert Its outgoing `data`; read from its JSON when absent.
   * @returns The event to store: within an acknowledged incident it says so.
   */
  emit(event: StoredEvent, acceptedAt: number = event.timestamp, alert?: AlertData): AppendedEvent {
    const known = this.find(event.key);
    const incident = known !== undefined && this.#incidents.continues(known, event, acceptedAt)
      ? known
      : undefined;
    const { first = event.seq, acknowledgement } = incident ?? {};
    const emitted = acknowledgement === undefined
      ? { stored: event, alert }
      : mark(event, alert ?? JSON.parse(event.data), acknowledgement);
    this.#changed.set(event.key, {
      first,
      last: event.seq,
      emission: emitted.stored,
      quietFrom: acceptedAt,
      ...(acknowledgement && { acknowledgement }),
    });
    return { ...emitted, acceptedAt };
  }

  /**
   * Acknowledges an incident that nobody has acknowledged, also one whose gap has passed. Its last
   * emission is kept as JSON, as it may be days old, and is parsed here.
   *
   * @param incident The latest of its alert.
   * @param by Name of the key.
   * @param seq The number of the acknowledgement.
   * @param timestamp The time of its acceptance, epoch ms.
   * @returns The event to store.
   */
  acknowledge(incident: Incident, by: string, seq: number, timestamp: number): AppendedEvent {
    const { emission } = incident;
    const acknowledgement = { by, at: new Date(timestamp).toISOString() };
    this.#changed.set(emission.key, { ...incident, last: seq, acknowledgement });
    return mark({ ...emission, seq, timestamp }, JSON.parse(emission.data), acknowledgement);
  }
}

/** The outgoing `data` of an alert. */
type AlertData = Readonly<Record<string, unknown>>;

function mark(event: StoredEvent, data: AlertData, acknowledgement: Acknowledgement) {
  const alert = markAcknowledged(data, acknowledgement);
  return { stored: { ...event, data: JSON.stringify(alert) }, alert };
}

/**
 * The outgoing `data` of an alert whose incident is acknowledged: `status` says so in its place, who
 * and when stand before the time, which stays last.
 */
export function markAcknowledged(data: AlertData, { by, at }: Acknowledgement): AlertData {
  const { createdAt, timestamp, ...alert } = data;
  const mark = { status: "ACKNOWLEDGED", acknowledgedBy: by, acknowledgedAt: at };
  return { ...alert, ...mark, createdAt, timestamp };
}
