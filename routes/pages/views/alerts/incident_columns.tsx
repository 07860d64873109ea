/** @module What is shown of an incident. */
import type { VNode } from "preact";
import { route } from "../../app/router.ts";
import type { Live } from "../../data/live.ts";
import { SEVERITIES } from "../../logic/alerts.ts";
import { type Incident, isOpen } from "../../logic/incidents.ts";
import { Acknowledge } from "../../parts/acknowledge.tsx";
import { Age, Time } from "../../parts/age.tsx";
import { CellLink } from "../../parts/cell_link.tsx";
import type { Column } from "../../parts/columns.ts";
import { traderName } from "../../parts/position_columns.tsx";
import { Severity } from "../../parts/severity.tsx";

/** More than any time in ms. */
const GROUP = 1e14;

/** What waits comes first, of that the gravest, of those the latest. */
function urgency(incident: Incident): number {
  const group = (isOpen(incident) ? 0 : SEVERITIES.length) +
    SEVERITIES.indexOf(incident.data.severity);
  return group * GROUP - incident.last;
}

/** The columns. */
export function incidentColumns(live: Live): Column<Incident>[] {
  const trader = ({ data }: Incident) => data.traderId ? traderName(live, data.traderId) : "";
  return [
    {
      key: "severity",
      head: "Severity",
      title: "What is unacknowledged first, of that the gravest",
      rank: urgency,
      cell: ({ data: { data } }) => <Severity severity={data.severity} />,
    },
    {
      key: "message",
      head: "Message",
      text: true,
      fill: true,
      rank: ({ data }) => data.message,
      cell: ({ data: { key, data } }) => (
        <CellLink href={incidentPath(key)} title={data.message}>{data.message}</CellLink>
      ),
    },
    {
      key: "trader",
      head: "Trader",
      wide: true,
      rank: trader,
      cell: ({ data }) => <span class="muted">{trader(data) || "–"}</span>,
    },
    {
      key: "count",
      head: "Count",
      title: "How often the core reported it",
      end: true,
      wide: true,
      greatestFirst: true,
      rank: ({ count }) => count,
      cell: ({ data: { count } }) => `${count.toLocaleString("en")}×`,
    },
    {
      key: "since",
      head: "Since",
      end: true,
      wide: true,
      greatestFirst: true,
      rank: ({ since }) => since,
      cell: ({ data: { since } }) => <Time at={since} />,
    },
    {
      key: "last",
      head: "Last",
      title: "Since the core reported it last",
      end: true,
      wide: true,
      greatestFirst: true,
      rank: ({ last }) => last,
      cell: ({ data: { last } }) => (
        <span class="muted">
          <Age live={live} since={last} />
        </span>
      ),
    },
    {
      key: "state",
      head: "State",
      rank: (incident) => isOpen(incident) ? "" : incident.data.acknowledgedBy ?? "~",
      cell: ({ data }) => <State live={live} incident={data} />,
    },
  ];
}

/** The address of an incident in the view as it is, filter and sort included. */
function incidentPath(key: string): string {
  const query = new URLSearchParams(route.peek().query);
  query.set("incident", key);
  return `${location.pathname}?${query}`;
}

/** The button while it waits; then who acknowledged it, and when. */
function State({ live, incident }: {
  readonly live: Live;
  readonly incident: Incident;
}): VNode {
  const { data, seq, over } = incident;
  if (isOpen(incident)) return <Acknowledge live={live} alert={data} seq={seq} />;
  const { acknowledgedBy, acknowledgedAt, status } = data;
  if (acknowledgedBy === undefined) {
    return (
      <span class="muted done">{over && status === "ACTIVE" ? "over" : status.toLowerCase()}</span>
    );
  }
  return (
    <span class="muted done">
      ✓ {acknowledgedBy}
      {acknowledgedAt !== undefined && (
        <>
          {", "}
          <Time at={Date.parse(acknowledgedAt)} />
        </>
      )}
    </span>
  );
}
