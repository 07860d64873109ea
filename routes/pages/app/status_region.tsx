/**
 * The one place that is read out: what the connection is doing and critical alerts,
 * once for each change.
 *
 * @module
 */
import type { VNode } from "preact";
import { useComputed } from "@preact/signals";
import type { Live } from "../data/live.ts";
import { announcement } from "./announcer.ts";
import { describePresence, STALE_AFTER_MILLIS } from "../logic/presence.ts";

/** The region; nobody sees it. */
export function StatusRegion({ live }: { readonly live: Live }): VNode {
  const text = useComputed(() => {
    const isSilent = live.clock.silenceMs.value >= STALE_AFTER_MILLIS;
    const { word } = describePresence(live.connection.value, isSilent ? STALE_AFTER_MILLIS : 0, 0);
    return [word, announcement.value].filter(Boolean).join(". ");
  });
  return <p class="hidden" role="status">{text}</p>;
}
