/**
 * Bodies of the REST interface.
 *
 * @module
 */
import { z } from "zod";
import type { Channel } from "./channels.ts";
import type { ErrorCode } from "./errors.ts";

export { type ErrorCode, RETRY_AFTER_MILLIS } from "./errors.ts";

/** `{"success":true,"data":…,"timestamp":"ISO"}` */
export interface SuccessEnvelope<T> {
  /** Tells it from an error. */
  readonly success: true;
  readonly data: T;
  /** When it was answered, ISO-8601. */
  readonly timestamp: string;
}

/** `{"success":false,"error":{…},"timestamp":"ISO"}`; `details` are strings. */
export interface ErrorEnvelope {
  /** Tells it from an answer. */
  readonly success: false;
  /** What went wrong. */
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly details?: Readonly<Record<string, string>>;
  };
  /** When it was answered, ISO-8601. */
  readonly timestamp: string;
}

/** Wraps an answer. */
export function successEnvelope<T>(data: T, epochMillis: number): SuccessEnvelope<T> {
  return { success: true, data, timestamp: new Date(epochMillis).toISOString() };
}

/** Wraps an error. */
export function errorEnvelope(
  code: ErrorCode,
  message: string,
  epochMillis: number,
  details?: Readonly<Record<string, string>>,
): ErrorEnvelope {
  const error = details === undefined ? { code, message } : { code, message, details };
  return { success: false, error, timestamp: new Date(epochMillis).toISOString() };
}

/** A position in the sequence of a channel. */
export interface ChannelPosition {
  /** Identity of the sequence. */
  readonly epoch: string;
  /** Number of the last event, from 1; 0 when there is none. */
  readonly seq: number;
}

/** Answer to a publication, given after the commit. */
export interface PublishReceipt {
  /** Events that were stored by this request. */
  readonly accepted: number;
  /** Events that had been stored before, recognised by their `eventId`. */
  readonly duplicates: number;
  /** The position of the last event of each channel in the request. */
  readonly last: Readonly<Partial<Record<Channel, ChannelPosition>>>;
  /**
   * Paths of fields that were left out because nobody knows them, at most 100; absent when there is
   * none.
   */
  readonly ignored?: readonly string[] | undefined;
}

/** Body of `POST /api/v1/telemetry/risk-alerts/{id}/acknowledge`; it may be absent. */
export const AcknowledgeBody = z.strictObject({
  /** Number of an event of the incident that is meant. */
  seq: z.int().min(1).optional(),
});

/** An alert whose incident is acknowledged. */
export interface AcknowledgedAlert {
  readonly id: string;
  /** Number of the incident's last event: of the acknowledgement, unless the core emitted since. */
  readonly seq: number;
  /** What its events say from now on. */
  readonly status: "ACKNOWLEDGED";
  /** Name of the key that acknowledged it first. */
  readonly acknowledgedBy: string;
  /** When, ISO-8601. */
  readonly acknowledgedAt: string;
}

/** Longest ban, in seconds: one day. */
export const MAX_BAN_SECONDS = 86_400;

/** Query of `DELETE /api/v1/websocket/clients/{id}`. */
export const DisconnectQuery = z.object({
  reason: z.string().max(256).optional(),
  banSeconds: z.coerce.number().int().min(0).max(MAX_BAN_SECONDS).optional(),
});

/** Most events in one page of history. */
export const MAX_HISTORY_PAGE = 1_000;

/** Events in a page of history when nothing else is asked for. */
export const DEFAULT_HISTORY_PAGE = 100;

/** A whole number of at most 15 digits in a query, where all is text. */
const WholeNumber = z.string().regex(/^\d{1,15}$/, "expected a whole number").transform(Number);

/** Query of `GET /api/v1/telemetry/{channel}/events`. */
export const EventsQuery = z.object({
  epoch: z.string().min(1).max(128).optional(),
  afterSeq: WholeNumber.optional(),
  limit: WholeNumber.pipe(z.int().min(1).max(MAX_HISTORY_PAGE)).default(DEFAULT_HISTORY_PAGE),
});

/** The states of a connection, as its machine names them. */
export const CONNECTION_STATES = [
  "connecting",
  "authenticated",
  "subscribed",
  "throttled",
  "timed-out",
  "closed",
] as const;

/** A state of a connection. */
export type ConnectionState = (typeof CONNECTION_STATES)[number];

/** A change of a connection's state. */
export interface ClientTransition {
  /** The state before. */
  readonly from: ConnectionState;
  /** The state after. */
  readonly to: ConnectionState;
  /** The event of the statechart that led there (docs/state_diagram.md). */
  readonly event: string;
  /** When, epoch ms. */
  readonly atEpochMillis: number;
  /**
   * How many recoveries in a row this entry stands for, each with the throttling before it; absent
   * for one.
   */
  readonly count?: number;
}

/** What a connection speaks: a version for clients, or the dialect of publishers. */
export type ProtocolName = "telemetry.v1" | "telemetry.v2" | "telemetry.collector";

/** Largest page of `GET /api/v1/websocket/clients`. */
export const MAX_CLIENTS_PAGE = 1_000;

/** Query of `GET /api/v1/websocket/clients`. */
export const ClientsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_CLIENTS_PAGE).default(MAX_CLIENTS_PAGE),
  cursor: z.string().max(128).optional(),
  state: z.enum(CONNECTION_STATES).optional(),
  channel: z.string().max(128).optional(),
});

/** One connection, as administrators see it. */
export interface ClientInfo {
  /** The `clientId`, given by the client or made up for it. */
  readonly id: string;
  /** Unique per connection; `{id}` in paths matches it first. */
  readonly connectionId: string;
  /** The address of the peer, without its port. */
  readonly remoteAddress: string;
  /** Wire names of the subscribed channels. */
  readonly subscribedChannels: readonly Channel[];
  /** When the handshake began, epoch ms. */
  readonly connectedAtEpochMillis: number;
  /** Time of the last inbound message, else of connecting; epoch ms. */
  readonly lastHeartbeatEpochMillis: number;
  /** Outbound limit in events per second; 0 is unlimited. */
  readonly rateLimitPerSecond: number;
  /** Whether a key was presented; anonymous clients have none. */
  readonly authenticated: boolean;
  /** Whether the socket is open. */
  readonly isOpen: boolean;
  /** Where it is in its life. */
  readonly state: ConnectionState;
  readonly protocol: ProtocolName;
  /** The name of the key, or `anonymous`. */
  readonly principal: string;
  /** Bytes handed to the socket and not yet written to the network. */
  readonly bufferedBytes: number;
  /** Events behind the head, by channel. */
  readonly lag: Readonly<Partial<Record<Channel, number>>>;
  /** Events delivered. */
  readonly eventsSent: number;
  /** Events skipped: conflated or shed. */
  readonly eventsSkipped: number;
}

/** Answer of `GET /api/v1/websocket/clients/{id}`. */
export interface ClientDetails extends ClientInfo {
  /** The last 16 changes of its state, oldest first. */
  readonly transitions: readonly ClientTransition[];
}
