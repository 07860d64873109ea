/**
 * The title of the page: the view, how many alerts wait, and a mark when one of them is critical.
 *
 * @module
 */
import { useSignalEffect } from "@preact/signals";
import type { Live } from "../data/live.ts";
import { unacknowledged } from "../logic/alerts.ts";
import { route } from "./router.ts";
import { TITLES } from "./views.tsx";

/** Keeps the title while the page is live. */
export function useTitle(live: Live): void {
  useSignalEffect(() => {
    const store = live.stores["risk-alerts"];
    store?.version.value;
    const waiting = store === undefined ? [] : unacknowledged(store.table);
    const mark = waiting.some(({ severity }) => severity === "CRITICAL") ? "▲ " : "";
    const count = waiting.length > 0 ? `(${waiting.length}) ` : "";
    document.title = `${mark}${count}${TITLES[route.value.view]} – Telemetry`;
    return () => document.title = "Telemetry";
  });
}
