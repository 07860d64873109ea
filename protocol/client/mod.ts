/**
 * The client of the telemetry gateway, for browsers, Deno, Node and Bun. See
 * `docs/websocket_client.md`.
 *
 * @module
 */
export { connect, type Gateway, type GatewayEvents } from "./gateway.ts";
export type { ConnectOptions } from "./connect_options.ts";
export type { ConnectionState } from "./connection.ts";
export { type Credentials, refusal } from "./credentials.ts";
export type { Demand } from "./demand.ts";
export type { HandlerErrorSink } from "./emitter.ts";
export type { ClientClock, Environment, SocketConstructor, SocketLike } from "./environment.ts";
export {
  type ErrorCode,
  type ErrorDetails,
  Gap,
  type GapReason,
  type StreamPosition,
  TelemetryError,
} from "./errors.ts";
export type { EventLog, LogEvent, LogOptions } from "./event_log.ts";
export type { Freshness, ResyncReason } from "./feed_user.ts";
export { memoryOutbox, type Outbox, type OutboxEntry } from "./outbox.ts";
export {
  type Publisher,
  publisher,
  type PublisherEvents,
  type PublisherOptions,
} from "./publisher.ts";
export type { PublishEvent } from "./batcher.ts";
export type { Account, Change, Row, Table, TableEvents, TableOptions } from "./table.ts";
export type {
  AcknowledgedAlert,
  Channel,
  ChannelData,
  ChannelState,
  Filter,
  PublishedData,
} from "./wire_types.ts";
