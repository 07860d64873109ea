/** @module The chart of a symbol with its figures, and what leads through it. */
import type { VNode } from "preact";
import { type Signal, useComputed, useSignal } from "@preact/signals";
import type { Live } from "../../data/live.ts";
import type { PriceStore } from "../../data/price_store.ts";
import type { RowStore } from "../../data/row_store.ts";
import { pointsWithin, type Span, zoomSpan } from "../../logic/chart_scale.ts";
import { formatDecimal } from "../../logic/decimal.ts";
import { RowAge, Time } from "../../parts/age.tsx";
import { Figure, NO_VALUE, Strip } from "../../parts/figure.tsx";
import { Change, Tinted } from "../../parts/numbers.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Chart } from "./chart.tsx";

/** What a click on a button zooms by. */
const ZOOM_STEP = 0.5;

/** The panel. */
export function ChartPanel({ live, store, id, prices }: {
  readonly live: Live;
  readonly store: RowStore<"market-data">;
  readonly id: string;
  readonly prices: PriceStore;
}): VNode {
  const zoom = useSignal<Span | undefined>(undefined);
  const symbol = useComputed(() => store.row(id).value?.data.symbol ?? id).value;
  const decimals = useComputed(() => {
    return store.row(id).value?.data.price.split(".")[1]?.length ?? 0;
  }).value;
  const zoomBy = (factor: number) => {
    const { points } = prices;
    if (points.length < 2) return;
    const whole = { from: points[0]!.at, to: points.at(-1)!.at };
    const span = zoom.value ?? whole;
    const next = zoomSpan(span, span.to, factor, whole);
    zoom.value = next === whole ? undefined : next;
  };
  return (
    <>
      <ChartFigures live={live} store={store} id={id} prices={prices} zoom={zoom} />
      <div class="main">
        <Panel
          title={symbol}
          note={<Range prices={prices} zoom={zoom} />}
          tools={
            <>
              <button type="button" aria-label="Zoom in" onClick={() => zoomBy(ZOOM_STEP)}>
                +
              </button>
              <button type="button" aria-label="Zoom out" onClick={() => zoomBy(1 / ZOOM_STEP)}>
                −
              </button>
              <button
                type="button"
                disabled={zoom.value === undefined}
                onClick={() => zoom.value = undefined}
              >
                Reset
              </button>
            </>
          }
          foot={<Past prices={prices} />}
        >
          <Chart prices={prices} zoom={zoom} symbol={symbol} decimals={decimals} />
        </Panel>
      </div>
    </>
  );
}

function ChartFigures({ live, store, id, prices, zoom }: {
  readonly live: Live;
  readonly store: RowStore<"market-data">;
  readonly id: string;
  readonly prices: PriceStore;
  readonly zoom: Signal<Span | undefined>;
}): VNode {
  const row = store.row(id).value;
  const view = useComputed(() => {
    prices.version.value;
    const points = zoom.value === undefined
      ? prices.points
      : pointsWithin(prices.points, zoom.value);
    if (points.length === 0) return undefined;
    const values = points.map(({ value }) => value);
    const [first, last] = [values[0]!, values.at(-1)!];
    return {
      high: values.reduce((one, other) => Math.max(one, other)),
      low: values.reduce((one, other) => Math.min(one, other)),
      change: first === 0 ? undefined : (last / first - 1) * 100,
    };
  }).value;
  const decimals = row?.data.price.split(".")[1]?.length ?? 0;
  const price = (value: number | undefined) =>
    value === undefined ? NO_VALUE : formatDecimal(value.toFixed(decimals));
  const change24h = row?.data.change24h;
  return (
    <Strip>
      <Figure name="Last" note={row?.data.source}>
        {row === undefined
          ? NO_VALUE
          : <Tinted value={row.data.price}>{formatDecimal(row.data.price)}</Tinted>}
      </Figure>
      <Figure name="24 h" note="as published">
        {change24h === undefined ? NO_VALUE : <Change text={change24h.toFixed(2)} unit=" %" />}
      </Figure>
      <Figure name="Change" note="in the chart">
        {view?.change === undefined ? NO_VALUE : <Change text={view.change.toFixed(2)} unit=" %" />}
      </Figure>
      <Figure name="High" note="in the chart">{price(view?.high)}</Figure>
      <Figure name="Low" note="in the chart">{price(view?.low)}</Figure>
      <Figure
        name="Updated"
        note={row === undefined
          ? undefined
          : <RowAge live={live} source={store} id={id} since={row.acceptedAt} />}
      >
        {row === undefined ? NO_VALUE : <Time at={row.data.timestamp} />}
      </Figure>
    </Strip>
  );
}

function Range({ prices, zoom }: {
  readonly prices: PriceStore;
  readonly zoom: Signal<Span | undefined>;
}): VNode | null {
  prices.version.value;
  const { points } = prices;
  if (points.length === 0) return null;
  const from = zoom.value?.from ?? points[0]!.at;
  return (
    <>
      <Time at={from} /> to {zoom.value === undefined ? "now" : <Time at={zoom.value.to} />}
    </>
  );
}

function Past({ prices }: { readonly prices: PriceStore }): VNode {
  prices.version.value;
  const past = prices.past.value;
  return (
    <>
      <span>{prices.points.length.toLocaleString("en")} prices</span>
      {past === "whole" && <span>all that is kept</span>}
      {past === "reading" && <span>reading the past…</span>}
      {past === "failed" && <span class="fault">The past could not be read.</span>}
      {(past === "more" || past === "failed") && (
        <button
          type="button"
          onClick={() => prices.readEarlier()}
        >
          {past === "more" ? "Earlier prices" : "Try again"}
        </button>
      )}
      <span class="hint">wheel or drag zooms, double click resets</span>
    </>
  );
}
