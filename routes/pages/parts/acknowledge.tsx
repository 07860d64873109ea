/** @module The button that acknowledges an alert: it needs fresh data and a right. */
import type { VNode } from "preact";
import { useComputed, useSignal } from "@preact/signals";
import type { TelemetryError } from "../../../protocol/client/mod.ts";
import type { Live } from "../data/live.ts";
import type { Alert } from "../logic/alerts.ts";
import { STALE_AFTER_MILLIS } from "../logic/presence.ts";

/** Why nothing can be acknowledged now; `undefined` when it can. */
export function useAcknowledgeObstacle(live: Live): string | undefined {
  const isFresh =
    useComputed(() =>
      live.connection.value.status === "live" && live.clock.silenceMs.value < STALE_AFTER_MILLIS
    ).value;
  if (!live.session.scopes.includes("acknowledge")) {
    return "Your key lacks the scope acknowledge";
  }
  return isFresh ? undefined : "Not while the data is not fresh";
}

/** The button; it says when it did not work. */
export function Acknowledge({ live, alert, seq }: {
  readonly live: Live;
  readonly alert: Alert;
  /** The number of an event of the incident. */
  readonly seq: number;
}): VNode {
  const busy = useSignal(false);
  const fault = useSignal<string | undefined>(undefined);
  const why = useAcknowledgeObstacle(live);
  const take = async () => {
    busy.value = true;
    fault.value = undefined;
    try {
      await live.gateway.acknowledge({ id: alert.id, seq });
    } catch (error) {
      fault.value = (error as TelemetryError).message;
    } finally {
      busy.value = false;
    }
  };
  return (
    <>
      <button
        type="button"
        class="take"
        data-severity={alert.severity}
        disabled={busy.value || why !== undefined}
        title={why}
        onClick={take}
      >
        {busy.value ? "Sending…" : "Acknowledge"}
        <span class="hidden">: {alert.message}</span>
      </button>
      {fault.value !== undefined && <em class="fault" role="alert">{fault.value}</em>}
    </>
  );
}
