/**
 * The trading floor: who trades, what is open, what needs somebody.
 *
 * @module
 */
import type { VNode } from "preact";
import { useComputed } from "@preact/signals";
import type { Live } from "../../data/live.ts";
import { AlertsPanel } from "./alerts_panel.tsx";
import { EmptyFloor } from "./empty_floor.tsx";
import { Figures } from "./figures.tsx";
import { MarketPanel } from "./market_panel.tsx";
import { OpenPositions } from "./open_positions.tsx";
import { Traders } from "./traders.tsx";

/** The view. */
export function Floor({ live }: { readonly live: Live }): VNode {
  const { stores } = live;
  const isEmpty = useComputed(() => {
    const all = [stores["trader-status"], stores.positions, stores["market-data"]];
    return all.every((store) => {
      return store === undefined ||
        (store.members.value, store.progress.value.place !== undefined && store.table.size === 0);
    });
  }).value;
  if (isEmpty) return <EmptyFloor live={live} />;
  return (
    <>
      <Figures live={live} />
      <div class="main">
        {stores["trader-status"] && <Traders live={live} store={stores["trader-status"]} />}
        {stores.positions && <OpenPositions live={live} store={stores.positions} />}
      </div>
      <div class="side">
        {stores["risk-alerts"] && <AlertsPanel live={live} store={stores["risk-alerts"]} />}
        {stores["market-data"] && <MarketPanel live={live} store={stores["market-data"]} />}
      </div>
    </>
  );
}
