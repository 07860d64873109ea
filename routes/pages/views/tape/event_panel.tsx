/** @module One event with all its fields. */
import type { VNode } from "preact";
import type { TapeStore } from "../../data/tape_store.ts";
import { Time } from "../../parts/age.tsx";
import { Panel } from "../../parts/panel.tsx";
import { selected } from "./selection.ts";

/** The event that was opened. */
export function EventPanel({ tape }: { readonly tape: TapeStore }): VNode {
  const event = selected.value;
  if (event === undefined) {
    return (
      <Panel title="Event">
        <p class="none">
          {tape.loaded.value ? "Open one to see all its fields." : "Loading…"}
        </p>
      </Panel>
    );
  }
  return (
    <Panel
      title="Event"
      note={
        <>
          {event.channel} #{event.seq.toLocaleString("en")}, <Time at={event.timestamp} />
        </>
      }
    >
      <pre class="event" tabIndex={0} aria-label="Fields of the event">
        <code>{JSON.stringify(event.data, undefined, 2)}</code>
      </pre>
    </Panel>
  );
}
