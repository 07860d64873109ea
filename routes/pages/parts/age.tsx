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

/** The age of a row; when the row is not to be trusted it says so. */
export function RowAge<Data>({ live, source, id, since }: {
  readonly live: Live;
  readonly source: RowSource<Data>;
  readonly id: string;
  /** When the gateway took it, epoch ms of the gateway. */
  readonly since: number;
}): VNode {
  const isStale = useComputed(() => {
    live.clock.second.value;
    return source.staleSince(id) !== undefined;
  }).value;
  const age = <Age live={live} since={since} />;
  return isStale ? <span class="tag warn">stale {age}</span> : <span class="muted">{age}</span>;
}
