/** @module The strip of the alerts. */
import type { VNode } from "preact";
import { useComputed } from "@preact/signals";
import type { IncidentStore } from "../../data/incident_store.ts";
import type { Live } from "../../data/live.ts";
import { countIncidents } from "../../logic/incidents.ts";
import { Age, Time } from "../../parts/age.tsx";
import { Figure, NO_VALUE, Strip } from "../../parts/figure.tsx";

/** The strip. */
export function AlertFigures({ live, incidents }: {
  readonly live: Live;
  readonly incidents: IncidentStore;
}): VNode {
  const counts = useComputed(() => {
    incidents.members.value;
    return countIncidents(incidents.entries());
  }).value;
  const { open, oldest } = counts;
  const since = incidents.countedSince.value;
  const waiting = open.CRITICAL + open.WARNING + open.INFO;
  return (
    <Strip>
      <Figure
        name="Unacknowledged"
        note={waiting === 0 ? "nothing to do" : `${open.INFO} for information`}
      >
        {waiting}
      </Figure>
      <Figure name="Critical" note="unacknowledged">{open.CRITICAL}</Figure>
      <Figure name="Warnings" note="unacknowledged">{open.WARNING}</Figure>
      <Figure
        name="Oldest"
        note={oldest === undefined ? "nothing waits" : (
          <>
            since <Time at={oldest} />
          </>
        )}
      >
        {oldest === undefined ? NO_VALUE : <Age live={live} since={oldest} />}
      </Figure>
      <Figure name="Traders concerned" note="by what waits">{counts.traders}</Figure>
      <Figure
        name="Incidents"
        note={
          <>
            {counts.emitted.toLocaleString("en")} alerts{" "}
            {since === undefined ? "in all that is kept" : (
              <>
                since <Time at={since} />
              </>
            )}
          </>
        }
      >
        {incidents.size.toLocaleString("en")}
      </Figure>
    </Strip>
  );
}
