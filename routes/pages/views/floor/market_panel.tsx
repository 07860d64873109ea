/** @module The prices of the floor. */
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { followLink, go } from "../../app/router.ts";
import type { Live } from "../../data/live.ts";
import type { RowStore } from "../../data/row_store.ts";
import { symbolPath } from "../../logic/addresses.ts";
import { VIEW_PATHS } from "../../paths.ts";
import { DataTable } from "../../parts/data_table.tsx";
import { marketColumns } from "../../parts/market_columns.tsx";
import { Panel } from "../../parts/panel.tsx";

/** Symbols on the floor; all of them are in the view of the market. */
const LIMIT = 12;

/** The table. */
export function MarketPanel({ live, store }: {
  readonly live: Live;
  readonly store: RowStore<"market-data">;
}): VNode {
  const columns = useMemo(() => marketColumns(live), [live]);
  store.members.value;
  return (
    <Panel
      title="Market"
      note={store.table.size.toLocaleString("en")}
      tools={<a href={VIEW_PATHS.market} onClick={followLink}>All symbols</a>}
    >
      <DataTable
        live={live}
        source={store}
        label="Market"
        columns={columns}
        sort={{ key: "symbol", descending: false }}
        limit={LIMIT}
        onOpen={openSymbol}
        empty="No price has come yet."
      />
    </Panel>
  );
}

function openSymbol(id: string): void {
  go(symbolPath(id));
}
