/**
 * The market: all symbols, and the chart of one of them.
 *
 * @module
 */
import type { VNode } from "preact";
import { useComputed } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { route } from "../../app/router.ts";
import type { Live } from "../../data/live.ts";
import { PriceStore } from "../../data/price_store.ts";
import type { RowStore } from "../../data/row_store.ts";
import { NotPart } from "../../parts/not_part.tsx";
import { ChartPanel } from "./chart_panel.tsx";
import { Symbols } from "./symbols.tsx";

/** The view. */
export function Market({ live }: { readonly live: Live }): VNode {
  const store = live.stores["market-data"];
  if (store === undefined) return <NotPart channel="market-data" />;
  return <Prices live={live} store={store} />;
}

function Prices({ live, store }: {
  readonly live: Live;
  readonly store: RowStore<"market-data">;
}): VNode {
  const id = useComputed(() => {
    store.members.value;
    return symbolId(store, route.value.item);
  }).value;
  return (
    <>
      {id === undefined
        ? <NoSymbol store={store} />
        : <Chart key={id} live={live} store={store} id={id} />}
      <div class="side last">
        <Symbols live={live} store={store} current={id} />
      </div>
    </>
  );
}

/** The symbol that the address names, in whatever case; without one the first. */
function symbolId(store: RowStore<"market-data">, wanted: string | undefined): string | undefined {
  if (wanted === undefined) return [...store.table.keys()].sort()[0];
  if (store.table.has(wanted)) return wanted;
  for (const [id, { symbol }] of store.table) {
    if (symbol.toUpperCase() === wanted.toUpperCase()) return id;
  }
  return undefined;
}

function NoSymbol({ store }: { readonly store: RowStore<"market-data"> }): VNode {
  const wanted = route.value.item;
  return (
    <section class="panel">
      <p class="none" role="status">
        {!store.loaded.value
          ? "Loading…"
          : wanted === undefined
          ? "No price has come yet. A chart appears with the first one."
          : `No price of ${wanted} has come. Choose a symbol from the list.`}
      </p>
    </section>
  );
}

/** Its prices live as long as it is on the screen. */
function Chart({ live, store, id }: {
  readonly live: Live;
  readonly store: RowStore<"market-data">;
  readonly id: string;
}): VNode {
  const prices = useMemo(() => new PriceStore(store, id), [store, id]);
  useEffect(() => () => prices.stop(), [prices]);
  return <ChartPanel live={live} store={store} id={id} prices={prices} />;
}
