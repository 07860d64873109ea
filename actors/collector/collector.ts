/**
 * Takes valid events from publishers: recognises repeats, numbers, commits together what
 * waits, and only then acknowledges and fans out. What a client sees is stored.
 *
 * @module
 */
import type { PublishReceipt } from "../../protocol/api.ts";
import type { Channel } from "../../protocol/channels.ts";
import type { Submission } from "../../protocol/publish.ts";
import {
  type AcknowledgeReceipt,
  type AlertReference,
  type Publisher,
  PublishError,
  type StorageStats,
} from "../operations.ts";
import type { Clock, Logger, Store, StoredEvent, StoredIdentity } from "../ports.ts";
import { SteadyTime } from "../steady_time.ts";
import type { ChannelStream } from "../stream/channel_stream.ts";
import type { Fanout } from "../stream/fanout.ts";
import type { RowFilter } from "../stream/row_filter.ts";
import { DedupeWindow, identityKey } from "./dedupe.ts";
import { recoverIncidents } from "./incident_recovery.ts";
import { Incidents } from "./incidents.ts";
import { Sequencer } from "./sequencer.ts";
import { Turn, type TurnDeps } from "./turn.ts";

/** Most events that may wait for a commit; beyond it publishers are told to come back. */
export const MAX_PENDING_EVENTS = 100_000;

/**
 * Events after which a turn takes no further request: staging, encoding and handing them to the store
 * holds the loop, and more would only make the pause longer.
 */
export const MAX_TURN_EVENTS = 1_000;

/** What the collector works with. */
export interface CollectorDeps {
  /** Time. */
  readonly clock: Clock;
  /** Where failed commits are written. */
  readonly log: Logger;
  /** Where events are kept. */
  readonly store: Store;
  /** Takes events after their commit. */
  readonly fanout: Fanout;
  /** The channels, for their epochs and keys. */
  readonly streams: ReadonlyMap<Channel, ChannelStream>;
  /** How long an `eventId` is remembered, in seconds. */
  readonly dedupeWindowSeconds: number;
  /** Called before a turn judges the age of anything. */
  readonly beforeTurn?: () => void;
  /** Longest time between two emissions of an alert that are one incident, in seconds. */
  readonly incidentGapSeconds: number;
  /** Told after the commit of fields that were left out of events, once a channel and turn. */
  readonly onIgnoredFields?:
    | ((channel: Channel, fields: number, example: string) => void)
    | undefined;
}

/** What an earlier process has stored, for a collector to go on from. */
export interface CollectorPast {
  /** What publishers may repeat. */
  readonly identities: readonly StoredIdentity[];
  /** The newest risk alerts, consecutive up to the head. */
  readonly alerts: readonly StoredEvent[];
}

/** What waits for a turn. */
interface Request {
  /** The most events that it adds. */
  readonly events: number;
  /** Adds them to a turn, and prepares the answer. Throws when the request is to blame. */
  readonly stage: (turn: Turn) => () => void;
  /** Answers that nothing was stored. */
  readonly reject: (error: unknown) => void;
}

interface Answer {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The one writer of all sequences. */
export class Collector implements Publisher {
  readonly #deps: CollectorDeps;
  readonly #turns: TurnDeps;
  #queue: Request[] = [];
  #pending = 0;
  #busy = false;
  #commits = 0;
  #failures = 0;
  #failing = false;

  /** Continues the sequences of the store. */
  constructor(deps: CollectorDeps, past: CollectorPast = { identities: [], alerts: [] }) {
    this.#deps = deps;
    const { clock, streams, store, dedupeWindowSeconds, incidentGapSeconds } = deps;
    const incidents = new Incidents(incidentGapSeconds);
    recoverIncidents(incidents, past.alerts);
    incidents.distrust(clock.epochMillis());
    this.#turns = {
      clock,
      steady: new SteadyTime(clock),
      unexplainedMillis: 0,
      streams,
      sequencer: new Sequencer(store),
      dedupe: recoverDedupe(past.identities, dedupeWindowSeconds, clock),
      dedupeWindowSeconds,
      incidents,
    };
  }

  /** {@inheritDoc Publisher.storage} */
  storage(): StorageStats {
    return { commits: this.#commits, failures: this.#failures, failing: this.#failing };
  }

  /**
   * The wall clock went ahead, and nobody can say whether it was set or the machine was suspended:
   * every incident counts as quiet for so long more, as an alert in doubt is active.
   */
  doubtSilence(millis: number): void {
    this.#turns.unexplainedMillis += millis;
  }

  /** Queues a batch for the next commit: at the end of this turn, or when the one before is done. */
  publish(
    principal: string,
    submissions: readonly Submission[],
    limit?: RowFilter,
  ): Promise<PublishReceipt> {
    return this.#enqueue(
      submissions.length,
      (turn) => turn.publish(principal, submissions, limit),
    );
  }

  /** Queues an acknowledgement behind what was published before it. */
  acknowledge(
    principal: string,
    alerts: readonly AlertReference[],
    limit?: RowFilter,
  ): Promise<AcknowledgeReceipt> {
    return this.#enqueue(alerts.length, (turn) => turn.acknowledge(principal, alerts, limit));
  }

  #enqueue<Receipt>(events: number, stage: (turn: Turn) => Receipt): Promise<Receipt> {
    if (this.#pending + events > MAX_PENDING_EVENTS) {
      return Promise.reject(new PublishError("OVERLOADED", "too many events wait to be stored"));
    }
    const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
    this.#queue.push({
      events,
      stage: (turn) => {
        const receipt = stage(turn);
        return () => resolve(receipt);
      },
      reject,
    });
    this.#pending += events;
    this.#schedule();
    return promise;
  }

  #schedule(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#deps.clock.defer(() => void this.#runTurn());
  }

  /** Never rejects: each request is answered by its own promise. */
  async #runTurn(): Promise<void> {
    this.#deps.beforeTurn?.();
    const turn = new Turn(this.#turns);
    const answers: Answer[] = [];
    for (const { events, stage, reject } of this.#takeRequests()) {
      this.#pending -= events;
      try {
        answers.push({ resolve: stage(turn), reject });
      } catch (error) {
        reject(error);
      }
    }
    const isStored = await this.#commit(turn);
    if (isStored) {
      turn.keep();
      this.#deps.fanout.append(turn.events);
    } else {
      turn.undo();
    }
    // The store gets its next batch before anybody hears of this one: whoever hears has work to do,
    // and the store would wait for it.
    if (this.#queue.length > 0) void this.#runTurn();
    else this.#busy = false;
    if (isStored) this.#confirm(turn, answers);
    else rejectAll(answers);
  }

  #confirm({ ignored }: Turn, answers: readonly Answer[]): void {
    for (const { resolve } of answers) resolve();
    for (const [channel, { fields, example }] of ignored) {
      this.#deps.onIgnoredFields?.(channel, fields, example);
    }
  }

  /** The oldest requests, whole, up to the first that fills the turn. */
  #takeRequests(): Request[] {
    let events = 0;
    let count = 0;
    while (count < this.#queue.length && events < MAX_TURN_EVENTS) {
      events += this.#queue[count]!.events;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #commit({ events, identities }: Turn): Promise<boolean> {
    if (events.length === 0) return true;
    try {
      await this.#deps.store.commit(events, identities);
      this.#commits += 1;
      if (this.#failing) this.#deps.log.warn("the store takes events again");
      this.#failing = false;
      return true;
    } catch (error) {
      this.#failures += 1;
      this.#failing = true;
      this.#deps.log.error("commit failed; nothing of it was stored", {
        events: events.length,
        error: String(error),
      });
      return false;
    }
  }
}

function rejectAll(answers: readonly Answer[]): void {
  const error = new PublishError("STORE_UNAVAILABLE", "the store cannot take events now");
  for (const { reject } of answers) reject(error);
}

function recoverDedupe(
  identities: readonly StoredIdentity[],
  windowSeconds: number,
  clock: Clock,
): DedupeWindow {
  const dedupe = new DedupeWindow(windowSeconds);
  const now = clock.now();
  const epochMillis = clock.epochMillis();
  const windowMillis = windowSeconds * 1_000;
  for (const { principal, channel, eventId, digest, seq, expiresAt } of identities) {
    const key = identityKey(principal, channel, eventId);
    const remaining = expiresAt - epochMillis;
    // Outside of its window either the gateway was down for long or a clock was set. In doubt it is
    // remembered: a retry that is stored twice is worse than one that is recognised late.
    const plausible = remaining > 0 && remaining <= windowMillis;
    dedupe.restore(key, digest, seq, now, plausible ? remaining : windowMillis);
  }
  return dedupe;
}
