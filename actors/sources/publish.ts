/**
 * The interface between event sources and their publisher.
 *
 * @module
 */
import type { MarketData } from "../../protocol/events/market_data.ts";
import type { Position } from "../../protocol/events/position.ts";
import type { RiskAlert } from "../../protocol/events/risk_alert.ts";
import type { TraderStatus } from "../../protocol/events/trader_status.ts";

/** Most events that a source publishes in one call. */
export const MAX_BATCH = 500;

/**
 * Publishes a batch, in order. Each event has the JSON form `{channel, data, eventId?}` that
 * `parseSubmission` of `protocol/publish.ts` accepts.
 *
 * @throws {Error} When the batch was not, or not surely, accepted.
 */
export type PublishEvents = (events: readonly unknown[]) => Promise<void>;

interface Published<C extends string, D> {
  /** The wire name of the channel. */
  readonly channel: C;
  /** The payload; never changed once it was handed out. */
  readonly data: Readonly<D>;
  /** The source's own identity of the event, which makes a retry harmless. */
  readonly eventId?: string;
}

/** A price. */
export type MarketDataEvent = Published<"market-data", MarketData>;
/** The state of a trader. */
export type TraderStatusEvent = Published<"trader-status", TraderStatus>;
/** The state of a position. */
export type PositionEvent = Published<"positions", Position>;
/** A risk alert. */
export type RiskAlertEvent = Published<"risk-alerts", RiskAlert>;

/** An event as sources make it. */
export type SourceEvent =
  | MarketDataEvent
  | TraderStatusEvent
  | PositionEvent
  | RiskAlertEvent;

/** A point in time, by two clocks that may drift apart. */
export interface Moment {
  /** Monotonic ms, for deadlines and durations. */
  readonly at: number;
  /** Wall-clock time in ISO-8601, for payloads. */
  readonly time: string;
}
