/**
 * The frame of every view: navigation, the state of the connection, what interrupts, the view.
 *
 * @module
 */
import type { VNode } from "preact";
import { useComputed } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Brand } from "../parts/brand.tsx";
import type { Live } from "../data/live.ts";
import { STALE_AFTER_MILLIS } from "../logic/presence.ts";
import { VIEW_PATHS, type ViewName } from "../paths.ts";
import { announceCritical } from "./announcer.ts";
import { Interruption } from "./interruption.tsx";
import { Keyboard } from "./keyboard.tsx";
import { followLink, route } from "./router.ts";
import { StateBar } from "./state_bar.tsx";
import { StatusRegion } from "./status_region.tsx";
import { useTitle } from "./title.ts";
import { TITLES, VIEWS } from "./views.tsx";
import { unacknowledged } from "../logic/alerts.ts";

/** The frame. */
export function Shell({ live }: { readonly live: Live }): VNode {
  useEffect(() => announceCritical(live), [live]);
  useTitle(live);
  const isStale = useComputed(() =>
    live.connection.value.status !== "live" || live.clock.silenceMs.value >= STALE_AFTER_MILLIS
  );
  const { view } = route.value;
  const View = VIEWS[view];
  return (
    <>
      <a class="skip" href="#view">Skip to the view</a>
      <header class="bar">
        <Brand />
        <Navigation live={live} view={view} />
        <StateBar live={live} />
      </header>
      <StatusRegion live={live} />
      <Interruption live={live} />
      <Keyboard />
      <main id="view" class={isStale.value ? "view dim" : "view"} tabIndex={-1}>
        <h1 class="hidden">{TITLES[view]}</h1>
        <View live={live} />
      </main>
    </>
  );
}

function Navigation({ live, view }: { readonly live: Live; readonly view: ViewName }): VNode {
  return (
    <nav aria-label="Views">
      {(Object.keys(VIEW_PATHS) as ViewName[]).map((name) => (
        <a
          key={name}
          href={VIEW_PATHS[name]}
          onClick={followLink}
          aria-current={name === view ? "page" : undefined}
        >
          {TITLES[name]}
          {name === "alerts" && <AlertCount live={live} />}
        </a>
      ))}
    </nav>
  );
}

function AlertCount({ live }: { readonly live: Live }): VNode | null {
  const store = live.stores["risk-alerts"];
  const count = useComputed(() => {
    store?.version.value;
    return store === undefined ? 0 : unacknowledged(store.table).length;
  }).value;
  if (count === 0) return null;
  return (
    <b class="count">
      {count}
      <span class="hidden">unacknowledged</span>
    </b>
  );
}
