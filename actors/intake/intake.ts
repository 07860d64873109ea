/**
 * What stands between a batch that has arrived and the log: parses and validates it in small pieces,
 * refuses what a principal in trouble sends, and begins no batch that could not be stored soon.
 *
 * @module
 */
import { readElements } from "../../protocol/batch_builder.ts";
import type { Elements } from "../../protocol/json_scan.ts";
import type { Submission, SubmissionOptions } from "../../protocol/publish.ts";
import type { BatchRefusal, BatchResult } from "../../protocol/publish_batch.ts";
import { PublishError } from "../operations.ts";
import type { Clock, Logger } from "../ports.ts";
import { BodyQueue } from "./body_queue.ts";
import { BODY_BOUNDS, ByteBudget, MESSAGE_BOUNDS } from "./byte_budget.ts";
import { FAULT_PAUSE_MILLIS, FaultyBatches, MAX_FAULTY_BYTES } from "./faulty_batches.ts";
import { TimeSlices } from "./time_slices.ts";

/**
 * Events that wait for their commit from which on no further batch is begun: a few commits of work
 * for the store. Batches wait unparsed, where they cost memory alone, which is bounded; parsed first
 * and refused then, they would take the time of those that can be stored.
 */
export const MAX_EVENTS_IN_FLIGHT = 10_000;

/** What the intake works with. */
export interface IntakeDeps {
  /** Time. */
  readonly clock: Clock;
  /** Where it is logged that a principal is refused for a while. */
  readonly log: Logger;
  /** Most events in a batch. */
  readonly maxBatchEvents: number;
  /** How events are read. */
  readonly submissions?: SubmissionOptions;
}

/** A batch that has arrived. Exactly one of `store` and `refuse` is called, and once. */
export interface Arrival {
  /** The name of the publisher's key. */
  readonly principal: string;
  /** What it came over: the batches of one source are taken in their order. */
  readonly source: string;
  /** Its size, in bytes. */
  readonly bytes: number;
  /** Gives back the room that it takes: it was parsed, or never will be. */
  readonly release: () => void;
  /** Finds its elements; a refusal when it is not JSON. */
  readonly scan: () => Generator<void, Elements | BatchRefusal>;
  /**
   * Hands the events on, whole and in the order in which batches of the principal came.
   *
   * @returns After the commit; rejects when nothing was stored.
   */
  readonly store: (submissions: readonly Submission[]) => Promise<unknown>;
  /** Answers that the batch was refused: with a {@link PublishError}, unless the gateway failed. */
  readonly refuse: (error: unknown) => void;
}

/** The way of every batch into the process, over HTTP and sockets alike. */
export class Intake {
  /** The bytes of bodies that are not parsed yet. */
  readonly bodies: ByteBudget = new ByteBudget(BODY_BOUNDS);
  /** The bytes of messages that are not parsed yet. */
  readonly messages: ByteBudget = new ByteBudget(MESSAGE_BOUNDS);
  /** The large bodies under way, and those that wait. */
  readonly queue: BodyQueue;
  readonly #deps: IntakeDeps;
  readonly #faulty: FaultyBatches;
  readonly #slices: TimeSlices;
  #eventsInFlight = 0;

  /** Starts empty. */
  constructor(deps: IntakeDeps) {
    this.#deps = deps;
    this.queue = new BodyQueue(deps.clock);
    this.#faulty = new FaultyBatches(deps.clock);
    this.#slices = new TimeSlices(
      deps.clock,
      () => this.#eventsInFlight < MAX_EVENTS_IN_FLIGHT,
    );
  }

  /** Most events in a batch. */
  get maxBatchEvents(): number {
    return this.#deps.maxBatchEvents;
  }

  /**
   * Refuses a principal that has sent too much that is faulty.
   *
   * @throws {PublishError} `RATE_LIMITED` when nothing of it is parsed at present.
   */
  checkPaused(principal: string): void {
    if (!this.#faulty.isPaused(principal)) return;
    const message = `nothing was read: more than ${MAX_FAULTY_BYTES} bytes of faulty batches ` +
      `within a second; wait ${FAULT_PAUSE_MILLIS / 1_000} s and correct them`;
    throw new PublishError("RATE_LIMITED", message);
  }

  /** Parses a batch and hands it on, at once if there is time for it in this turn. */
  submit(arrival: Arrival): void {
    this.#slices.add(arrival.principal, arrival.source, this.#process(arrival));
  }

  /** Never throws. */
  *#process({ principal, bytes, scan, store, refuse, release }: Arrival): Generator<void, void> {
    let batch: BatchResult;
    try {
      this.checkPaused(principal); // It may have become too much while this one waited.
      batch = yield* this.#read(scan);
    } catch (error) {
      refuse(error);
      return;
    } finally {
      release();
    }
    if (batch.ok) {
      this.#watch(store(batch.submissions), batch.submissions.length, principal, bytes);
    } else {
      this.#countFaulty(principal, bytes);
      const { code, message, faults } = batch.refusal;
      refuse(new PublishError(code, message, faults));
    }
  }

  #watch(stored: Promise<unknown>, events: number, principal: string, bytes: number): void {
    this.#eventsInFlight += events;
    const settle = (error?: unknown) => {
      this.#eventsInFlight -= events;
      if (isFaulty(error)) this.#countFaulty(principal, bytes);
      this.#slices.resume();
    };
    stored.then(() => settle(), settle);
  }

  *#read(scan: Arrival["scan"]): Generator<void, BatchResult> {
    const found = yield* scan();
    if ("code" in found) return { ok: false, refusal: found };
    const { clock, maxBatchEvents, submissions } = this.#deps;
    return yield* readElements(found, maxBatchEvents, clock.epochMillis(), submissions);
  }

  #countFaulty(principal: string, bytes: number): void {
    if (!this.#faulty.add(principal, bytes)) return;
    this.#deps.log.warn("publisher refused for a while: too many bytes of faulty batches", {
      principal,
      pauseMillis: FAULT_PAUSE_MILLIS,
    });
  }
}

/**
 * Whether a batch that could not be stored is to blame itself. A full snapshot is not its fault: the
 * other channels of its publisher must go on.
 */
function isFaulty(error: unknown): boolean {
  return error instanceof PublishError && error.faults.length > 0 && error.code !== "SNAPSHOT_FULL";
}
