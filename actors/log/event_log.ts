/**
 * The event log: numbers what publishers send, stores it, and delivers it to every follower.
 *
 * Everything that depends on events (rings, latest states, incidents, freshness) is folded from
 * {@link EventLog.follow}: the writer does not deliver.
 *
 * @module
 */
import type { AcknowledgedAlert, PublishReceipt } from "../../protocol/api.ts";
import type { Channel } from "../../protocol/channels.ts";
import type { EventAttributes } from "../../protocol/events/attributes.ts";
import type { Submission } from "../../protocol/publish.ts";
import type { StreamPosition } from "../../protocol/stream_position.ts";
import type { RestoredChannel, StoredEvent } from "../ports.ts";
import type { RowFilter } from "../stream/row_filter.ts";

/** How storing events goes; counters start at 0 with the process. */
export interface StorageStats {
  /** Commits that were kept. */
  readonly commits: number;
  /** Commits that were not; their publishers were told 503. */
  readonly failures: number;
  /** Whether the last commit failed: events are refused until one succeeds. */
  readonly failing: boolean;
}

/** An alert to acknowledge. */
export interface AlertReference {
  /** The `id` of the alert. */
  readonly id: string;
  /**
   * Number of an event of the incident that is meant, so that a newer incident is not acknowledged
   * unseen; the latest incident when absent.
   */
  readonly seq?: number | undefined;
}

/** Acknowledges the incident of an alert for everybody; a log makes an event of it. */
export interface AlertAcknowledgement {
  /** The alert. */
  readonly acknowledge: AlertReference;
}

/** What can be appended: an event, a removal (which is one), or an acknowledgement. */
export type Appendable = Submission | AlertAcknowledgement;

/** What became of acknowledgements. */
export interface AcknowledgeReceipt {
  /** The alerts in the order in which they were asked for. */
  readonly alerts: readonly AcknowledgedAlert[];
  /** The ids of those that were not acknowledged before. */
  readonly changed: readonly string[];
}

/** Answer to what was appended, given after the commit. */
export interface AppendReceipt extends PublishReceipt {
  /** What became of acknowledgements; absent when there was none. */
  readonly acknowledged?: AcknowledgeReceipt;
}

/** An event on its way to those who follow a log. */
export interface AppendedEvent {
  /** The event, as it is kept. */
  readonly stored: StoredEvent;
  /**
   * When it was accepted, epoch ms on the steady line of this process; absent when another process
   * accepted it.
   */
  readonly acceptedAt?: number;
  /** What filters read of it; absent where only its JSON is at hand. */
  readonly attributes?: EventAttributes | undefined;
  /** The outgoing `data` of an alert; absent where only its JSON is at hand. */
  readonly alert?: Readonly<Record<string, unknown>> | undefined;
}

/** Follows a log. What it does must not fail: a fold that misses an event is wrong for ever. */
export interface LogObserver {
  /**
   * Events of a channel were committed: each event once, in order, without a hole. Events of other
   * channels may come before or after.
   *
   * @param events At least one, consecutive.
   */
  appended(channel: Channel, events: readonly AppendedEvent[]): void;
  /**
   * What was known of a channel does not hold any more: its epoch changed, or events after the place
   * of the observer are no longer kept. Events go on after the number of `state`.
   */
  restarted(channel: Channel, state: RestoredChannel): void;
}

/** The last event of each channel that an observer knows. */
export type LogPlaces = ReadonlyMap<Channel, StreamPosition>;

/** A numbered log of each channel. */
export interface EventLog {
  /** How storing goes at this moment. */
  storage(): StorageStats;
  /**
   * Numbers and commits events, whole or not at all. An event whose `eventId` was used for the same
   * payload before is a duplicate: it keeps the number that it has.
   *
   * Acknowledgements mean the incidents as they are before the batch, and follow its events. An
   * incident that is acknowledged already stays as it is and counts as a duplicate.
   *
   * @param principal The name of the key: the scope of `eventId`s, and who acknowledges.
   * @param limit What it may publish, and whose alerts it knows; everything when absent. See
   *   `publishAs` and `acknowledgeAs`.
   * @returns After the commit.
   * @throws {PublishError} When nothing was stored. `ALERT_NOT_FOUND` when an alert is not known, or
   *   the number given with it is not of its latest incident.
   */
  append(
    principal: string,
    entries: readonly Appendable[],
    limit?: RowFilter,
  ): Promise<AppendReceipt>;
  /**
   * Hands on every event after a place, first those that are kept already, then each after its
   * commit, with no gap and no repeat between.
   *
   * @param from What the observer knows of each channel, for example from a restored store. Where
   *   that is of another epoch, ahead, or no longer kept, {@link LogObserver.restarted} comes first.
   * @returns Ends it; nothing is handed on afterwards.
   */
  follow(observer: LogObserver, from: LogPlaces): () => void;
  /**
   * Events of a channel after a number, in order, at most `limit`.
   *
   * @returns `undefined` when events right after `afterSeq` are no longer kept.
   * @throws {Error} When they cannot be read now; see `isDamage` of `ports.ts`.
   */
  read(
    channel: Channel,
    afterSeq: number,
    limit: number,
  ): Promise<readonly StoredEvent[] | undefined>;
  /** The epoch and the last number of a channel; 0 when there is none. */
  head(channel: Channel): StreamPosition;
  /** Number of the oldest event that can be read; head + 1 when there is none. */
  oldest(channel: Channel): number;
  /**
   * Begins a new epoch of every channel, between two commits. Observers are told.
   *
   * @returns When all of them were told.
   * @throws {Error} When it could not be kept; the epoch is as it was.
   */
  rotateEpoch(): Promise<void>;
}

/** Acknowledges the incidents of alerts, all or none. The arguments are those of {@link EventLog.append}. */
export async function acknowledgeAlerts(
  eventLog: Pick<EventLog, "append">,
  principal: string,
  alerts: readonly AlertReference[],
  limit?: RowFilter,
): Promise<AcknowledgeReceipt> {
  const entries = alerts.map((acknowledge) => ({ acknowledge }));
  const { acknowledged } = await eventLog.append(principal, entries, limit);
  return acknowledged ?? { alerts: [], changed: [] };
}
