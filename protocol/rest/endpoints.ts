/**
 * Every endpoint of the REST interface. The router, the reference in `docs/rest_guide.md` and the
 * tests of answers are made from this table.
 *
 * @module
 */
import { z } from "zod";
import { BACKUP_MEDIA_TYPE } from "../backup.ts";
import { AuditPage, AuditPageQuery } from "./audit.ts";
import { type ChannelSet, PRODUCT_CHANNELS } from "../channel_set.ts";
import { Ban, Lifted } from "./bans.ts";
import {
  clientDetails,
  clientInfo,
  ClientsQuery,
  Disconnected,
  DisconnectQuery,
} from "./connections.ts";
import { channelPath, type Endpoint, JSON_MEDIA_TYPE, NOTHING } from "./endpoint.ts";
import { EventsQuery, historyPage, snapshotAnswer } from "./history.ts";
import { keyEndpoints } from "./keys.ts";
import { Draining, Health, Liveness, Readiness, statsAnswer } from "./operation.ts";
import { AcknowledgeBody, AcknowledgedAlert, publishReceipt } from "./publishing.ts";
import { SessionBody, SessionEnded, sessionInfo, Ticket } from "./session.ts";

/** The media type of one event per line. */
export const NDJSON_MEDIA_TYPE = "application/x-ndjson";

const ClientPath = z.object({
  id: z.string().describe("A `connectionId`, else the `clientId` of one or more connections."),
});

/** The endpoints by the names of their handlers, for a set of channels. */
export const endpointsOf = (channels: ChannelSet) => ({
  publishEvents: {
    method: "POST",
    path: "/api/v1/telemetry/events",
    scope: "publish",
    summary: "Publishes events, all or none, and answers after the commit.",
    params: NOTHING,
    query: NOTHING,
    body: {
      mediaTypes: [JSON_MEDIA_TYPE, NDJSON_MEDIA_TYPE],
      summary: "One event, an array of events, or one event per line.",
    },
    answer: { status: 202, data: publishReceipt(channels) },
  },
  removeKey: {
    method: "DELETE",
    path: "/api/v1/telemetry/:channel/snapshot/:key",
    scope: "publish",
    summary: "Publishes the removal of a key from the snapshot of a channel.",
    params: channelPath(channels).extend({ key: z.string().describe("The `id` of the state.") }),
    query: NOTHING,
    answer: { status: 202, data: publishReceipt(channels) },
  },
  acknowledgeAlert: {
    method: "POST",
    path: "/api/v1/telemetry/:channel/:id/acknowledge",
    scope: "acknowledge",
    summary: "Acknowledges the latest incident of an alert, and answers after the commit.",
    params: z.object({
      channel: channels.anySpelling()
        .pipe(z.literal(channels.alerts, `only ${channels.alerts} are acknowledged`))
        .describe(`\`${channels.alerts}\`.`),
      id: z.string().describe("The `id` of the alert."),
    }),
    query: NOTHING,
    body: {
      mediaTypes: [JSON_MEDIA_TYPE],
      schema: AcknowledgeBody,
      summary: "The event that the user saw; may be absent.",
    },
    answer: { status: 200, data: AcknowledgedAlert },
  },
  getSnapshot: {
    method: "GET",
    path: "/api/v1/telemetry/:channel/snapshot",
    scope: "subscribe",
    summary: "The live states of a channel, or the last alerts or warnings.",
    params: channelPath(channels),
    query: NOTHING,
    answer: { status: 200, data: snapshotAnswer(channels) },
  },
  getEvents: {
    method: "GET",
    path: "/api/v1/telemetry/:channel/events",
    scope: "subscribe",
    summary: "A page of the events of a channel, in the order of their numbers.",
    params: channelPath(channels),
    query: EventsQuery,
    answer: { status: 200, data: historyPage(channels) },
  },
  getStats: {
    method: "GET",
    path: "/api/v1/websocket/stats",
    scope: "admin",
    summary: "Counters and gauges of the process and of each channel.",
    params: NOTHING,
    query: NOTHING,
    answer: { status: 200, data: statsAnswer(channels) },
  },
  listClients: {
    method: "GET",
    path: "/api/v1/websocket/clients",
    scope: "admin",
    summary: "A page of the connections, ordered by `connectionId`.",
    params: NOTHING,
    query: ClientsQuery,
    answer: { status: 200, data: z.array(clientInfo(channels)).readonly() },
  },
  getClient: {
    method: "GET",
    path: "/api/v1/websocket/clients/:id",
    scope: "admin",
    summary: "One connection, or the newest of a `clientId`.",
    params: ClientPath,
    query: NOTHING,
    answer: { status: 200, data: clientDetails(channels) },
  },
  disconnectClient: {
    method: "DELETE",
    path: "/api/v1/websocket/clients/:id",
    scope: "admin",
    summary: "Ends the connections that `{id}` means with 4410.",
    params: ClientPath,
    query: DisconnectQuery,
    answer: { status: 200, data: Disconnected },
  },
  listBans: {
    method: "GET",
    path: "/api/v1/websocket/bans",
    scope: "admin",
    summary: "The bans in force, the oldest first.",
    params: NOTHING,
    query: NOTHING,
    answer: { status: 200, data: z.array(Ban).readonly() },
  },
  liftBan: {
    method: "DELETE",
    path: "/api/v1/websocket/bans/:id",
    scope: "admin",
    summary: "Ends a ban.",
    params: z.object({ id: z.string().describe("The `id` of the ban.") }),
    query: NOTHING,
    answer: { status: 200, data: Lifted },
  },
  drainGateway: {
    method: "POST",
    path: "/api/v1/websocket/drain",
    scope: "admin",
    summary: "Begins to end the process, as SIGTERM does, and answers at once.",
    params: NOTHING,
    query: NOTHING,
    answer: { status: 202, data: Draining },
  },
  backUpStore: {
    method: "POST",
    path: "/api/v1/store/backup",
    scope: "admin",
    noStore: true,
    summary: "Makes a copy of the running store.",
    params: NOTHING,
    query: NOTHING,
    answer: { status: 200, mediaType: BACKUP_MEDIA_TYPE },
  },
  getAudit: {
    method: "GET",
    path: "/api/v1/audit",
    scope: "admin",
    noStore: true,
    summary: "A page of the administrative acts, the newest first.",
    params: NOTHING,
    query: AuditPageQuery,
    answer: { status: 200, data: AuditPage },
  },
  beginSession: {
    method: "POST",
    path: "/api/v1/session",
    scope: "any",
    noStore: true,
    credentials: "sign-in",
    summary: "Begins a session of a page with a key or a ticket, and sets its cookie.",
    params: NOTHING,
    query: NOTHING,
    body: {
      mediaTypes: [JSON_MEDIA_TYPE],
      schema: SessionBody,
      summary: "A ticket; may be absent with a key.",
    },
    answer: { status: 200, data: sessionInfo(channels) },
  },
  getSession: {
    method: "GET",
    path: "/api/v1/session",
    scope: "any",
    noStore: true,
    summary: "Who one is and what one may do, with a session or any other credential.",
    params: NOTHING,
    query: NOTHING,
    answer: { status: 200, data: sessionInfo(channels) },
  },
  endSession: {
    method: "DELETE",
    path: "/api/v1/session",
    scope: "any",
    noStore: true,
    summary: "Ends the session of the request and the connections made from it.",
    params: NOTHING,
    query: NOTHING,
    answer: { status: 200, data: SessionEnded },
  },
  issueTicket: {
    method: "POST",
    path: "/api/v1/websocket/tickets",
    scope: "subscribe",
    noStore: true,
    summary: "Issues a ticket, which counts once and for 60 s.",
    params: NOTHING,
    query: NOTHING,
    answer: { status: 200, data: Ticket },
  },
  ...keyEndpoints(channels),
  getHealth: {
    method: "GET",
    path: "/api/health",
    scope: undefined,
    summary: "A summary that holds nothing confidential.",
    params: NOTHING,
    query: z.looseObject({}),
    answer: { status: 200, data: Health },
  },
  getLive: {
    method: "GET",
    path: "/health/live",
    scope: undefined,
    summary: "Whether the event loop answers.",
    params: NOTHING,
    query: z.looseObject({}),
    answer: { status: 200, data: Liveness },
  },
  getReady: {
    method: "GET",
    path: "/health/ready",
    scope: undefined,
    summary: "Whether new connections and events are welcome; 503 otherwise.",
    params: NOTHING,
    query: z.looseObject({}),
    answer: { status: 200, data: Readiness },
  },
  getMetrics: {
    method: "GET",
    path: "/metrics",
    scope: "metrics",
    openOnLoopback: true,
    summary: "The metrics as Prometheus scrapes them.",
    params: NOTHING,
    query: z.looseObject({}),
    answer: { status: 200, mediaType: "text/plain" },
  },
} as const satisfies Readonly<Record<string, Endpoint>>);

/** The endpoints of the product's channels. */
export const ENDPOINTS = endpointsOf(PRODUCT_CHANNELS);

/** The name of an endpoint. */
export type EndpointName = keyof typeof ENDPOINTS;

/** The parameters of a request to an endpoint, read by its schemas. */
export interface EndpointInput<Name extends EndpointName> {
  /** The segments of its path. */
  readonly params: z.output<(typeof ENDPOINTS)[Name]["params"]>;
  /** Its query. */
  readonly query: z.output<(typeof ENDPOINTS)[Name]["query"]>;
}

/** What an endpoint answers in the success envelope. */
export type EndpointData<Name extends EndpointName> = (typeof ENDPOINTS)[Name]["answer"] extends
  { readonly data: infer Data extends z.ZodType } ? z.input<Data>
  : never;
