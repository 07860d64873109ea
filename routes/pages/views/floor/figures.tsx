/** @module The strip of sums; a sum says when a part of it is stale. */
import type { VNode } from "preact";
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { CHANNELS, type Live } from "../../data/live.ts";
import { oldestOf, unacknowledged } from "../../logic/alerts.ts";
import { compareDecimals, formatDecimal } from "../../logic/decimal.ts";
import { Rate } from "../../logic/rate.ts";
import { Age } from "../../parts/age.tsx";
import { Figure, NO_VALUE, StaleParts, Strip } from "../../parts/figure.tsx";
import { Change } from "../../parts/numbers.tsx";
import { Unrealized } from "../../parts/unrealized_figure.tsx";

/** The strip. */
export function Figures({ live }: { readonly live: Live }): VNode {
  return (
    <Strip>
      <NetProfit live={live} />
      <Unrealized live={live} />
      <Running live={live} />
      <Drawdown live={live} />
      <Unacknowledged live={live} />
      <Events live={live} />
    </Strip>
  );
}

function NetProfit({ live }: { readonly live: Live }): VNode {
  const store = live.stores["trader-status"];
  const sum = useComputed(() => {
    store?.version.value;
    return live.sums.netProfit.size === 0 ? undefined : live.sums.netProfit.text;
  }).value;
  const stale = live.staleCount(store).value;
  return (
    <Figure
      name="Net profit"
      note={
        <>
          since start <StaleParts count={stale} />
        </>
      }
    >
      {sum === undefined ? NO_VALUE : <Change text={sum} />}
    </Figure>
  );
}

function Running({ live }: { readonly live: Live }): VNode {
  const store = live.stores["trader-status"];
  const text = useComputed(() => {
    store?.version.value;
    const counts = new Map<string, number>();
    for (const { status } of store?.table.values() ?? []) {
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    const others = ["PAUSED", "ERROR"]
      .filter((status) => counts.has(status))
      .map((status) => ` · ${counts.get(status)} ${status.toLowerCase()}`);
    return `${counts.get("RUNNING") ?? 0}/of ${store?.table.size ?? 0}${others.join("")}`;
  }).value;
  const [count, note] = text.split("/");
  return <Figure name="Running" note={note}>{count}</Figure>;
}

function Drawdown({ live }: { readonly live: Live }): VNode {
  const store = live.stores["trader-status"];
  const worst = useComputed(() => {
    store?.version.value;
    let found: { name: string; amount: string } | undefined;
    for (const { name, metrics } of store?.table.values() ?? []) {
      if (metrics === undefined) continue;
      if (found === undefined || compareDecimals(metrics.maxDrawdown, found.amount) > 0) {
        found = { name, amount: metrics.maxDrawdown };
      }
    }
    return found;
  }).value;
  return (
    <Figure name="Largest drawdown" note={worst?.name}>
      {worst === undefined ? NO_VALUE : formatDecimal(worst.amount)}
    </Figure>
  );
}

function Unacknowledged({ live }: { readonly live: Live }): VNode {
  const store = live.stores["risk-alerts"];
  const open = useComputed(() => {
    store?.version.value;
    const alerts = store === undefined ? [] : unacknowledged(store.table);
    return { count: alerts.length, oldest: oldestOf(alerts) };
  }).value;
  const note = open.oldest === undefined ? "nothing to do" : (
    <>
      oldest <Age live={live} since={open.oldest} />
    </>
  );
  return <Figure name="Unacknowledged" note={note}>{open.count}</Figure>;
}

function Events({ live }: { readonly live: Live }): VNode {
  const rate = useMemo(() => new Rate(), [live]);
  const shown = useSignal("–");
  useSignalEffect(() => {
    const second = live.clock.second.value;
    const places = CHANNELS.flatMap((name) => live.stores[name] ?? []).map(({ table }) =>
      table.place
    );
    // What a snapshot brings was published before.
    if (places.includes(undefined)) return;
    rate.sample(second, places.reduce((sum, place) => sum + place!.seq, 0));
    const { perSecond } = rate;
    if (perSecond === undefined) return;
    shown.value = perSecond < 10
      ? perSecond.toFixed(1)
      : Math.round(perSecond).toLocaleString("en");
  });
  return <Figure name="Events" note="a second, all channels">{shown}</Figure>;
}
