/** @module What the floor shows of a trader. */
import type { VNode } from "preact";
import type { ChannelData } from "../../../../protocol/client/mod.ts";
import type { Live } from "../../data/live.ts";
import type { RowStore } from "../../data/row_store.ts";
import { traderPath } from "../../logic/addresses.ts";
import { compareDecimals, formatDecimal } from "../../logic/decimal.ts";
import { formatDuration, parseIsoDuration } from "../../logic/durations.ts";
import { Age, RowAge } from "../../parts/age.tsx";
import { CellLink } from "../../parts/cell_link.tsx";
import type { Column } from "../../parts/columns.ts";
import { Change, Tinted } from "../../parts/numbers.tsx";
import { Sparkline } from "../../parts/sparkline.tsx";
import { Status } from "../../parts/status.tsx";

type Trader = ChannelData["trader-status"];
type TraderColumn = Column<Trader>;

const NONE = <span class="muted">–</span>;

/** Sorts by an amount: traders without metrics as if it were 0. */
function money(key: "netProfit" | "maxDrawdown") {
  const amount = ({ metrics }: Trader) => metrics?.[key] ?? "0";
  return {
    rank: (row: Trader) => Number(amount(row)),
    compare: (one: Trader, other: Trader) => compareDecimals(amount(one), amount(other)),
  };
}

const uptimeOf = ({ metrics }: Trader) => parseIsoDuration(metrics?.uptime ?? "") ?? 0;

/** The columns. */
export function traderColumns(live: Live, store: RowStore<"trader-status">): TraderColumn[] {
  return [
    {
      key: "name",
      head: "Name",
      text: true,
      rank: (row) => row.name,
      cell: ({ data }) => (
        <CellLink href={traderPath(data.name)} title={data.id}>{data.name}</CellLink>
      ),
    },
    {
      key: "status",
      head: "Status",
      rank: (row) => row.status,
      cell: ({ data }) => (
        <span title={data.reason}>
          <Status status={data.status} />
        </span>
      ),
    },
    {
      key: "symbol",
      head: "Symbol",
      wide: true,
      rank: (row) => row.symbol,
      cell: ({ data }) => data.symbol,
    },
    {
      key: "strategy",
      head: "Strategy",
      text: true,
      wide: true,
      rank: (row) => row.strategy,
      cell: ({ data }) => <span class="muted">{data.strategy}</span>,
    },
    {
      key: "uptime",
      head: "Uptime",
      end: true,
      wide: true,
      greatestFirst: true,
      rank: uptimeOf,
      cell: ({ data }) => data.metrics === undefined ? NONE : formatDuration(uptimeOf(data)),
    },
    {
      key: "profit",
      head: "Net profit",
      title: "Since the trader started, in its quote currency",
      end: true,
      greatestFirst: true,
      ...money("netProfit"),
      cell: ({ data: { metrics } }) =>
        metrics === undefined ? NONE : (
          <Tinted value={metrics.netProfit}>
            <Change text={metrics.netProfit} />
          </Tinted>
        ),
    },
    {
      key: "trail",
      head: "Trend",
      title: "Net profit since this page is open, at most an hour",
      wide: true,
      cell: ({ data }) => <Sparkline points={live.sums.profitTrails.get(data.id)?.points ?? []} />,
    },
    {
      key: "wins",
      head: "Win rate",
      wide: true,
      greatestFirst: true,
      rank: ({ metrics }) => metrics?.winRate ?? 0,
      cell: ({ data: { metrics } }) => metrics === undefined ? NONE : winRate(metrics),
    },
    {
      key: "drawdown",
      head: "Drawdown",
      title: "The largest so far, in the quote currency",
      end: true,
      wide: true,
      greatestFirst: true,
      ...money("maxDrawdown"),
      cell: ({ data: { metrics } }) =>
        metrics === undefined ? NONE : formatDecimal(metrics.maxDrawdown),
    },
    {
      key: "signal",
      head: "Last signal",
      wider: true,
      cell: ({ data: { metrics } }) => {
        const { lastSignalAction: action, lastSignalTime: time } = metrics ?? {};
        if (action === undefined) return NONE;
        return (
          <>
            {action.charAt(0) + action.slice(1).toLowerCase()}{" "}
            {time !== undefined && (
              <small class="muted">
                <Age live={live} since={Date.parse(time)} />
              </small>
            )}
          </>
        );
      },
    },
    {
      key: "age",
      head: "Age",
      title: "Since the gateway took its last report",
      end: true,
      rank: ({ timestamp }) => -timestamp,
      cell: ({ data, acceptedAt }) => (
        <RowAge live={live} source={store} id={data.id} since={acceptedAt} />
      ),
    },
  ];
}

function winRate({ winRate, totalTrades }: NonNullable<Trader["metrics"]>): VNode {
  const percent = `${(winRate * 100).toFixed(0)} %`;
  return (
    <span title={`${totalTrades} trades`}>
      <span class="meter" aria-hidden="true">
        <i style={{ width: `${winRate * 100}%` }} />
      </span>
      {percent}
    </span>
  );
}
