/** @module What is shown of a symbol. */
import type { ChannelData } from "../../../protocol/client/mod.ts";
import type { Live } from "../data/live.ts";
import { symbolPath } from "../logic/addresses.ts";
import { compareDecimals, formatDecimal } from "../logic/decimal.ts";
import { CellLink } from "./cell_link.tsx";
import type { Column } from "./columns.ts";
import { Change, Tinted } from "./numbers.tsx";
import { Sparkline } from "./sparkline.tsx";

/**
 * The columns.
 *
 * @param current The symbol whose chart is shown.
 * @param suffix The query of the links.
 */
export function marketColumns(
  live: Live,
  current?: string,
  suffix = "",
): Column<ChannelData["market-data"]>[] {
  return [
    {
      key: "symbol",
      head: "Symbol",
      text: true,
      rank: (row) => row.symbol,
      cell: ({ data }) => (
        <CellLink href={symbolPath(data.id) + suffix} title={data.source}>
          {data.symbol}
          {data.id === current && <span class="here" role="img" aria-label="in the chart">●</span>}
        </CellLink>
      ),
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
      greatestFirst: true,
      rank: (row) => Number(row.price),
      compare: (one, other) => compareDecimals(one.price, other.price),
      cell: ({ data }) => <Tinted value={data.price}>{formatDecimal(data.price)}</Tinted>,
    },
    {
      key: "change",
      head: "24 h",
      end: true,
      greatestFirst: true,
      rank: ({ change24h }) => change24h ?? -Infinity,
      cell: ({ data: { change24h } }) =>
        change24h === undefined
          ? <span class="muted">–</span>
          : <Change text={change24h.toFixed(2)} unit=" %" />,
    },
  ];
}
