/**
 * The tape: the last events of all channels as they come, to look at closely and to take along.
 *
 * @module
 */
import type { VNode } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { CHANNELS, type Live } from "../../data/live.ts";
import { TapeStore } from "../../data/tape_store.ts";
import { EventPanel } from "./event_panel.tsx";
import { TapePanel } from "./tape_panel.tsx";

/** The view. Events are followed while it is on the screen. */
export function Tape({ live }: { readonly live: Live }): VNode {
  const tape = useMemo(() => {
    return new TapeStore(live.gateway, CHANNELS.filter((name) => live.stores[name] !== undefined));
  }, [live]);
  useEffect(() => () => tape.stop(), [tape]);
  return (
    <>
      <div class="main">
        <TapePanel live={live} tape={tape} />
      </div>
      <div class="side last">
        <EventPanel tape={tape} />
      </div>
    </>
  );
}
