/** @module All symbols, filtered and sorted. */
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { go, route, setQuery } from "../../app/router.ts";
import type { ChannelData } from "../../../../protocol/client/mod.ts";
import type { Live } from "../../data/live.ts";
import type { RowStore } from "../../data/row_store.ts";
import { symbolPath } from "../../logic/addresses.ts";
import { matches, parseSort, type Sort, writeSort } from "../../logic/arrange.ts";
import { DataTable } from "../../parts/data_table.tsx";
import { FilterField } from "../../parts/filter_field.tsx";
import { marketColumns } from "../../parts/market_columns.tsx";
import { Panel } from "../../parts/panel.tsx";
import { StaleSum } from "../../parts/stale_sum.tsx";

const DEFAULT_SORT: Sort = { key: "symbol", descending: false };

/** The table. */
export function Symbols({ live, store, current }: {
  readonly live: Live;
  readonly store: RowStore<"market-data">;
  /** The symbol whose chart is shown. */
  readonly current: string | undefined;
}): VNode {
  const { query } = route.value;
  // An address within the view keeps filter and sort.
  const suffix = query.size === 0 ? "" : `?${query}`;
  const columns = useMemo(() => marketColumns(live, current, suffix), [live, current, suffix]);
  const filter = query.get("filter") ?? "";
  const sort = parseSort(query.get("sort"), columns.map(({ key }) => key)) ?? DEFAULT_SORT;
  const admits = useMemo(
    () => ({ id, symbol, source }: ChannelData["market-data"]) =>
      matches(filter, [id, symbol, source]),
    [filter],
  );
  store.members.value;
  return (
    <Panel
      title="Symbols"
      note={store.size.toLocaleString("en")}
      tools={<FilterField value={filter} onChange={(text) => setQuery("filter", text)} />}
      foot={<StaleSum live={live} store={store} noun="symbol" />}
    >
      <DataTable
        live={live}
        source={store}
        label="Symbols"
        columns={columns}
        sort={sort}
        onSort={(next) => setQuery("sort", writeSort(next))}
        onOpen={(id) => go(symbolPath(id) + suffix)}
        {...(filter !== "" && { admits })}
        empty={filter === "" ? "No price has come yet." : `No symbol matches “${filter}”.`}
      />
    </Panel>
  );
}
