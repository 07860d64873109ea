/** @module Says of a sum what is in it, and how much of that is stale. */
import type { VNode } from "preact";
import { useComputed } from "@preact/signals";
import type { Live } from "../data/live.ts";
import type { RowStore, TableChannel } from "../data/row_store.ts";

/** How many rows of a table are stale, once a second. */
export function useStaleCount<C extends TableChannel>(live: Live, store: RowStore<C> | undefined) {
  return useComputed(() => {
    live.clock.second.value;
    if (store === undefined) return 0;
    store.members.value;
    store.freshness.value;
    let count = 0;
    for (const id of store.table.keys()) if (store.table.staleSince(id) !== undefined) count += 1;
    return count;
  });
}

/** The foot of a table. */
export function StaleSum<C extends TableChannel>({ live, store, noun }: {
  readonly live: Live;
  readonly store: RowStore<C>;
  /** What a row is, in the singular. */
  readonly noun: string;
}): VNode {
  store.members.value;
  const { size } = store.table;
  const stale = useStaleCount(live, store).value;
  const { place } = store.progress.value;
  return (
    <>
      <span>
        {size.toLocaleString("en")} {size === 1 ? noun : `${noun}s`}
        {stale > 0 && (
          <>
            , <span class="tag warn">{stale} stale</span>
          </>
        )}
      </span>
      {place !== undefined && <span>complete through #{place.seq.toLocaleString("en")}</span>}
    </>
  );
}
