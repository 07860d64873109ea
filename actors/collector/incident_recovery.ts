/**
 * Incidents of an earlier process, read from what it stored.
 *
 * Nothing but the events of `risk-alerts` is kept of an incident. They are enough: an acknowledged
 * emission says so itself, and an acknowledgement is told from an emission by its own time of
 * acceptance, which it carries as `acknowledgedAt`.
 *
 * @module
 */
import { isDamage, type Store, type StoredEvent } from "../ports.ts";
import type { Acknowledgement, Incident, Incidents } from "./incidents.ts";

/** Most alerts that a start reads: 0.1 s of reading. Incidents before them are forgotten. */
export const MAX_RECOVERED_ALERTS = 10_000;

/** Most characters of `data` that a start reads for incidents; the last page may exceed it. */
export const MAX_RECOVERED_CHARACTERS = 16 * 1_024 * 1_024;

/** Alerts read at once. */
const PAGE_ALERTS = 256;

/** What an acknowledged event holds besides its alert; the quotes make it a key, here or deeper. */
const MARK = '"acknowledgedAt":"';

/**
 * The newest alerts of a store, in order, as far back as a start may read.
 *
 * @param held The newest of them that have been read already, consecutive up to the head.
 * @throws {Error} When the store cannot be read.
 */
export async function readAlerts(
  store: Store,
  held: readonly StoredEvent[],
): Promise<readonly StoredEvent[]> {
  const pages: (readonly StoredEvent[])[] = [held.slice(-MAX_RECOVERED_ALERTS)];
  let missing = MAX_RECOVERED_ALERTS - held.length;
  let room = MAX_RECOVERED_CHARACTERS - charactersOf(held);
  const { alerts } = store.channels;
  let next = held[0]?.seq ?? store.head(alerts).seq + 1;
  while (missing > 0 && room > 0 && next > store.oldest(alerts)) {
    const first = Math.max(store.oldest(alerts), next - Math.min(missing, PAGE_ALERTS));
    const page = await readSound(store, first - 1, next - first);
    if (page === undefined) break; // Retention came first, or what is older cannot be trusted.
    pages.push(page);
    missing -= page.length;
    room -= charactersOf(page);
    next = first;
  }
  return pages.reverse().flat();
}

/** Reads a whole page; `undefined` when an alert in it is damaged. */
async function readSound(store: Store, afterSeq: number, limit: number) {
  try {
    const page = await store.read(store.channels.alerts, afterSeq, limit);
    return page?.length === limit ? page : undefined;
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

/**
 * Brings back the incidents of stored alerts.
 *
 * @param alerts Consecutive events of `risk-alerts` up to the head.
 */
export function recoverIncidents(incidents: Incidents, alerts: readonly StoredEvent[]): void {
  for (const event of alerts) {
    incidents.put(follow(incidents, incidents.find(event.key), event));
  }
}

/** The incident of an event, after what is known of its alert. */
function follow(incidents: Incidents, known: Incident | undefined, event: StoredEvent): Incident {
  const { seq, timestamp } = event;
  const mark = markOf(event.data);
  if (mark === undefined) {
    // Within an acknowledged incident it would say so.
    const continued = known !== undefined && known.acknowledgement === undefined &&
      incidents.continues(known, timestamp);
    return { first: continued ? known.first : seq, last: seq, emission: event };
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
  return { first: continued ? known!.first : seq, last: seq, emission: event, acknowledgement };
}

/** Who acknowledged the incident of an event, with the time that the core gave the alert. */
function markOf(
  data: string,
): { readonly acknowledgement: Acknowledgement; readonly emittedAt: number } | undefined {
  if (!data.includes(MARK)) return undefined;
  const { acknowledgedBy, acknowledgedAt, timestamp } = JSON.parse(data);
  if (typeof acknowledgedAt !== "string" || typeof acknowledgedBy !== "string") return undefined;
  return { acknowledgement: { by: acknowledgedBy, at: acknowledgedAt }, emittedAt: timestamp };
}

function charactersOf(events: readonly StoredEvent[]): number {
  return events.reduce((sum, { data }) => sum + data.length, 0);
}
