/** @module The incidents, filtered and sorted. */
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { route, setQuery } from "../../app/router.ts";
import type { IncidentStore } from "../../data/incident_store.ts";
import type { Live } from "../../data/live.ts";
import { matches, parseSort, type Sort, writeSort } from "../../logic/arrange.ts";
import { type Incident, isOpen } from "../../logic/incidents.ts";
import { DataTable } from "../../parts/data_table.tsx";
import { FilterField } from "../../parts/filter_field.tsx";
import { Panel } from "../../parts/panel.tsx";
import { traderName } from "../../parts/position_columns.tsx";
import { Announcements } from "./announcements.tsx";
import { incidentColumns } from "./incident_columns.tsx";

const DEFAULT_SORT: Sort = { key: "severity", descending: false };

/** The table. */
export function IncidentTable({ live, incidents }: {
  readonly live: Live;
  readonly incidents: IncidentStore;
}): VNode {
  const columns = useMemo(() => incidentColumns(live), [live]);
  const { query } = route.value;
  const filter = query.get("filter") ?? "";
  const onlyOpen = query.get("show") === "open";
  const sort = parseSort(query.get("sort"), columns.map(({ key }) => key)) ?? DEFAULT_SORT;
  const admits = useMemo(() => (incident: Incident) => {
    if (onlyOpen && !isOpen(incident)) return false;
    const { id, severity, message, status, traderId, acknowledgedBy, violations } = incident.data;
    const trader = traderId ? [traderId, traderName(live, traderId)] : [];
    const kinds = violations.map(({ type }) => type);
    return matches(filter, [id, severity, message, status, acknowledgedBy, ...trader, ...kinds]);
  }, [live, filter, onlyOpen]);
  return (
    <Panel
      title="Incidents"
      note={<Count incidents={incidents} />}
      tools={
        <>
          <button
            type="button"
            aria-pressed={onlyOpen}
            onClick={() => setQuery("show", onlyOpen ? undefined : "open")}
          >
            Unacknowledged only
          </button>
          <FilterField value={filter} onChange={(text) => setQuery("filter", text)} />
        </>
      }
      foot={<Announcements live={live} />}
    >
      <DataTable
        live={live}
        source={incidents}
        label="Incidents"
        columns={columns}
        sort={sort}
        onSort={(next) => setQuery("sort", writeSort(next))}
        onOpen={(key) => setQuery("incident", key)}
        {...((filter !== "" || onlyOpen) && { admits })}
        empty={filter !== ""
          ? `No incident matches “${filter}”.`
          : onlyOpen
          ? "Nothing to do: all alerts are acknowledged."
          : "No alert. Broken limits of traders appear here."}
      />
    </Panel>
  );
}

function Count({ incidents }: { readonly incidents: IncidentStore }): VNode {
  incidents.members.value;
  return <>{incidents.size.toLocaleString("en")}</>;
}
