/** @module What is shown of an event. */
import { zone } from "../../app/preferences.ts";
import { formatDateTime, formatTime, zoneName } from "../../logic/times.ts";
import { summarize, type TapeEvent } from "../../logic/tape.ts";
import type { Column } from "../../parts/columns.ts";
import { selected } from "./selection.ts";

/** The columns. */
export function tapeColumns(): Column<TapeEvent>[] {
  return [
    {
      key: "order",
      head: "Time",
      rank: ({ order }) => order,
      cell: ({ data: { timestamp: at } }) => (
        <time
          class="muted"
          dateTime={new Date(at).toISOString()}
          title={`${formatDateTime(at, zone.value)} ${zoneName(zone.value, at)}`}
        >
          {formatTime(at, zone.value)}.{`${at % 1_000}`.padStart(3, "0")}
        </time>
      ),
    },
    {
      key: "channel",
      head: "Channel",
      wide: true,
      cell: ({ data: { channel } }) => <span class="muted">{channel}</span>,
    },
    {
      key: "seq",
      head: "Number",
      end: true,
      wide: true,
      cell: ({ data: { seq } }) => <span class="muted">#{seq.toLocaleString("en")}</span>,
    },
    {
      key: "summary",
      head: "Event",
      text: true,
      fill: true,
      cell: ({ data }) => (
        <button
          type="button"
          class="plain"
          tabIndex={-1}
          onClick={() => selected.value = data}
        >
          {summarize(data)}
        </button>
      ),
    },
  ];
}
