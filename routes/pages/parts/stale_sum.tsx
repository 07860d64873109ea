/** @module Says of a sum what is in it, and how much of that is stale. */
import type { VNode } from "preact";
import type { Live } from "../data/live.ts";
import type { RowStore, TableChannel } from "../data/row_store.ts";

/** The foot of a table. */
export function StaleSum<C extends TableChannel>({ live, store, noun }: {
  readonly live: Live;
  readonly store: RowStore<C>;
  /** What a row is, in the singular. */
  readonly noun: string;
}): VNode {
  store.members.value;
  const { size } = store.table;
  const stale = live.staleCount(store).value;
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
