/**
 * One v2 reader as the model of the fan-out sees it.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Channel } from "../../../protocol/channels.ts";
import { FakeSocket } from "../../support/fake_socket.ts";
import type { Reader, StreamFixture } from "../../support/stream_fixture.ts";
import type { ReaderPlan } from "./batch_scenarios.ts";
import type { BatchSession } from "./batch_session.ts";

/** Hears of everything that happens to a reader. */
export interface ReaderObserver {
  readonly fixture: StreamFixture;
  /** Notes what goes wrong in a callback. */
  watch(callback: () => void): void;
  sent(to: ModelReader, frame: string, bytes: number, before: number): void;
  recovered(who: ModelReader): void;
  tooSlow(who: ModelReader): void;
}

/** Counts that frames tell, to be compared with those of the streams. */
export class Counts {
  sent = 0;
  skipped = new Map<string, number>();

  skip(reason: string, count: number): void {
    if (count > 0) this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + count);
  }

  get total(): number {
    return [...this.skipped.values()].reduce((sum, count) => sum + count, 0);
  }
}

/** One reader as the model sees it. */
export class ModelReader {
  readonly sessions = new Map<Channel, BatchSession>();
  readonly counts = new Counts();
  readonly socket: FakeSocket;
  readonly reader: Reader;
  readonly plan: ReaderPlan;
  left = false;
  throttle: string | undefined;
  throttledAt = 0;
  tokens: number;
  readonly #model: ReaderObserver;
  #tokensAt: number;

  constructor(model: ReaderObserver, plan: ReaderPlan) {
    const now = model.fixture.clock.now();
    this.#model = model;
    this.plan = plan;
    this.tokens = plan.rate;
    this.#tokensAt = now;
    this.socket = new FakeSocket((frame, bytes, before) =>
      model.watch(() => model.sent(this, frame, bytes, before))
    );
    this.socket.readsAtOnce = plan.prompt;
    this.reader = model.fixture.reader({
      rate: plan.rate,
      socket: this.socket,
      control: {
        throttled: (reason) => {
          assert.equal(this.throttle, undefined, "throttled twice");
          this.throttle = reason;
          this.throttledAt = model.fixture.clock.now();
          for (const session of this.sessions.values()) session.conflating();
        },
        recovered: () => model.watch(() => model.recovered(this)),
        tooSlow: () => model.watch(() => model.tooSlow(this)),
      },
    });
  }

  /** Whether nothing holds it up: no rate, a peer that reads at once, and no burst in one turn. */
  get unhindered(): boolean {
    return this.plan.rate === 0 && this.plan.prompt && this.#model.fixture.fanout.held === 0;
  }

  refill(now: number): void {
    const { rate } = this.plan;
    this.tokens = Math.min(rate, this.tokens + (now - this.#tokensAt) * rate / 1_000);
    this.#tokensAt = now;
  }
}
