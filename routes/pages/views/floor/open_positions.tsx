/** @module The open positions of the floor, those with the most at stake first. */
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { followLink } from "../../app/router.ts";
import type { Live } from "../../data/live.ts";
import type { RowStore } from "../../data/row_store.ts";
import { VIEW_PATHS } from "../../paths.ts";
import { DataTable } from "../../parts/data_table.tsx";
import { Panel } from "../../parts/panel.tsx";
import { openSymbol, positionColumns } from "../../parts/position_columns.tsx";
import { StaleSum } from "../../parts/stale_sum.tsx";

/** Rows on the floor; all of them are in the view of positions. */
const LIMIT = 12;

/** The table. */
export function OpenPositions({ live, store }: {
  readonly live: Live;
  readonly store: RowStore<"positions">;
}): VNode {
  const columns = useMemo(() => positionColumns(live, store), [live]);
  const open = useMemo(() => openSymbol(store), [store]);
  store.members.value;
  const { size } = store.table;
  return (
    <Panel
      title="Open positions"
      note={size.toLocaleString("en")}
      tools={<a href={VIEW_PATHS.positions} onClick={followLink}>All positions</a>}
      foot={<StaleSum live={live} store={store} noun="position" />}
    >
      <DataTable
        live={live}
        source={store}
        label="Open positions"
        onOpen={open}
        columns={columns}
        sort={{ key: "symbol", descending: false }}
        limit={LIMIT}
        empty="No position is open."
      />
    </Panel>
  );
}
