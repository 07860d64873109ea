/** @module The open positions, sorted and filtered. */
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { route, setQuery } from "../../app/router.ts";
import type { ChannelData } from "../../../../protocol/client/mod.ts";
import type { Live } from "../../data/live.ts";
import type { RowStore } from "../../data/row_store.ts";
import { matches, parseSort, type Sort, writeSort } from "../../logic/arrange.ts";
import { DataTable } from "../../parts/data_table.tsx";
import { FilterField } from "../../parts/filter_field.tsx";
import { Panel } from "../../parts/panel.tsx";
import { openSymbol, positionColumns, traderName } from "../../parts/position_columns.tsx";
import { StaleSum } from "../../parts/stale_sum.tsx";

const DEFAULT_SORT: Sort = { key: "symbol", descending: false };

/** The table. */
export function OpenTable({ live, store }: {
  readonly live: Live;
  readonly store: RowStore<"positions">;
}): VNode {
  const columns = useMemo(() => positionColumns(live, store), [live]);
  const { query } = route.value;
  const filter = query.get("filter") ?? "";
  const sort = parseSort(query.get("sort"), columns.map(({ key }) => key)) ?? DEFAULT_SORT;
  const admits = useMemo(
    () => ({ id, symbol, action, traderId, status }: ChannelData["positions"]) =>
      matches(filter, [id, symbol, action, traderId, traderName(live, traderId), status]),
    [live, filter],
  );
  const open = useMemo(() => openSymbol(store), [store]);
  store.members.value;
  return (
    <Panel
      title="Open positions"
      note={store.size.toLocaleString("en")}
      tools={<FilterField value={filter} onChange={(text) => setQuery("filter", text)} />}
      foot={<StaleSum live={live} store={store} noun="position" />}
    >
      <DataTable
        live={live}
        source={store}
        label="Open positions"
        onOpen={open}
        columns={columns}
        sort={sort}
        onSort={(next) => setQuery("sort", writeSort(next))}
        {...(filter !== "" && { admits })}
        empty={filter === "" ? "No position is open." : `No position matches “${filter}”.`}
      />
    </Panel>
  );
}
