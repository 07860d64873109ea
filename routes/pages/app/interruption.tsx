/**
 * Says that what is on the screen is not live: since when, why, and what to do.
 *
 * @module
 */
import type { VNode } from "preact";
import { useComputed } from "@preact/signals";
import type { ConnectionState, TelemetryError } from "../../../protocol/client/mod.ts";
import type { Live } from "../data/live.ts";
import { STALE_AFTER_MILLIS } from "../logic/presence.ts";
import { Age, Time } from "../parts/age.tsx";
import { connectAgain } from "./page.ts";

/** Nothing while everything is live. */
export function Interruption({ live }: { readonly live: Live }): VNode | null {
  const state = live.connection.value;
  const since = useComputed(() => {
    const silence = live.clock.silenceMs.value;
    if (state.status === "live" && silence < STALE_AFTER_MILLIS) return undefined;
    // To the second: the banner is written as often as its age changes.
    return Math.round((live.gateway.now - silence) / 1_000) * 1_000;
  }).value;
  if (since === undefined) return null;
  const isNew = live.stores["trader-status"]?.progress.value.place === undefined;
  if (isNew && state.status === "connecting") return null;
  return (
    <section
      class={state.status === "ended" ? "interruption ended" : "interruption"}
      aria-label="Connection"
    >
      <p>
        <b>{explain(state)}</b> {!isNew && (
          <>
            What you see is from <Time at={since} />, <Age live={live} since={since} /> ago.
          </>
        )}
      </p>
      {state.status === "ended" && (
        <button type="button" class="primary" onClick={connectAgain}>{remedy(state.why)}</button>
      )}
    </section>
  );
}

function explain(state: ConnectionState): string {
  switch (state.status) {
    case "live":
      return "Nothing comes from the gateway.";
    case "connecting":
      return "Connecting again.";
    case "waiting":
      return REASONS[state.why.code] ?? `Not connected: ${state.why.message}.`;
    case "ended":
      return ENDINGS[state.why.code] ?? `The connection ended: ${state.why.message}.`;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  unreachable: "The gateway does not answer.",
  lost: "The connection was lost.",
  stalled: "The connection is open, but nothing comes.",
  going_away: "The gateway is stopping or restarting.",
  overloaded: "The gateway is busy and asked to come back later.",
  slow_consumer: "This page was too slow for what it watches.",
};

const ENDINGS: Readonly<Record<string, string>> = {
  unauthorized: "Your session has ended, or its key was revoked.",
  forbidden: "This key may not watch any more.",
  replaced: "Another page took over this connection.",
  disconnected: "An administrator ended this connection.",
  protocol: "This page and the gateway do not understand each other; it may be of another version.",
};

function remedy({ code }: TelemetryError): string {
  return code === "unauthorized" || code === "forbidden" ? "Sign in again" : "Connect again";
}
