/** @module The sums of the positions. */
import type { VNode } from "preact";
import { useComputed } from "@preact/signals";
import type { ChannelData } from "../../../../protocol/client/mod.ts";
import type { ClosedStore } from "../../data/closed_store.ts";
import type { Live } from "../../data/live.ts";
import type { RowStore } from "../../data/row_store.ts";
import { compareDecimals } from "../../logic/decimal.ts";
import { Time } from "../../parts/age.tsx";
import { Figure, NO_VALUE, Strip } from "../../parts/figure.tsx";
import { Change } from "../../parts/numbers.tsx";
import { Unrealized } from "../../parts/unrealized_figure.tsx";

type Position = ChannelData["positions"];

/** The strip. */
export function PositionFigures({ live, store, closed }: {
  readonly live: Live;
  readonly store: RowStore<"positions">;
  readonly closed: ClosedStore;
}): VNode {
  return (
    <Strip>
      <Unrealized live={live} />
      <Sides store={store} live={live} />
      <Extremes store={store} live={live} />
      <Realized closed={closed} />
      <Winners closed={closed} />
    </Strip>
  );
}

interface StoreProps {
  readonly store: RowStore<"positions">;
  readonly live: Live;
}

/** Once a second: it looks at every position. */
function Sides({ store, live }: StoreProps): VNode {
  const text = useComputed(() => {
    live.clock.second.value;
    store.members.value;
    let long = 0;
    for (const [, { action }] of store.entries()) if (action === "LONG") long += 1;
    return `${long.toLocaleString("en")} · ${(store.size - long).toLocaleString("en")}`;
  }).value;
  return <Figure name="Long · short" note="open">{text}</Figure>;
}

/** Once a second: it looks at every position. */
function Extremes({ store, live }: StoreProps): VNode {
  const ends = useComputed(() => {
    live.clock.second.value;
    store.members.value;
    let best: Position | undefined;
    let worst: Position | undefined;
    for (const [, position] of store.entries()) {
      const { unrealizedPnL } = position;
      if (!best || compareDecimals(unrealizedPnL, best.unrealizedPnL) > 0) best = position;
      if (!worst || compareDecimals(unrealizedPnL, worst.unrealizedPnL) < 0) worst = position;
    }
    return { best, worst };
  }).value;
  return (
    <>
      <Extreme name="Best" position={ends.best} />
      <Extreme name="Worst" position={ends.worst} />
    </>
  );
}

function Extreme({ name, position }: {
  readonly name: string;
  readonly position: Position | undefined;
}): VNode {
  return (
    <Figure name={name} note={position?.symbol}>
      {position === undefined ? NO_VALUE : <Change text={position.unrealizedPnL} />}
    </Figure>
  );
}

function Realized({ closed }: { readonly closed: ClosedStore }): VNode {
  closed.members.value;
  return (
    <Figure
      name="Realized today"
      note={
        <>
          since <Time at={closed.completeSince.value} />
        </>
      }
    >
      {closed.size === 0 ? NO_VALUE : <Change text={closed.trades.realized} />}
    </Figure>
  );
}

function Winners({ closed }: { readonly closed: ClosedStore }): VNode {
  closed.members.value;
  const share = closed.size === 0 ? undefined : closed.trades.winners / closed.size * 100;
  const note = share === undefined ? "none yet" : `${share.toFixed(0)} % with a gain`;
  return <Figure name="Closed today" note={note}>{closed.size.toLocaleString("en")}</Figure>;
}
