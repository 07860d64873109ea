/** @module What is shown of a position. */
import type { ChannelData } from "../../../protocol/client/mod.ts";
import { go } from "../app/router.ts";
import type { Live } from "../data/live.ts";
import type { RowStore } from "../data/row_store.ts";
import { symbolPath } from "../logic/addresses.ts";
import { compareDecimals, formatDecimal } from "../logic/decimal.ts";
import { RowAge } from "./age.tsx";
import { CellLink } from "./cell_link.tsx";
import type { Column } from "./columns.ts";
import { Change, Tinted } from "./numbers.tsx";

type Position = ChannelData["positions"];
type PositionColumn = Column<Position>;

/** The name of a trader, its id where it has not reported. */
export function traderName(live: Live, id: string): string {
  const traders = live.stores["trader-status"];
  // Who shows the name follows the traders as they come.
  traders?.members.value;
  return traders?.table.get(id)?.name ?? id;
}

/** Opens the chart of a position's symbol. */
export function openSymbol(store: RowStore<"positions">): (id: string) => void {
  return (id) => {
    const symbol = store.table.get(id)?.symbol;
    if (symbol !== undefined) go(symbolPath(symbol));
  };
}

/** Sorts by an amount. */
function decimal(key: "quantity" | "entryPrice" | "currentPrice" | "unrealizedPnL") {
  return {
    rank: (row: Position) => Number(row[key]),
    compare: (one: Position, other: Position) => compareDecimals(one[key], other[key]),
  };
}

/** The columns. */
export function positionColumns(live: Live, store: RowStore<"positions">): PositionColumn[] {
  const name = (id: string) => traderName(live, id);
  return [
    {
      key: "symbol",
      head: "Symbol",
      text: true,
      rank: (row) => row.symbol,
      cell: ({ data }) => (
        <CellLink href={symbolPath(data.symbol)} title={data.id}>{data.symbol}</CellLink>
      ),
    },
    {
      key: "side",
      head: "Side",
      rank: (row) => row.action,
      cell: ({ data }) => data.action === "LONG" ? "Long" : "Short",
    },
    {
      key: "trader",
      head: "Trader",
      text: true,
      wide: true,
      rank: (row) => name(row.traderId),
      cell: ({ data }) => <span class="muted">{name(data.traderId)}</span>,
    },
    {
      key: "quantity",
      head: "Quantity",
      end: true,
      wide: true,
      greatestFirst: true,
      ...decimal("quantity"),
      cell: ({ data }) => formatDecimal(data.quantity),
    },
    {
      key: "entry",
      head: "Entry",
      end: true,
      wide: true,
      greatestFirst: true,
      ...decimal("entryPrice"),
      cell: ({ data }) => formatDecimal(data.entryPrice),
    },
    {
      key: "price",
      head: "Price",
      end: true,
      greatestFirst: true,
      ...decimal("currentPrice"),
      cell: ({ data }) => (
        <Tinted value={data.currentPrice}>{formatDecimal(data.currentPrice)}</Tinted>
      ),
    },
    {
      key: "pnl",
      head: "Unrealized",
      end: true,
      greatestFirst: true,
      ...decimal("unrealizedPnL"),
      cell: ({ data }) => (
        <Tinted value={data.unrealizedPnL}>
          <Change text={data.unrealizedPnL} />
        </Tinted>
      ),
    },
    {
      key: "stop",
      head: "Stop",
      title: "Stop loss price; T: it trails",
      end: true,
      wide: true,
      cell: ({ data }) =>
        data.stopLossPrice === undefined ? <span class="muted">–</span> : (
          <span class="muted">
            {data.trailingStopActivated && "T "}
            {formatDecimal(data.stopLossPrice)}
          </span>
        ),
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
