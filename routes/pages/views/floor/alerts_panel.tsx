/** @module The alerts of the floor: those that nobody has taken first. */
import type { VNode } from "preact";
import { useComputed } from "@preact/signals";
import { followLink } from "../../app/router.ts";
import type { Live } from "../../data/live.ts";
import type { RowStore } from "../../data/row_store.ts";
import { byUrgency, unacknowledged } from "../../logic/alerts.ts";
import { VIEW_PATHS } from "../../paths.ts";
import { AlertItem } from "../../parts/alert_item.tsx";
import { Panel } from "../../parts/panel.tsx";

/** Alerts on the floor; all of them are in the view of alerts. */
const LIMIT = 5;

/** The list. */
export function AlertsPanel({ live, store }: {
  readonly live: Live;
  readonly store: RowStore<"risk-alerts">;
}): VNode {
  const ids = useComputed(() => {
    store.version.value;
    return [...store.table.values()].sort(byUrgency).slice(0, LIMIT).map(({ id }) => id);
  }).value;
  const open = useComputed(() => (store.version.value, unacknowledged(store.table).length)).value;
  return (
    <Panel
      title="Alerts"
      note={open === 0 ? "all acknowledged" : `${open} unacknowledged`}
      tools={<a href={VIEW_PATHS.alerts} onClick={followLink}>All alerts</a>}
    >
      {ids.length === 0
        ? <p class="none">No alert. Broken limits of traders appear here.</p>
        : (
          <ul class="alerts">
            {ids.map((id) => <AlertItem key={id} live={live} store={store} id={id} />)}
          </ul>
        )}
    </Panel>
  );
}
