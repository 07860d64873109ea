/**
 * One channel of a connection: the subscription that its users share, and their places in it.
 *
 * @module
 */
import { type Demand, mergeDemands } from "./demand.ts";
import { type GapReason, type StreamPosition, TelemetryError } from "./errors.ts";
import type { FeedHost, FeedUser, Freshness } from "./feed_user.ts";
import { type FrameFault, frameFault, orderFault, partFault } from "./frames.ts";
import { isSame, nextStep, type Step, type UserState, type WireState } from "./plan.ts";
import { ANSWER_MILLIS, type RequestAnswer } from "./requests.ts";
import { SnapshotBuilder } from "./snapshot_builder.ts";
import type { Channel, EventsFrame, SnapshotPart } from "./wire_types.ts";

interface User {
  readonly user: FeedUser;
  verified: boolean;
  needsSnapshot: boolean;
}

/** The position before anything was received. */
const NOWHERE: StreamPosition = { epoch: "", seq: -1 };

/** Faults at one place after which what is missing is given up. */
const MAX_STRIKES = 3;

/** See the module. */
export class Feed {
  readonly channel: Channel;
  readonly #host: FeedHost;
  readonly #users = new Map<FeedUser, User>();
  readonly #parts = new SnapshotBuilder();
  #online = false;
  #wire: (WireState & { place: StreamPosition }) | undefined;
  /** What the subscription lets through, while there is one. */
  #wireDemand: Demand = {};
  #busy = false;
  /** Whether frames belong to a subscription that is being ended. */
  #ignoring = false;
  #awaitsSnapshot = false;
  #freshness: Freshness = { state: "offline", lastEventAt: null };
  #strikes = { seq: -1, count: 0 };
  #timer: unknown;

  /** Has no users. */
  constructor(channel: Channel, host: FeedHost) {
    this.channel = channel;
    this.#host = host;
  }

  add(user: FeedUser): void {
    const needsSnapshot = user.takesSnapshots && user.place === undefined;
    this.#users.set(user, { user, verified: false, needsSnapshot });
    user.freshen(this.#freshness);
    this.replan();
  }

  /** Removes a user; the others do not notice. */
  remove(user: FeedUser): void {
    if (this.#users.delete(user)) this.replan();
  }

  /** A connection is open. */
  opened(): void {
    this.#online = true;
    this.replan();
  }

  /** The connection is gone; places are kept. */
  lost(why: TelemetryError): void {
    this.#online =
      this.#busy =
      this.#ignoring =
      this.#awaitsSnapshot =
        false;
    this.#host.clock.clearTimeout(this.#timer);
    this.#wire = undefined;
    this.#parts.clear();
    for (const entry of this.#users.values()) entry.verified = false;
    this.#freshen({ ...this.#freshness, state: "offline" });
    if (why.final) this.#failAll(why);
  }

  /** Takes the state of the channel. */
  status(freshness: Freshness): void {
    this.#freshen(freshness);
  }

  snapshot(part: SnapshotPart): void {
    if (this.#ignoring) return;
    if (partFault(part) !== undefined) return this.#fault("malformed");
    if (!this.#parts.add(part)) return;
    const events = this.#parts.take();
    const asked = this.#awaitsSnapshot;
    const place = { epoch: part.epoch, seq: part.seq };
    const before = this.#wire?.place;
    this.#awaitsSnapshot = false;
    this.#host.clock.clearTimeout(this.#timer);
    this.#wire = { options: this.#wire?.options ?? "", place };
    for (const entry of [...this.#users.values()]) {
      const { user } = entry;
      if (user.takesSnapshots) {
        if (!asked && user.place !== undefined) user.resynced("unsolicited");
        entry.needsSnapshot = false;
        entry.verified = true;
        user.reset(place, events, this.#isShared(user));
      } else if (before !== undefined && before.epoch !== place.epoch && entry.verified) {
        this.#end(entry, "epoch_changed", place);
      }
    }
    this.replan();
  }

  events(frame: EventsFrame): void {
    if (this.#ignoring || this.#users.size === 0) return;
    const wire = this.#wire;
    if (wire === undefined || this.#awaitsSnapshot || this.#parts.isOpen) {
      return this.#fault("unexpected");
    }
    const fault = frameFault(frame) ?? orderFault(wire.place, frame);
    if (fault === "repeat") {
      for (const user of this.#users.keys()) user.resynced(fault);
      if (frame.to <= wire.place.seq) return;
    } else if (fault !== undefined) return this.#fault(fault);
    const { epoch } = wire.place;
    wire.place = { epoch, seq: frame.to };
    for (const { user } of [...this.#users.values()]) {
      const { place } = user;
      const fits = place !== undefined && place.epoch === epoch && !user.paused &&
        place.seq >= frame.from - 1 && place.seq < frame.to;
      if (fits) user.apply(frame, this.#isShared(user));
    }
    this.replan();
  }

  /** Asks for what is needed next, if nothing is being asked. */
  replan(): void {
    if (!this.#online || this.#busy || this.#awaitsSnapshot) return;
    const entries = [...this.#users.values()];
    const demand = entries.length === 0 ? {} : mergeDemands(entries.map(({ user }) => user.demand));
    const options = JSON.stringify(demand);
    const states = entries.map(({ user, verified, needsSnapshot }): UserState => ({
      place: user.place,
      paused: user.paused,
      verified,
      needsSnapshot,
    }));
    // Nobody is where a subscription is whose frames are ignored.
    const wire = this.#wire && (this.#ignoring ? { ...this.#wire, place: NOWHERE } : this.#wire);
    const step = nextStep(states, wire, options);
    if (step.kind === "nothing") return;
    if (step.kind === "verify") {
      this.#verify(step.place);
      return this.replan();
    }
    this.#ask(step, demand, options);
  }

  #ask(step: Step, demand: Demand, options: string): void {
    const { requests } = this.#host;
    this.#busy = true;
    if (step.kind === "unsubscribe" || (step.kind === "resume" && this.#wire !== undefined)) {
      this.#ignoring = true;
      this.#wire = undefined;
      this.#parts.clear();
      // Its answer says how far the gateway came, which our own books say as well.
      const isLast = step.kind === "unsubscribe";
      const done = (answer: RequestAnswer) => {
        if (isLast) this.#answered(answer, () => this.#ignoring = false);
        else if (answer instanceof TelemetryError) this.#refused(answer);
      };
      requests.make({ action: "unsubscribe", channels: [this.channel] }, done);
      if (isLast) return;
    }
    const since = step.kind === "resume" ? step.since : undefined;
    const channel = {
      name: this.channel,
      ...demand,
      ...(since && { since: { epoch: since.epoch, seq: since.seq } }),
      ...(step.kind === "snapshot" && { snapshot: true }),
    };
    requests.make(
      { action: "subscribe", channels: [channel] },
      (answer) => this.#answered(answer, (ack) => this.#subscribed(ack, step, demand, options)),
    );
  }

  #answered(
    answer: RequestAnswer,
    then: (answer: Exclude<RequestAnswer, TelemetryError>) => void,
  ): void {
    if (answer instanceof TelemetryError) return this.#refused(answer);
    this.#busy = false;
    then(answer);
    this.replan();
  }

  /** What a lost connection leaves unanswered is asked again by the next one. */
  #refused(error: TelemetryError): void {
    if (!this.#online || !this.#busy) return;
    if (error.code === "timeout") return this.#host.fail(new TelemetryError("stalled"));
    if (error.final) {
      this.#busy = this.#ignoring = false;
      this.#failAll(error);
      return this.replan();
    }
    this.#later(error.retryAfterMs ?? 1_000, () => {
      this.#busy = this.#ignoring = false;
      this.replan();
    });
  }

  #subscribed(ack: object, step: Step, demand: Demand, options: string): void {
    // A change of options does not mend a subscription that is broken.
    if (step.kind !== "follow") this.#ignoring = false;
    const acked = (ack as AckOf).channels?.[this.channel];
    if (typeof acked?.epoch !== "string" || !Number.isSafeInteger(acked.seq)) {
      return this.#host.fail(new TelemetryError("protocol", "an ack names no place"));
    }
    const place = { epoch: acked.epoch, seq: acked.seq };
    this.#wireDemand = demand;
    const kept = step.kind === "follow" && this.#wire !== undefined ? this.#wire.place : place;
    this.#wire = { options, place: kept };
    // What is not fresh is said after the ack, and whenever it changes.
    if (this.#freshness.state === "offline") this.#freshen({ ...this.#freshness, state: "fresh" });
    if (step.kind === "snapshot") this.#expectSnapshot();
    else if (step.kind === "follow") this.#begin(kept);
    else if (step.kind !== "resume") return;
    else if (acked.recovered === false) this.#unrecovered(step.since, place, acked.lost);
    else if (isSame(place, step.since)) this.#verify(place);
    else this.#host.fail(new TelemetryError("protocol", "an ack names another place"));
  }

  /** A snapshot of which nothing comes is one that was lost. */
  #expectSnapshot(): void {
    this.#awaitsSnapshot = true;
    this.#later(ANSWER_MILLIS, () => {
      if (!this.#awaitsSnapshot || this.#parts.isOpen) return;
      this.#host.fail(new TelemetryError("stalled", "no snapshot came"));
    });
  }

  /** There is one thing at most to wait for: a snapshot, or the time to ask again. */
  #later(ms: number, callback: () => void): void {
    const { clock } = this.#host;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(callback, ms);
  }

  #begin(place: StreamPosition): void {
    for (const entry of this.#users.values()) {
      if (entry.user.place !== undefined) continue;
      entry.user.begin(place);
      entry.verified = true;
    }
  }

  /** What is not later than a confirmed place of the same epoch is confirmed with it. */
  #verify({ epoch, seq }: StreamPosition): void {
    for (const entry of this.#users.values()) {
      const { place } = entry.user;
      if (place?.epoch === epoch && place.seq <= seq) entry.verified = true;
    }
  }

  /** A snapshot follows: tables go on from it, logs cannot. */
  #unrecovered(since: StreamPosition, place: StreamPosition, lost: number | undefined): void {
    this.#expectSnapshot();
    const reason = since.epoch !== place.epoch
      ? "epoch_changed"
      : lost === 0
      ? "rolled_back"
      : "not_recoverable";
    for (const entry of [...this.#users.values()]) {
      const { user, verified } = entry;
      const concerned = user.place !== undefined &&
        (!verified || (user.place.epoch === since.epoch && user.place.seq <= since.seq));
      if (!concerned || user.paused) continue;
      if (user.takesSnapshots) user.resynced(reason);
      else this.#end(entry, reason, place);
    }
  }

  /** What came cannot be used: goes back to the places, first here, then over another connection. */
  #fault(reason: FrameFault | "unexpected"): void {
    this.#parts.clear();
    const seq = this.#wire?.place.seq ?? -1;
    if (seq !== this.#strikes.seq) this.#strikes = { seq, count: 0 };
    this.#strikes.count += 1;
    for (const entry of this.#users.values()) {
      entry.verified = false;
      entry.user.resynced(reason);
    }
    if (this.#strikes.count === 1 && this.#wire !== undefined && !this.#awaitsSnapshot) {
      this.#ignoring = true;
      return this.replan();
    }
    if (this.#strikes.count >= MAX_STRIKES) this.#giveUp();
    this.#host.fail(new TelemetryError("protocol", `what came on ${this.channel} is ${reason}`));
  }

  /** Numbers that never come whole are left out: tables begin anew, and logs say so. */
  #giveUp(): void {
    this.#strikes = { seq: -1, count: 0 };
    for (const entry of [...this.#users.values()]) {
      const { user } = entry;
      if (user.takesSnapshots) entry.needsSnapshot = true;
      else if (user.place !== undefined) {
        const { epoch, seq } = user.place;
        this.#end(entry, "hole", { epoch, seq: seq + 1 });
      }
    }
  }

  #end({ user }: User, reason: GapReason, resumeAt: StreamPosition): void {
    this.#users.delete(user);
    user.gap(reason, resumeAt);
  }

  #failAll(why: TelemetryError): void {
    const users = [...this.#users.keys()];
    this.#users.clear();
    for (const user of users) user.fail(why);
  }

  #freshen(freshness: Freshness): void {
    this.#freshness = freshness;
    for (const user of [...this.#users.keys()]) user.freshen(freshness);
  }

  /** Whether more comes through than a user wants. */
  #isShared({ demand }: FeedUser): boolean {
    return JSON.stringify(demand.filter) !== JSON.stringify(this.#wireDemand.filter);
  }
}

interface AckOf {
  readonly channels?: Readonly<
    Record<string, { epoch: string; seq: number; recovered?: boolean; lost?: number } | undefined>
  >;
}
