/** @module The prices of the floor. */
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { followLink, go } from "../../app/router.ts";
import type { ChannelData } from "../../../../protocol/client/mod.ts";
import type { Live } from "../../data/live.ts";
import type { RowStore } from "../../data/row_store.ts";
import { VIEW_PATHS } from "../../paths.ts";
import type { Column } from "../../parts/columns.ts";
import { DataTable } from "../../parts/data_table.tsx";
import { formatDecimal } from "../../logic/decimal.ts";
import { Change, Tinted } from "../../parts/numbers.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Sparkline } from "../../parts/sparkline.tsx";

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
  go(`${VIEW_PATHS.market}/${encodeURIComponent(id)}`);
}

function marketColumns(live: Live): Column<ChannelData["market-data"]>[] {
  return [
    {
      key: "symbol",
      head: "Symbol",
      text: true,
      rank: (row) => row.symbol,
      cell: ({ data }) => <b title={data.source}>{data.symbol}</b>,
    },
    {
      key: "trail",
      head: "Trend",
      title: "Since this page is open, at most an hour",
      cell: ({ data }) => <Sparkline points={live.sums.priceTrails.get(data.id)?.points ?? []} />,
    },
    {
      key: "price",
      head: "Last",
      end: true,
      cell: ({ data }) => <Tinted value={data.price}>{formatDecimal(data.price)}</Tinted>,
    },
    {
      key: "change",
      head: "24 h",
      end: true,
      cell: ({ data: { change24h } }) =>
        change24h === undefined
          ? <span class="muted">–</span>
          : <Change text={change24h.toFixed(2)} unit=" %" />,
    },
  ];
}
