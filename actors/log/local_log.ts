/**
 * The log of one process: recognises repeats, numbers, commits together what waits, and only then
 * acknowledges and hands on. What a client sees is stored.
 *
 * @module
 */
import type { Channel } from "../../protocol/channels.ts";
import type { StreamPosition } from "../../protocol/stream_position.ts";
import { PublishError } from "../operations.ts";
import type {
  Clock,
  Logger,
  RestoredChannel,
  RestoreRequest,
  Store,
  StoredEvent,
  StoredIdentity,
} from "../ports.ts";
import { SteadyTime } from "../steady_time.ts";
import type { ChannelStream } from "../stream/channel_stream.ts";
import type { RowFilter } from "../stream/row_filter.ts";
import { recoverDedupe } from "./dedupe.ts";
import type {
  Appendable,
  AppendReceipt,
  EventLog,
  LogObserver,
  LogPlaces,
  StorageStats,
} from "./event_log.ts";
import { Followers } from "./followers.ts";
import { IncidentFold } from "./incident_fold.ts";
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

/** What a local log works with. */
export interface LocalLogDeps {
  /** Time. */
  readonly clock: Clock;
  /** Where failed commits are written. */
  readonly log: Logger;
  /** Where events are kept. */
  readonly store: Store;
  /** What is folded of the channels, for the bounds of their states. */
  readonly streams: ReadonlyMap<Channel, ChannelStream>;
  /** How much of a channel observers are given that begin anew. */
  readonly restoreRequest: () => RestoreRequest;
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

/** What an earlier process has stored, for a log to go on from. */
export interface LocalLogPast {
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

/** The one writer of all sequences of a store. */
export class LocalLog implements EventLog {
  readonly #deps: LocalLogDeps;
  readonly #turns: TurnDeps;
  readonly #followers: Followers;
  #queue: Request[] = [];
  /** Changes of the epoch that wait for the end of a turn. */
  #rotations: Answer[] = [];
  #pending = 0;
  #busy = false;
  #commits = 0;
  #failures = 0;
  #failing = false;

  /** Continues the sequences of the store. */
  constructor(deps: LocalLogDeps, past: LocalLogPast = { identities: [], alerts: [] }) {
    this.#deps = deps;
    const { clock, log, streams, store, dedupeWindowSeconds, incidentGapSeconds } = deps;
    this.#followers = new Followers({
      clock,
      log,
      head: (channel) => store.head(channel),
      read: (channel, afterSeq, limit) => store.read(channel, afterSeq, limit),
      restore: async (channel) => (await this.#restore()).get(channel)!,
    });
    const incidents = new Incidents(incidentGapSeconds);
    const fold = new IncidentFold(store.channels.alerts, incidents, clock);
    fold.recover(past.alerts);
    this.#followers.add(fold, new Map([[fold.channel, store.head(fold.channel)]]));
    this.#turns = {
      clock,
      steady: new SteadyTime(clock),
      unexplainedMillis: 0,
      streams,
      store,
      sequencer: new Sequencer(store),
      dedupe: recoverDedupe(past.identities, dedupeWindowSeconds, clock),
      dedupeWindowSeconds,
      incidents,
    };
  }

  /** {@inheritDoc EventLog.storage} */
  storage(): StorageStats {
    return { commits: this.#commits, failures: this.#failures, failing: this.#failing };
  }

  /** {@inheritDoc EventLog.head} */
  head(channel: Channel): StreamPosition {
    return this.#deps.store.head(channel);
  }

  /** {@inheritDoc EventLog.oldest} */
  oldest(channel: Channel): number {
    return this.#deps.store.oldest(channel);
  }

  /** {@inheritDoc EventLog.read} */
  read(
    channel: Channel,
    afterSeq: number,
    limit: number,
  ): Promise<readonly StoredEvent[] | undefined> {
    return this.#deps.store.read(channel, afterSeq, limit);
  }

  /** {@inheritDoc EventLog.follow} */
  follow(observer: LogObserver, from: LogPlaces): () => void {
    return this.#followers.add(observer, from);
  }

  /** Queues a batch for the next commit: at the end of this turn, or when the one before is done. */
  append(
    principal: string,
    entries: readonly Appendable[],
    limit?: RowFilter,
  ): Promise<AppendReceipt> {
    return this.#enqueue(entries.length, (turn) => turn.append(principal, entries, limit));
  }

  /** {@inheritDoc EventLog.rotateEpoch} */
  rotateEpoch(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#rotations.push({ resolve, reject });
    this.#schedule();
    return promise;
  }

  /**
   * The wall clock went ahead, and it is unknown whether it was set or the machine was suspended:
   * every incident counts as quiet for so long more, as an alert in doubt is active.
   */
  doubtSilence(millis: number): void {
    this.#turns.unexplainedMillis += millis;
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
    this.#deps.clock.defer(() => void this.#work());
  }

  /** Never rejects: each request is answered by its own promise. */
  async #work(): Promise<void> {
    if (this.#rotations.length > 0) await this.#rotate();
    else await this.#runTurn();
  }

  #goOn(): void {
    if (this.#queue.length + this.#rotations.length > 0) void this.#work();
    else this.#busy = false;
  }

  async #rotate(): Promise<void> {
    const answers = this.#rotations.splice(0);
    const { store, log } = this.#deps;
    try {
      // Read first: what fails before the change leaves everything as it was.
      const states = await this.#restore();
      await store.rotateEpoch();
      this.#followers.restart(
        new Map([...states].map(([channel, state]) => {
          const { epoch } = store.head(channel);
          return [channel, { ...state, epoch }];
        })),
      );
      log.warn("every channel has a new epoch; clients begin anew");
      for (const { resolve } of answers) resolve();
    } catch (error) {
      log.error("the epoch cannot be changed", { error: String(error) });
      for (const { reject } of answers) reject(error);
    }
    this.#goOn();
  }

  async #restore(): Promise<ReadonlyMap<Channel, RestoredChannel>> {
    return (await this.#deps.store.restore(this.#deps.restoreRequest())).channels;
  }

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
      this.#followers.append(turn.events);
    } else {
      turn.undo();
    }
    // Start the next commit before the receipts are resolved: they let waiting batches be parsed, and
    // the store would be idle meanwhile.
    this.#goOn();
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
      await this.#deps.store.commit(events.map(({ stored }) => stored), identities);
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
