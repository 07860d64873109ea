/**
 * The positions: what is open, and what became of what was closed today.
 *
 * @module
 */
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { Live } from "../../data/live.ts";
import { NotPart } from "../../parts/not_part.tsx";
import { ClosedTradesPanel } from "./closed_trades_panel.tsx";
import { OpenTable } from "./open_table.tsx";
import { PositionFigures } from "./position_figures.tsx";

/** The view. */
export function Positions({ live }: { readonly live: Live }): VNode {
  const store = live.stores.positions;
  const { closed } = live;
  useEffect(() => {
    if (closed !== undefined && !closed.loaded.peek()) closed.load();
  }, [closed]);
  if (store === undefined || closed === undefined) return <NotPart channel="positions" />;
  return (
    <>
      <PositionFigures live={live} store={store} closed={closed} />
      <div class="main">
        <OpenTable live={live} store={store} />
      </div>
      <div class="side last broad">
        <ClosedTradesPanel live={live} closed={closed} />
      </div>
    </>
  );
}
