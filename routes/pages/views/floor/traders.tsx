/** @module The traders of the floor. */
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { go, route, setQuery } from "../../app/router.ts";
import type { ChannelData } from "../../../../protocol/client/mod.ts";
import type { Live } from "../../data/live.ts";
import type { RowStore } from "../../data/row_store.ts";
import { traderPath } from "../../logic/addresses.ts";
import { matches, parseSort, type Sort, writeSort } from "../../logic/arrange.ts";
import { DataTable } from "../../parts/data_table.tsx";
import { FilterField } from "../../parts/filter_field.tsx";
import { Panel } from "../../parts/panel.tsx";
import { StaleSum } from "../../parts/stale_sum.tsx";
import { traderColumns } from "./trader_columns.tsx";

type TraderStore = RowStore<"trader-status">;

const DEFAULT_SORT: Sort = { key: "name", descending: false };

/** The table, with its filter and sums. */
export function Traders(
  { live, store }: { readonly live: Live; readonly store: TraderStore },
): VNode {
  const columns = useMemo(() => traderColumns(live, store), [store]);
  const { query } = route.value;
  const filter = query.get("filter") ?? "";
  const sort = parseSort(query.get("sort"), columns.map(({ key }) => key)) ?? DEFAULT_SORT;
  const admits = ({ id, name, symbol, strategy, status, exchange }: ChannelData["trader-status"]) =>
    matches(filter, [id, name, symbol, strategy, status, exchange]);
  const open = useMemo(() => (id: string) => go(traderPath(store.table.get(id)?.name ?? id)), [
    store,
  ]);
  return (
    <Panel
      title="Traders"
      note={<Count store={store} />}
      tools={<FilterField value={filter} onChange={(text) => setQuery("filter", text)} />}
      foot={<StaleSum live={live} store={store} noun="trader" />}
    >
      <DataTable
        live={live}
        source={store}
        label="Traders"
        columns={columns}
        sort={sort}
        onOpen={open}
        onSort={(next) => setQuery("sort", writeSort(next))}
        {...(filter !== "" && { admits })}
        empty={filter === "" ? "No trader has reported yet." : `No trader matches “${filter}”.`}
      />
    </Panel>
  );
}

function Count({ store }: { readonly store: TraderStore }): VNode {
  store.members.value;
  return <>{store.table.size.toLocaleString("en")}</>;
}
