/** @module Ages and times that go on by themselves. */
import type { VNode } from "preact";
import { useComputed } from "@preact/signals";
import { zone } from "../app/preferences.ts";
import type { Live } from "../data/live.ts";
import type { RowSource } from "../data/row_source.ts";
import { formatWholeAge } from "../logic/durations.ts";
import { formatDateTime, formatTime, zoneName } from "../logic/times.ts";

/** The age of something, in one unit. */
export function Age({ live, since }: { readonly live: Live; readonly since: number }): VNode {
  return <>{formatWholeAge(live.clock.second.value - since)}</>;
}

/** A time of day; the date and the zone stand in its title. */
export function Time({ at }: { readonly at: number }): VNode {
  const title = `${formatDateTime(at, zone.value)} ${zoneName(zone.value, at)}`;
  return (
    <time dateTime={new Date(at).toISOString()} title={title}>{formatTime(at, zone.value)}</time>
  );
}

/** Says since when a row is not to be trusted; nothing while it is. */
export function StaleTag<Data>({ live, id, source }: {
  readonly live: Live;
  readonly id: string;
  readonly source: RowSource<Data>;
}): VNode | null {
  const at = useComputed(() => {
    live.clock.second.value;
    return source.staleSince(id);
  }).value;
  if (at === undefined) return null;
  return (
    <span class="tag warn">
      stale <Age live={live} since={at} />
    </span>
  );
}
