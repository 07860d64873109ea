/** @module The sum over all open positions. */
import type { VNode } from "preact";
import { useComputed } from "@preact/signals";
import type { Live } from "../data/live.ts";
import { Figure, NO_VALUE, StaleParts } from "./figure.tsx";
import { Change } from "./numbers.tsx";

/** The figure; it says how many positions are in it, and how many of them are stale. */
export function Unrealized({ live }: { readonly live: Live }): VNode {
  const store = live.stores.positions;
  const sum = useComputed(() => {
    store?.version.value;
    return live.sums.unrealized.size === 0 ? undefined : live.sums.unrealized.text;
  }).value;
  const open = useComputed(() => (store?.members.value, store?.size ?? 0)).value;
  const stale = live.staleCount(store).value;
  const note = (
    <>
      {open.toLocaleString("en")} open <StaleParts count={stale} />
    </>
  );
  return <Figure name="Unrealized" note={note}>{sum ? <Change text={sum} /> : NO_VALUE}</Figure>;
}
