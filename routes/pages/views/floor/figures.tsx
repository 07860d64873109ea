/** @module The strip of sums; a sum says when a part of it is stale. */
import type { ComponentChildren, VNode } from "preact";
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { CHANNELS, type Live } from "../../data/live.ts";
import { oldestOf, unacknowledged } from "../../logic/alerts.ts";
import { compareDecimals, formatDecimal } from "../../logic/decimal.ts";
import { Rate } from "../../logic/rate.ts";
import { Age } from "../../parts/age.tsx";
import { Change } from "../../parts/numbers.tsx";
import { useStaleCount } from "../../parts/stale_sum.tsx";

/** The strip. */
export function Figures({ live }: { readonly live: Live }): VNode {
  return (
    <dl class="figures">
      <NetProfit live={live} />
      <Unrealized live={live} />
      <Running live={live} />
      <Drawdown live={live} />
      <Unacknowledged live={live} />
      <Events live={live} />
    </dl>
  );
}

function Figure({ name, children, note }: {
  readonly name: string;
  readonly children: ComponentChildren;
  readonly note?: ComponentChildren;
}): VNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <b>{children}</b>
        {note !== undefined && <small>{note}</small>}
      </dd>
    </div>
  );
}

function StaleParts({ count }: { readonly count: number }): VNode | null {
  return count === 0 ? null : <span class="tag warn">{count} stale</span>;
}

const NONE = <span class="muted">–</span>;

function NetProfit({ live }: { readonly live: Live }): VNode {
  const store = live.stores["trader-status"];
  const sum = useComputed(() => {
    store?.version.value;
    return live.sums.netProfit.size === 0 ? undefined : live.sums.netProfit.text;
  }).value;
  const stale = useStaleCount(live, store).value;
  return (
    <Figure
      name="Net profit"
      note={
        <>
          since start <StaleParts count={stale} />
        </>
      }
    >
      {sum === undefined ? NONE : <Change text={sum} />}
    </Figure>
  );
}

function Unrealized({ live }: { readonly live: Live }): VNode {
  const store = live.stores.positions;
  const sum = useComputed(() => {
    store?.version.value;
    return live.sums.unrealized.size === 0 ? undefined : live.sums.unrealized.text;
  }).value;
  const open = useComputed(() => (store?.members.value, store?.table.size ?? 0)).value;
  const stale = useStaleCount(live, store).value;
  return (
    <Figure
      name="Unrealized"
      note={
        <>
          {open.toLocaleString("en")} open <StaleParts count={stale} />
        </>
      }
    >
      {sum === undefined ? NONE : <Change text={sum} />}
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
      {worst === undefined ? NONE : formatDecimal(worst.amount)}
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
    const count = CHANNELS.reduce((sum, name) => {
      return sum + (live.stores[name]?.table.place?.seq ?? 0);
    }, 0);
    rate.sample(second, count);
    const { perSecond } = rate;
    if (perSecond === undefined) return;
    shown.value = perSecond < 10
      ? perSecond.toFixed(1)
      : Math.round(perSecond).toLocaleString("en");
  });
  return <Figure name="Events" note="a second, all channels">{shown}</Figure>;
}
