/**
 * What one event-loop turn is going to commit: requests staged one after the other, each whole or
 * not at all, and all of it kept or undone together.
 *
 * @module
 */
import type { AcknowledgedAlert, PublishReceipt } from "../../protocol/api.ts";
import type { StreamPosition } from "../../protocol/stream_position.ts";
import type { Channel } from "../../protocol/channels.ts";
import { type Fault, MAX_REPORTED_FAULTS, type Submission } from "../../protocol/publish.ts";
import { type AcknowledgeReceipt, type AlertReference, PublishError } from "../operations.ts";
import type { Clock, StoredEvent, StoredIdentity } from "../ports.ts";
import type { ChannelStream } from "../stream/channel_stream.ts";
import type { RowFilter } from "../stream/row_filter.ts";
import { acknowledgedAlert, checkAlerts } from "./acknowledging.ts";
import { type DedupeWindow, digestOf, identityKey } from "./dedupe.ts";
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
  /** The channels, for their epochs and keys. */
  readonly streams: ReadonlyMap<Channel, ChannelStream>;
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
  readonly events: StoredEvent[] = [];
  /** The identities to store with them. */
  readonly identities: StoredIdentity[] = [];
  /** Fields left out of {@link Turn.events}, by channel. */
  readonly ignored = new Map<Channel, IgnoredFields>();
  readonly #deps: TurnDeps;
  readonly #room: StateRoom;
  readonly #rows: RowOwners;
  readonly #incidents: StagedIncidents;

  /** Begins empty. One turn at a time: it ends with {@link Turn.keep} or {@link Turn.undo}. */
  constructor(deps: TurnDeps) {
    this.#deps = deps;
    this.#incidents = deps.incidents.stage();
    this.#room = new StateRoom(deps.streams, this.events);
    this.#rows = new RowOwners(deps.streams);
  }

  /**
   * Stages a batch.
   *
   * @param limit What the principal may publish; everything when absent.
   * @throws {PublishError} When the batch is to blame; nothing of it is staged.
   */
  publish(
    principal: string,
    submissions: readonly Submission[],
    limit?: RowFilter,
  ): PublishReceipt {
    const { clock, dedupe, dedupeWindowSeconds, sequencer, streams, steady } = this.#deps;
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
    const emittedAt = steadyNow + this.#deps.unexplainedMillis;
    const last: Partial<Record<Channel, StreamPosition>> = {};
    const ignored: string[] = [];
    let duplicates = 0;
    for (const [index, { draft, ignored: fields }] of submissions.entries()) {
      const { channel } = draft;
      const identity = identities[index];
      let seq = identity && dedupe.find(identity.key, now)?.seq;
      if (seq === undefined) {
        seq = sequencer.next(channel);
        const event = { ...draft, ...rows.owners[index], seq, timestamp };
        const isAlert = streams.get(channel)!.spec.alerts;
        this.events.push(isAlert ? this.#incidents.emit(event, emittedAt) : event);
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
      if (seq > (last[channel]?.seq ?? 0)) {
        last[channel] = { epoch: streams.get(channel)!.log.epoch, seq };
      }
    }
    const accepted = submissions.length - duplicates;
    if (ignored.length === 0) return { accepted, duplicates, last };
    return { accepted, duplicates, last, ignored: ignored.slice(0, MAX_REPORTED_FAULTS) };
  }

  /**
   * Stages the acknowledgement of alerts; those acknowledged before are left as they are.
   *
   * @param limit Whose alerts the principal knows; everybody's when absent.
   * @throws {PublishError} `ALERT_NOT_FOUND`; nothing is staged.
   */
  acknowledge(
    principal: string,
    alerts: readonly AlertReference[],
    limit?: RowFilter,
  ): AcknowledgeReceipt {
    const { clock, sequencer, streams } = this.#deps;
    const incidents = this.#incidents;
    const stream = [...streams.values()].find(({ spec }) => spec.alerts)!;
    const { channel } = stream;
    checkAlerts(incidents, stream, alerts, limit);
    const timestamp = clock.epochMillis();
    const acknowledged: AcknowledgedAlert[] = [];
    const changed: string[] = [];
    for (const { id } of alerts) {
      const incident = incidents.find(id)!;
      if (incident.acknowledgement === undefined) {
        const seq = sequencer.next(channel);
        this.events.push(incidents.acknowledge(incident, principal, seq, timestamp));
        changed.push(id);
      }
      acknowledged.push(acknowledgedAlert(incidents.find(id)!));
    }
    return { alerts: acknowledged, changed };
  }

  /** The commit succeeded. */
  keep(): void {
    this.#incidents.keep();
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
