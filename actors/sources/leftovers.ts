/**
 * Finds what an earlier simulation left in the snapshot: its traders, and positions that were open
 * when its process was killed.
 *
 * @module
 */
import type { Logger, RestoredStore, StoredEvent } from "../ports.ts";
import { SIMULATED_SOURCE } from "./market.ts";
import { MAX_BATCH, type PublishEvents } from "./publish.ts";

/** A key to take out of the snapshot, in the form in which it is published. */
export interface Leftover {
  /** The channel. */
  readonly channel: "positions" | "trader-status";
  /** The key. */
  readonly id: string;
  /** What happens to it. */
  readonly removed: true;
}

/**
 * The live positions and traders of an earlier simulation. Those of others are left alone: a simulated
 * trader trades on the exchange {@link SIMULATED_SOURCE}, and a position is its trader's.
 */
export function findLeftovers({ channels }: RestoredStore): readonly Leftover[] {
  const live = (channel: Leftover["channel"]) =>
    (channels.get(channel)?.latest ?? []).filter(({ ends }) => ends === undefined);
  const traders = live("trader-status")
    .filter((event) => fieldOf(event, "exchange") === SIMULATED_SOURCE)
    .map(({ key }) => key);
  const simulated = new Set<unknown>(traders);
  const positions = live("positions")
    .filter((event) => simulated.has(fieldOf(event, "traderId")))
    .map(({ key }) => key);
  return [
    ...positions.map((id) => ({ channel: "positions", id, removed: true }) as const),
    ...traders.map((id) => ({ channel: "trader-status", id, removed: true }) as const),
  ];
}

/** Removes the leftovers of an earlier simulation. Does not reject: a demo starts in any case. */
export async function clearFloor(
  restored: RestoredStore,
  publish: PublishEvents,
  log: Logger,
): Promise<void> {
  const leftovers = findLeftovers(restored);
  try {
    for (let at = 0; at < leftovers.length; at += MAX_BATCH) {
      await publish(leftovers.slice(at, at + MAX_BATCH));
    }
  } catch (error) {
    log.warn("what an earlier simulation left could not be removed", { error: String(error) });
  }
}

function fieldOf({ data }: StoredEvent, name: string): unknown {
  try {
    return (JSON.parse(data) as Readonly<Record<string, unknown>>)[name];
  } catch {
    return undefined; // The stored event is damaged.
  }
}
