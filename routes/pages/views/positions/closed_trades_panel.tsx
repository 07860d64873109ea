/** @module The trades that were closed today. */
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import type { ClosedStore } from "../../data/closed_store.ts";
import type { Live } from "../../data/live.ts";
import type { ClosedPosition } from "../../logic/closed_trades.ts";
import { Time } from "../../parts/age.tsx";
import type { Column } from "../../parts/columns.ts";
import { DataTable } from "../../parts/data_table.tsx";
import { Change } from "../../parts/numbers.tsx";
import { Panel } from "../../parts/panel.tsx";
import { traderName } from "../../parts/position_columns.tsx";

/** The list, the latest first. */
export function ClosedTradesPanel({ live, closed }: {
  readonly live: Live;
  readonly closed: ClosedStore;
}): VNode {
  const columns = useMemo(() => closedColumns(live), [live]);
  closed.members.value;
  return (
    <Panel
      title="Closed today"
      note={closed.size.toLocaleString("en")}
      foot={
        <span>
          complete since <Time at={closed.completeSince.value} />
        </span>
      }
    >
      <DataTable
        live={live}
        source={closed}
        label="Trades closed today"
        columns={columns}
        sort={{ key: "time", descending: true }}
        empty="No position was closed today."
      />
    </Panel>
  );
}

function closedColumns(live: Live): Column<ClosedPosition>[] {
  return [
    {
      key: "time",
      head: "Closed",
      rank: ({ timestamp }) => timestamp,
      cell: ({ data }) => (
        <span class="muted">
          <Time at={data.timestamp} />
        </span>
      ),
    },
    {
      key: "symbol",
      head: "Symbol",
      text: true,
      cell: ({ data }) => (
        <span title={[data.id, data.reason].filter(Boolean).join(": ")}>
          <b>{data.symbol}</b> {data.action === "LONG" ? "Long" : "Short"}
        </span>
      ),
    },
    {
      key: "trader",
      head: "Trader",
      text: true,
      cell: ({ data }) => <span class="muted">{traderName(live, data.traderId)}</span>,
    },
    {
      key: "pnl",
      head: "Realized",
      end: true,
      cell: ({ data }) =>
        data.realizedPnL === undefined
          ? <span class="muted">–</span>
          : <Change text={data.realizedPnL} />,
    },
  ];
}
