/**
 * Takes valid events from publishers: recognises repeats, numbers, commits once per event-loop
 * turn, and only then acknowledges and fans out. What a client sees is stored.
 *
 * @module
 */
import type { ChannelPosition, PublishReceipt } from "../../protocol/api.ts";
import type { Channel } from "../../protocol/channels.ts";
import type { Fault, Submission } from "../../protocol/publish.ts";
import {
  type AcknowledgeReceipt,
  type AlertReference,
  type Publisher,
  PublishError,
  type StorageStats,
} from "../operations.ts";
import type { Clock, Logger, Store, StoredEvent, StoredIdentity } from "../ports.ts";
import { MAX_KEYS } from "../stream/latest_states.ts";
import type { ChannelStream } from "../stream/channel_stream.ts";
import type { Fanout } from "../stream/fanout.ts";
import { DedupeWindow, digestOf, identityKey } from "./dedupe.ts";
import { Sequencer } from "./sequencer.ts";

/** Most events that may wait for a commit; beyond it publishers are told to come back. */
export const MAX_PENDING_EVENTS = 100_000;

/**
 * Events after which a turn takes no further request: storing them holds the loop for some 6 ms,
 * and more would only make the pause longer.
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
}

interface Request {
  readonly principal: string;
  readonly submissions: readonly Submission[];
  readonly done: PromiseWithResolvers<PublishReceipt>;
}

interface Identity {
  readonly key: string;
  readonly eventId: string;
  readonly digest: string;
}

/** What one turn commits. */
interface Turn {
  readonly events: StoredEvent[];
  readonly identities: StoredIdentity[];
  readonly newKeys: Map<Channel, Set<string>>;
  readonly answers: { readonly request: Request; readonly receipt: PublishReceipt }[];
}

/** The one writer of all sequences. */
export class Collector implements Publisher {
  readonly #deps: CollectorDeps;
  readonly #sequencer: Sequencer;
  readonly #dedupe: DedupeWindow;
  #queue: Request[] = [];
  #pending = 0;
  #busy = false;
  #commits = 0;
  #failures = 0;
  #failing = false;

  /**
   * Continues the sequences of the store.
   *
   * @param identities What publishers may repeat that an earlier process has stored.
   */
  constructor(deps: CollectorDeps, identities: readonly StoredIdentity[] = []) {
    this.#deps = deps;
    this.#sequencer = new Sequencer(deps.store);
    this.#dedupe = new DedupeWindow(deps.dedupeWindowSeconds);
    const now = deps.clock.now();
    const epochMillis = deps.clock.epochMillis();
    for (const identity of identities) {
      const remaining = identity.expiresAt - epochMillis;
      this.#dedupe.restore(keyOf(identity), identity.digest, identity.seq, now, remaining);
    }
  }

  /** {@inheritDoc Publisher.storage} */
  storage(): StorageStats {
    return { commits: this.#commits, failures: this.#failures, failing: this.#failing };
  }

  /** Queues a batch for the commit at the end of this turn. */
  publish(principal: string, submissions: readonly Submission[]): Promise<PublishReceipt> {
    if (this.#pending + submissions.length > MAX_PENDING_EVENTS) {
      return Promise.reject(new PublishError("OVERLOADED", "too many events wait to be stored"));
    }
    const done = Promise.withResolvers<PublishReceipt>();
    this.#queue.push({ principal, submissions, done });
    this.#pending += submissions.length;
    this.#schedule();
    return done.promise;
  }

  /** No incident is remembered yet. */
  acknowledge(
    _principal: string,
    alerts: readonly AlertReference[],
  ): Promise<AcknowledgeReceipt> {
    const ids = alerts.map(({ id }) => id).join(", ");
    return Promise.reject(new PublishError("ALERT_NOT_FOUND", `no such alert: ${ids}`));
  }

  #schedule(): void {
    if (this.#busy || this.#queue.length === 0) return;
    this.#busy = true;
    this.#deps.clock.defer(() => void this.#runTurn());
  }

  /** Never rejects: each request is answered by its own promise. */
  async #runTurn(): Promise<void> {
    const requests = this.#takeRequests();
    const turn: Turn = { events: [], identities: [], newKeys: new Map(), answers: [] };
    for (const request of requests) {
      this.#pending -= request.submissions.length;
      try {
        turn.answers.push({ request, receipt: this.#stage(request, turn) });
      } catch (error) {
        request.done.reject(error);
      }
    }
    if (await this.#commit(turn)) {
      this.#deps.fanout.append(turn.events);
      for (const { request, receipt } of turn.answers) request.done.resolve(receipt);
    }
    this.#busy = false;
    this.#schedule();
  }

  /** The oldest requests, whole, up to the first that fills the turn. */
  #takeRequests(): Request[] {
    let events = 0;
    let count = 0;
    while (count < this.#queue.length && events < MAX_TURN_EVENTS) {
      events += this.#queue[count]!.submissions.length;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #commit(turn: Turn): Promise<boolean> {
    if (turn.events.length === 0) return true;
    try {
      await this.#deps.store.commit(turn.events, turn.identities);
      this.#commits += 1;
      if (this.#failing) this.#deps.log.warn("the store takes events again");
      this.#failing = false;
      return true;
    } catch (error) {
      this.#failures += 1;
      this.#failing = true;
      this.#undo(turn, error);
      return false;
    }
  }

  #undo(turn: Turn, error: unknown): void {
    this.#sequencer.rewind();
    for (const identity of turn.identities) this.#dedupe.forget(keyOf(identity));
    this.#deps.log.error("commit failed; nothing of it was stored", {
      events: turn.events.length,
      error: String(error),
    });
    for (const { request } of turn.answers) {
      request.done.reject(
        new PublishError("STORE_UNAVAILABLE", "the store cannot take events now"),
      );
    }
  }

  /** Checks a whole request before the first number is taken: it is stored whole or not at all. */
  #stage(request: Request, turn: Turn): PublishReceipt {
    const { principal, submissions } = request;
    const now = this.#deps.clock.now();
    const identities = this.#checkIdentities(principal, submissions, now);
    this.#checkKeys(submissions, turn);
    const timestamp = this.#deps.clock.epochMillis();
    const last: Partial<Record<Channel, ChannelPosition>> = {};
    let duplicates = 0;
    for (const [index, { draft }] of submissions.entries()) {
      const { channel } = draft;
      const identity = identities[index];
      let seq = identity && this.#dedupe.find(identity.key, now)?.seq;
      if (seq === undefined) {
        seq = this.#sequencer.next(channel);
        turn.events.push({ ...draft, seq, timestamp });
        if (identity !== undefined) {
          this.#dedupe.remember(identity.key, identity.digest, seq, now);
          const { eventId, digest } = identity;
          const expiresAt = timestamp + this.#deps.dedupeWindowSeconds * 1_000;
          turn.identities.push({ channel, seq, principal, eventId, digest, expiresAt });
        }
      } else {
        duplicates += 1;
      }
      if (seq > (last[channel]?.seq ?? 0)) {
        last[channel] = { epoch: this.#deps.streams.get(channel)!.log.epoch, seq };
      }
    }
    return { accepted: submissions.length - duplicates, duplicates, last };
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
      const known = inRequest.get(key) ?? this.#dedupe.find(key, now)?.digest ?? digest;
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

  /** @throws {PublishError} When a snapshot would hold more keys than it may. */
  #checkKeys(submissions: readonly Submission[], turn: Turn): void {
    const added: { readonly fresh: Set<string>; readonly key: string }[] = [];
    for (const [index, { draft }] of submissions.entries()) {
      const { channel, key, ends } = draft;
      const latest = this.#deps.streams.get(channel)!.latest;
      if (latest === undefined || ends !== undefined || latest.has(key)) continue;
      let fresh = turn.newKeys.get(channel);
      if (fresh === undefined) turn.newKeys.set(channel, fresh = new Set());
      if (fresh.has(key)) continue;
      fresh.add(key);
      added.push({ fresh, key });
      if (latest.size + fresh.size <= MAX_KEYS) continue;
      for (const { fresh, key } of added) fresh.delete(key); // A refused request takes no room.
      const message = `${channel} has ${MAX_KEYS} keys already; remove some first`;
      const path = `events[${index}].data.id`;
      throw new PublishError("SNAPSHOT_FULL", message, [{ path, message }]);
    }
  }
}

function keyOf({ principal, channel, eventId }: StoredIdentity): string {
  return identityKey(principal, channel, eventId);
}
