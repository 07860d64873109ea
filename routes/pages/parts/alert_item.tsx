/** @module One alert, with the button that takes it. */
import type { VNode } from "preact";
import { useComputed, useSignal } from "@preact/signals";
import type { TelemetryError } from "../../../protocol/client/mod.ts";
import type { Live } from "../data/live.ts";
import type { RowStore } from "../data/row_store.ts";
import { type Alert, isUnacknowledged } from "../logic/alerts.ts";
import { STALE_AFTER_MILLIS } from "../logic/presence.ts";
import { Age, Time } from "./age.tsx";
import { traderName } from "./position_columns.tsx";

const SHAPES: Readonly<Record<Alert["severity"], string>> = {
  CRITICAL: "▲",
  WARNING: "◆",
  INFO: "●",
};

/** The alert. */
export function AlertItem({ live, store, id }: {
  readonly live: Live;
  readonly store: RowStore<"risk-alerts">;
  readonly id: string;
}): VNode | null {
  const row = store.row(id).value;
  if (row === undefined) return null;
  const { data, seq } = row;
  const { severity, message, violations, traderId } = data;
  const word = severity.charAt(0) + severity.slice(1).toLowerCase();
  const isOpen = isUnacknowledged(data);
  const kinds = violations.map(({ type }) => type).join(", ");
  return (
    <li class={`alert ${severity.toLowerCase()}${isOpen ? "" : " done"}`} data-alert={id}>
      <span class="shape" role="img" aria-label={word}>{SHAPES[severity]}</span>
      <p>{message}</p>
      {isOpen && <Acknowledge live={live} id={id} seq={seq} message={message} />}
      <small>
        {[traderId && traderName(live, traderId), kinds].filter(Boolean).join(" · ")}
        {isOpen
          ? (
            <>
              {" · "}
              <Time at={data.timestamp} />, <Age live={live} since={data.timestamp} /> ago
            </>
          )
          : <Taken data={data} />}
      </small>
    </li>
  );
}

function Taken({ data }: { readonly data: Alert }): VNode {
  const { status, acknowledgedBy, acknowledgedAt } = data;
  if (acknowledgedBy === undefined) return <>{" · "}{status.toLowerCase()}</>;
  return (
    <>
      {" · acknowledged by "}
      {acknowledgedBy}
      {acknowledgedAt !== undefined && (
        <>
          {" at "}
          <Time at={Date.parse(acknowledgedAt)} />
        </>
      )}
    </>
  );
}

/** The button: it needs fresh data, a right, and says when it did not work. */
function Acknowledge({ live, id, seq, message }: {
  readonly live: Live;
  readonly id: string;
  readonly seq: number;
  readonly message: string;
}): VNode {
  const busy = useSignal(false);
  const fault = useSignal<string | undefined>(undefined);
  const isFresh =
    useComputed(() =>
      live.connection.value.status === "live" && live.clock.silenceMs.value < STALE_AFTER_MILLIS
    ).value;
  const mayTake = live.session.scopes.includes("acknowledge");
  const take = async () => {
    busy.value = true;
    fault.value = undefined;
    try {
      await live.gateway.acknowledge({ id, seq });
    } catch (error) {
      fault.value = (error as TelemetryError).message;
    } finally {
      busy.value = false;
    }
  };
  const why = mayTake
    ? isFresh ? undefined : "Not while the data is not fresh"
    : "Your key lacks the scope acknowledge";
  return (
    <>
      <button
        type="button"
        class="take"
        disabled={busy.value || why !== undefined}
        title={why}
        onClick={take}
      >
        {busy.value ? "Sending…" : "Acknowledge"}
        <span class="hidden">: {message}</span>
      </button>
      {fault.value !== undefined && <em class="fault" role="alert">{fault.value}</em>}
    </>
  );
}
