/**
 * The alerts, incident by incident: who has to act, and who did.
 *
 * @module
 */
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { Live } from "../../data/live.ts";
import { NotPart } from "../../parts/not_part.tsx";
import { AlertFigures } from "./alert_figures.tsx";
import { IncidentPanel } from "./incident_panel.tsx";
import { IncidentTable } from "./incident_table.tsx";

/** The view. */
export function Alerts({ live }: { readonly live: Live }): VNode {
  const { incidents } = live;
  useEffect(() => {
    incidents?.start();
  }, [incidents]);
  if (incidents === undefined) return <NotPart channel="risk-alerts" />;
  return (
    <>
      <AlertFigures live={live} incidents={incidents} />
      <div class="main">
        <IncidentTable live={live} incidents={incidents} />
      </div>
      <div class="side last">
        <IncidentPanel live={live} incidents={incidents} />
      </div>
    </>
  );
}
