/** @module One alert, with the button that takes it. */
import type { VNode } from "preact";
import type { Live } from "../data/live.ts";
import type { RowStore } from "../data/row_store.ts";
import { type Alert, isUnacknowledged } from "../logic/alerts.ts";
import { Acknowledge } from "./acknowledge.tsx";
import { Age, Time } from "./age.tsx";
import { traderName } from "./position_columns.tsx";
import { SeverityShape } from "./severity.tsx";

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
  const isOpen = isUnacknowledged(data);
  const kinds = violations.map(({ type }) => type).join(", ");
  return (
    <li class={`alert ${severity.toLowerCase()}${isOpen ? "" : " done"}`} data-alert={id}>
      <SeverityShape severity={severity} />
      <p>{message}</p>
      {isOpen && <Acknowledge live={live} alert={data} seq={seq} />}
      <small>
        {[traderId && traderName(live, traderId), kinds].filter(Boolean).join(" · ")}
        {isOpen
          ? (
            <>
              {" · "}
              <Time at={data.timestamp} />, <Age live={live} since={data.timestamp} /> ago
            </>
          )
          : (
            <>
              {" · "}
              <Taken alert={data} />
            </>
          )}
      </small>
    </li>
  );
}

/** Who acknowledged an alert, and when; the core's own word where nobody did. */
export function Taken({ alert }: { readonly alert: Alert }): VNode {
  const { status, acknowledgedBy, acknowledgedAt } = alert;
  if (acknowledgedBy === undefined) return <>{status.toLowerCase()}</>;
  return (
    <>
      acknowledged by {acknowledgedBy}
      {acknowledgedAt !== undefined && (
        <>
          {" at "}
          <Time at={Date.parse(acknowledgedAt)} />
        </>
      )}
    </>
  );
}
