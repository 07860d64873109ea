/**
 * What one event-loop turn is going to commit: requests staged one after the other, each whole or
 * not at all, and all of it kept or undone together.
 *
 * @module
 */
import type { AcknowledgedAlert } from "../../protocol/api.ts";
import type { Channel } from "../../protocol/channels.ts";
import { readAttributes } from "../../protocol/events/attributes.ts";
import { type Fault, MAX_REPORTED_FAULTS, type Submission } from "../../protocol/publish.ts";
import { PublishError } from "../operations.ts";
import type { Clock, Store, StoredIdentity } from "../ports.ts";
import type { ChannelStream } from "../stream/channel_stream.ts";
import type { RowFilter } from "../stream/row_filter.ts";
import { acknowledgedAlert, checkAlerts } from "./acknowledging.ts";
import { type DedupeWindow, digestOf, identityKey } from "./dedupe.ts";
import type { AlertReference, Appendable, AppendedEvent, AppendReceipt } from "./event_log.ts";
import type { Incidents, StagedIncidents } from "./incidents.ts";
import { RowOwners } from "./row_owners.ts";
import type { Sequencer } from "./sequencer.ts";
import { StateRoom } from "./state_room.ts";
import type { SteadyTime } from "../steady_time.ts";

/** What turns work with. */
export interface TurnDeps {
  /** Time. */
  readonly clock: Clock;
  /** Time of day without its steps. */
  readonly steady: SteadyTime;
  /** Time that may have passed unseen since the start, in ms: an incident may be quiet for longer. */
  unexplainedMillis: number;
  /** The channels as they were folded, for their states and alerts. */
  readonly streams: ReadonlyMap<Channel, ChannelStream>;
  /** Knows the epoch of each channel. */
  readonly store: Pick<Store, "head">;
  /** Hands out numbers. */
  readonly sequencer: Sequencer;
  /** Knows what was published before. */
  readonly dedupe: DedupeWindow;
  /** How long an `eventId` is remembered, in seconds. */
  readonly dedupeWindowSeconds: number;
  /** The latest incident of each alert. */
  readonly incidents: Incidents;
}

interface Identity {
  readonly key: string;
  readonly eventId: string;
  readonly digest: string;
}

/** What was left out of the events of a channel. */
export interface IgnoredFields {
  /** How many fields. */
  fields: number;
  /** The first of them, below `data`. */
  readonly example: string;
}

/** A commit in the making. */
export class Turn {
  /** The events to store, in the order of their numbers. */
  readonly events: AppendedEvent[] = [];
  /** The identities to store with them. */
  readonly identities: StoredIdentity[] = [];
  /** Fields left out of {@link Turn.events}, by channel. */
  readonly ignored = new Map<Channel, IgnoredFields>();
  readonly #deps: TurnDeps;
  readonly #room: StateRoom;
  readonly #rows: RowOwners;
  readonly #incidents: StagedIncidents;

  /**
   * Begins empty. One turn at a time: its events are committed and folded, or it ends with
   * {@link Turn.undo}.
   */
  constructor(deps: TurnDeps) {
    this.#deps = deps;
    this.#incidents = deps.incidents.stage();
    this.#room = new StateRoom(deps.streams, this.events);
    this.#rows = new RowOwners(deps.streams);
  }

  /**
   * Stages a batch: its events, then its acknowledgements.
   *
   * @param limit What the principal may publish, and whose alerts it knows; everything when absent.
   * @throws {PublishError} When the batch is to blame; nothing of it is staged.
   */
  append(principal: string, entries: readonly Appendable[], limit?: RowFilter): AppendReceipt {
    const alerts = entries.flatMap((entry) => "acknowledge" in entry ? [entry.acknowledge] : []);
    if (alerts.length === 0) {
      return this.#publish(principal, entries as readonly Submission[], limit);
    }
    checkAlerts(this.#incidents, this.#alerts, alerts, limit);
    const submissions = entries.filter((entry) => "draft" in entry);
    const receipt = this.#publish(principal, submissions, limit);
    return this.#acknowledge(principal, alerts, receipt);
  }

  #publish(
    principal: string,
    submissions: readonly Submission[],
    limit: RowFilter | undefined,
  ): AppendReceipt {
    const { clock, dedupe, dedupeWindowSeconds, sequencer, steady, streams } = this.#deps;
    const now = clock.now();
    const identities = this.#checkIdentities(principal, submissions, now);
    const isDuplicate = (index: number) => {
      const identity = identities[index];
      return identity !== undefined && dedupe.find(identity.key, now) !== undefined;
    };
    const rows = this.#rows.stage(submissions, isDuplicate, limit);
    this.#room.take(submissions, isDuplicate);
    rows.keep();
    const timestamp = clock.epochMillis();
    const steadyNow = steady.now();
    const acceptedAt = steadyNow + this.#deps.unexplainedMillis;
    const last = new Map<Channel, number>();
    const ignored: string[] = [];
    let duplicates = 0;
    for (const [index, submission] of submissions.entries()) {
      const { draft, attributes, ignored: fields } = submission;
      const { channel } = draft;
      const identity = identities[index];
      let seq = identity && dedupe.find(identity.key, now)?.seq;
      if (seq === undefined) {
        seq = sequencer.next(channel);
        const event = { ...draft, ...rows.owners[index], seq, timestamp };
        const isAlert = streams.get(channel)!.spec.alerts;
        this.events.push(
          isAlert
            ? { ...this.#incidents.emit(event, acceptedAt, submission.alert), attributes }
            : { stored: event, acceptedAt, attributes },
        );
        if (identity !== undefined) {
          dedupe.remember(identity.key, identity.digest, seq, now);
          const { eventId, digest } = identity;
          const expiresAt = steadyNow + dedupeWindowSeconds * 1_000;
          this.identities.push({ channel, seq, principal, eventId, digest, expiresAt });
        }
        if (fields !== undefined) this.#noteIgnored(channel, fields);
      } else {
        duplicates += 1;
      }
      if (fields !== undefined && ignored.length < MAX_REPORTED_FAULTS) ignored.push(...fields);
      if (seq > (last.get(channel) ?? 0)) last.set(channel, seq);
    }
    const accepted = submissions.length - duplicates;
    const receipt = { accepted, duplicates, last: this.#positionsOf(last) };
    if (ignored.length === 0) return receipt;
    return { ...receipt, ignored: ignored.slice(0, MAX_REPORTED_FAULTS) };
  }

  /** The channel whose events are alerts. */
  get #alerts(): ChannelStream {
    return [...this.#deps.streams.values()].find(({ spec }) => spec.alerts)!;
  }

  /** Acknowledges alerts that were checked; those acknowledged before are left as they are. */
  #acknowledge(
    principal: string,
    alerts: readonly AlertReference[],
    receipt: AppendReceipt,
  ): AppendReceipt {
    const { clock, sequencer, steady, unexplainedMillis } = this.#deps;
    const incidents = this.#incidents;
    const { channel, spec } = this.#alerts;
    const timestamp = clock.epochMillis();
    const acceptedAt = steady.now() + unexplainedMillis;
    let last = receipt.last[channel]?.seq ?? 0;
    const acknowledged: AcknowledgedAlert[] = [];
    const changed: string[] = [];
    for (const { id } of alerts) {
      const incident = incidents.find(id)!;
      if (incident.acknowledgement === undefined) {
        const seq = sequencer.next(channel);
        const event = incidents.acknowledge(incident, principal, seq, timestamp);
        const attributes = event.alert && readAttributes(event.alert, spec.filterFields);
        this.events.push({ ...event, acceptedAt, attributes });
        changed.push(id);
      }
      const alert = acknowledgedAlert(incidents.find(id)!);
      acknowledged.push(alert);
      last = Math.max(last, alert.seq);
    }
    const positions = this.#positionsOf(new Map([[channel, last]]));
    return {
      ...receipt,
      accepted: receipt.accepted + changed.length,
      duplicates: receipt.duplicates + alerts.length - changed.length,
      last: { ...receipt.last, ...positions },
      acknowledged: { alerts: acknowledged, changed },
    };
  }

  #positionsOf(last: ReadonlyMap<Channel, number>): AppendReceipt["last"] {
    const positions = [...last].map(([channel, seq]) => {
      const { epoch } = this.#deps.store.head(channel);
      return [channel, { epoch, seq }] as const;
    });
    return Object.fromEntries(positions);
  }

  /** The commit failed: everything is as it was before the turn. */
  undo(): void {
    this.#deps.sequencer.rewind();
    for (const { principal, channel, eventId } of this.identities) {
      this.#deps.dedupe.forget(identityKey(principal, channel, eventId));
    }
  }

  #noteIgnored(channel: Channel, paths: readonly string[]): void {
    const known = this.ignored.get(channel);
    if (known !== undefined) known.fields += paths.length;
    else this.ignored.set(channel, { fields: paths.length, example: belowData(paths[0]!) });
  }

  /** @throws {PublishError} When an `eventId` stands for another payload already. */
  #checkIdentities(
    principal: string,
    submissions: readonly Submission[],
    now: number,
  ): readonly (Identity | undefined)[] {
    const inRequest = new Map<string, string>();
    const faults: Fault[] = [];
    const identities = submissions.map(({ draft, identity }, index) => {
      if (identity === undefined) return undefined;
      const key = identityKey(principal, draft.channel, identity.eventId);
      const digest = digestOf(identity);
      const known = inRequest.get(key) ?? this.#deps.dedupe.find(key, now)?.digest ?? digest;
      if (known !== digest) {
        const message = "was used for another payload; give each event an id of its own";
        faults.push({ path: `events[${index}].eventId`, message });
      }
      inRequest.set(key, known);
      return { key, eventId: identity.eventId, digest };
    });
    if (faults.length === 0) return identities;
    throw new PublishError("EVENT_ID_REUSED", "an eventId was used for another payload", faults);
  }
}

/** `metrics.foo` of `events[3].data.metrics.foo`. */
function belowData(path: string): string {
  const at = path.indexOf(".data.");
  return at < 0 ? path : path.slice(at + ".data.".length);
}
