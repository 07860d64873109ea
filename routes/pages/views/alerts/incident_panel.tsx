/** @module One incident, with everything that the core said of it. */
import type { VNode } from "preact";
import { useComputed } from "@preact/signals";
import { route } from "../../app/router.ts";
import type { IncidentStore } from "../../data/incident_store.ts";
import type { Live } from "../../data/live.ts";
import type { Alert } from "../../logic/alerts.ts";
import { type Incident, isOpen, mostUrgent } from "../../logic/incidents.ts";
import { Acknowledge } from "../../parts/acknowledge.tsx";
import { Time } from "../../parts/age.tsx";
import { Taken } from "../../parts/alert_item.tsx";
import { Fact } from "../../parts/fact.tsx";
import { Panel } from "../../parts/panel.tsx";
import { traderName } from "../../parts/position_columns.tsx";
import { Severity } from "../../parts/severity.tsx";

/** Most earlier incidents of the same id that are shown. */
const MAX_EARLIER = 5;

const ADVICE: Readonly<Record<string, string>> = {
  ALLOW: "go on",
  WARN: "be careful",
  BLOCK: "open no new positions",
  EMERGENCY_STOP: "stop at once",
};

/** The incident that the address names, else the most urgent one that waits. */
export function IncidentPanel({ live, incidents }: {
  readonly live: Live;
  readonly incidents: IncidentStore;
}): VNode {
  const shown = useComputed(() => {
    incidents.members.value;
    const key = route.value.query.get("incident");
    return key === null ? mostUrgent(incidents.entries()) : incidents.get(key);
  }).value;
  if (shown === undefined) {
    return (
      <Panel title="Incident">
        <p class="none">
          {!incidents.loaded.value
            ? "Loading…"
            : route.value.query.has("incident")
            ? "This incident is not kept any more."
            : "Open one to see what is known of it."}
        </p>
      </Panel>
    );
  }
  const { data, count, since, last } = shown;
  return (
    <Panel title="Incident" note={<Severity severity={data.severity} />}>
      <div class="incident" data-alert={data.id}>
        <p class="message">{data.message}</p>
        {isOpen(shown)
          ? <Acknowledge live={live} alert={data} seq={shown.seq} />
          : (
            <p class="muted">
              {shown.over && data.acknowledgedBy === undefined
                ? "over; nobody acknowledged it"
                : <Taken alert={data} />}
            </p>
          )}
        <dl class="facts">
          <Fact name="Trader">{data.traderId ? traderName(live, data.traderId) : "none"}</Fact>
          <Fact name="Reported">
            {count.toLocaleString("en")}×, <Time at={since} />
            {last !== since && (
              <>
                {" to "}
                <Time at={last} />
              </>
            )}
          </Fact>
          {data.recommendation !== undefined && (
            <Fact name="Advice">{ADVICE[data.recommendation]}</Fact>
          )}
          <Fact name="Id">{data.id}, #{shown.seq}</Fact>
        </dl>
        {data.violations.map((violation, index) => <Violation key={index} violation={violation} />)}
        <Earlier incidents={incidents} of={shown} />
      </div>
    </Panel>
  );
}

function Violation({ violation }: { readonly violation: Alert["violations"][number] }): VNode {
  return (
    <section>
      <h3>{violation.type.toLowerCase().replaceAll("_", " ")}</h3>
      <p>{violation.message}</p>
      <dl class="facts">
        {Object.entries(violation.details ?? {}).map(([name, value]) => (
          <Fact key={name} name={name}>{value ?? "–"}</Fact>
        ))}
      </dl>
    </section>
  );
}

function Earlier({ incidents, of }: {
  readonly incidents: IncidentStore;
  readonly of: Incident;
}): VNode | null {
  const earlier = [...incidents.entries()]
    .map(([, incident]) => incident)
    .filter(({ data, seq }) => data.id === of.data.id && seq < of.seq)
    .slice(-MAX_EARLIER)
    .reverse();
  if (earlier.length === 0) return null;
  return (
    <section>
      <h3>earlier with the same id</h3>
      <ul>
        {earlier.map(({ key, since, count, data }) => (
          <li key={key} class="muted">
            <Time at={since} />, {count.toLocaleString("en")}×,{" "}
            {data.acknowledgedBy === undefined ? "nobody acknowledged it" : <Taken alert={data} />}
          </li>
        ))}
      </ul>
    </section>
  );
}
