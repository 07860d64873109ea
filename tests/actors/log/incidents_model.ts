/**
 * Incidents the naive way: every event is kept, and everything is found out from the beginning.
 *
 * @module
 */
import type { StoredEvent } from "../../../actors/ports.ts";

/** An event as the model keeps it. */
interface Kept {
  readonly id: string;
  readonly seq: number;
  readonly at: number;
  /** Who acknowledged, when it is an acknowledgement. */
  readonly by?: string;
}

/** An incident, found out. */
export interface FoundIncident {
  readonly first: number;
  readonly last: number;
  readonly acknowledged?: { readonly by: string; readonly at: number };
}

/** See the module. */
export class NaiveIncidents {
  #events: readonly Kept[] = [];

  /** The gap is in ms. */
  constructor(readonly gapMillis: number) {}

  /** What has happened so far, to return to. */
  get past(): readonly Kept[] {
    return this.#events;
  }

  /** Makes undone what came after. */
  returnTo(past: readonly Kept[]): void {
    this.#events = past;
  }

  /** An emission, or with `by` an acknowledgement. */
  add(id: string, seq: number, at: number, by?: string): void {
    this.#events = [...this.#events, { id, seq, at, ...(by !== undefined && { by }) }];
  }

  /** The latest incident of an alert. */
  latest(id: string): FoundIncident | undefined {
    let incident: FoundIncident | undefined;
    let emittedAt = 0;
    for (const { seq, at, by } of this.#events.filter((event) => event.id === id)) {
      if (by !== undefined) {
        incident = { ...incident!, last: seq, acknowledged: { by, at } };
        continue;
      }
      const first = incident === undefined || at - emittedAt > this.gapMillis
        ? undefined
        : incident;
      incident = { first: seq, ...first, last: seq };
      emittedAt = at;
    }
    return incident;
  }
}

/** An emission as the log hands it over. */
export function emission(id: string, seq: number, timestamp: number): StoredEvent {
  const time = new Date(timestamp).toISOString();
  const data = JSON.stringify({ id, status: "ACTIVE", n: seq, createdAt: time, timestamp });
  return { channel: "risk-alerts", seq, key: id, timestamp, time, data };
}
