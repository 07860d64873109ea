/**
 * Reads the alerts of an earlier process, from which incidents are brought back.
 *
 * @module
 */
import { isDamage, type Store, type StoredEvent } from "../ports.ts";

/** Most alerts that a start reads: 0.1 s of reading. Incidents before them are forgotten. */
export const MAX_RECOVERED_ALERTS = 10_000;

/** Most characters of `data` that a start reads for incidents; the last page may exceed it. */
export const MAX_RECOVERED_CHARACTERS = 16 * 1_024 * 1_024;

/** Alerts read at once. */
const PAGE_ALERTS = 256;

/** Where alerts are read. */
type AlertSource = Pick<Store, "channels" | "head" | "oldest" | "read">;

/**
 * The newest alerts of a store, in order, as far back as a start may read.
 *
 * @param held The newest of them that have been read already, consecutive up to the head.
 * @throws {Error} When the store cannot be read.
 */
export async function readAlerts(
  store: AlertSource,
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
async function readSound(store: AlertSource, afterSeq: number, limit: number) {
  try {
    const page = await store.read(store.channels.alerts, afterSeq, limit);
    return page?.length === limit ? page : undefined;
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

function charactersOf(events: readonly StoredEvent[]): number {
  return events.reduce((sum, { data }) => sum + data.length, 0);
}
