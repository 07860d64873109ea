/** @module The events with what filters, pauses and copies them. */
import type { VNode } from "preact";
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { route, setQuery } from "../../app/router.ts";
import { CHANNELS, type Live } from "../../data/live.ts";
import type { TapeStore } from "../../data/tape_store.ts";
import { matches } from "../../logic/arrange.ts";
import { summarize, tapeCsv, type TapeEvent, tapeJson } from "../../logic/tape.ts";
import { DataTable } from "../../parts/data_table.tsx";
import { FilterField } from "../../parts/filter_field.tsx";
import { Panel } from "../../parts/panel.tsx";
import { selected } from "./selection.ts";
import { tapeColumns } from "./tape_columns.tsx";

/** The panel. */
export function TapePanel(
  { live, tape }: { readonly live: Live; readonly tape: TapeStore },
): VNode {
  const { query } = route.value;
  const filter = query.get("filter") ?? "";
  const wanted = query.get("channels")?.split(",") ?? [];
  const admits = useMemo(() => {
    const channels = new Set(query.get("channels")?.split(","));
    return (event: TapeEvent) =>
      (channels.size === 0 || channels.has(event.channel)) &&
      (filter === "" || matches(filter, [event.channel, `#${event.seq}`, summarize(event)]));
  }, [query]);
  const toggle = (name: string) => {
    const next = wanted.includes(name) ? wanted.filter((one) => one !== name) : [...wanted, name];
    setQuery("channels", next.join(","));
  };
  const columns = useMemo(() => tapeColumns(), []);
  return (
    <Panel
      title="Tape"
      note={<Count tape={tape} />}
      tools={
        <>
          <Pause tape={tape} />
          <FilterField value={filter} onChange={(text) => setQuery("filter", text)} />
        </>
      }
      foot={<Copy tape={tape} admits={admits} />}
    >
      <div class="channels-row" role="group" aria-label="Channels">
        {CHANNELS.filter((name) => live.stores[name] !== undefined).map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={wanted.includes(name)}
            onClick={() => toggle(name)}
          >
            {name}
          </button>
        ))}
      </div>
      <DataTable
        live={live}
        source={tape}
        label="Events"
        columns={columns}
        sort={{ key: "order", descending: true }}
        admits={admits}
        onOpen={(key) => selected.value = tape.get(key)}
        empty={filter === "" && wanted.length === 0
          ? "No event has come yet."
          : "No event on the tape matches."}
      />
    </Panel>
  );
}

function Count({ tape }: { readonly tape: TapeStore }): VNode {
  tape.members.value;
  return <>the last {tape.size.toLocaleString("en")}</>;
}

function Pause({ tape }: { readonly tape: TapeStore }): VNode {
  const waiting = tape.waiting.value;
  return (
    <>
      {waiting !== undefined && (
        <span class="muted" role="status">
          {waiting === 0 ? "paused" : `${waiting.toLocaleString("en")} came since`}
        </span>
      )}
      <button
        type="button"
        aria-pressed={waiting !== undefined}
        onClick={() => tape.pause(waiting === undefined)}
      >
        {waiting === undefined ? "Pause" : "Go on"}
      </button>
    </>
  );
}

function Copy({ tape, admits }: {
  readonly tape: TapeStore;
  readonly admits: (event: TapeEvent) => boolean;
}): VNode {
  const said = useSignal("");
  const copy = async (write: (events: readonly TapeEvent[]) => string, format: string) => {
    const events = [...tape.entries()].map(([, event]) => event).filter(admits);
    try {
      await navigator.clipboard.writeText(write(events));
      const noun = events.length === 1 ? "event" : "events";
      said.value = `${events.length.toLocaleString("en")} ${noun} copied as ${format}.`;
    } catch {
      said.value = "They could not be copied: the browser does not allow it here.";
    }
  };
  return (
    <>
      <span>What is shown, the oldest first:</span>
      <button type="button" onClick={() => copy(tapeJson, "JSON")}>Copy as JSON</button>
      <button type="button" onClick={() => copy(tapeCsv, "CSV")}>Copy as CSV</button>
      <span role="status">{said.value}</span>
    </>
  );
}
