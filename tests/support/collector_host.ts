/**
 * The connection of a publisher's session, and a gateway whose commits wait for the test.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { SessionHost } from "../../actors/connection/session.ts";
import { SessionCollector } from "../../actors/connection/session_collector.ts";
import { Intake } from "../../actors/intake/intake.ts";
import type { Appendable } from "../../actors/log/event_log.ts";
import type { PublishReceipt } from "../../protocol/api.ts";
import type { Channel } from "../../protocol/channels.ts";
import type { EndingCause } from "../../protocol/close_codes.ts";
import { CollectorServerMessage } from "../../protocol/collector/message.ts";
import type { SubmissionOptions } from "../../protocol/publish.ts";
import { fakePeer, keyHolder, RecordingLogger } from "./fake_gateway.ts";
import { sessionDeps } from "./session_deps.ts";
import { StreamFixture } from "./stream_fixture.ts";
import { settle } from "./test_clock.ts";

/** A batch that was handed on. */
export interface Publication {
  readonly principal: string;
  readonly keys: readonly string[];
  readonly ignored: readonly (readonly string[] | undefined)[];
  readonly done: PromiseWithResolvers<PublishReceipt>;
}

/** What differs from the defaults. */
export interface Limits extends SubmissionOptions {
  readonly messagesPerSecond?: number;
  readonly maxBatchEvents?: number;
  readonly maxMessageBytes?: number;
}

/** What a session asked of its connection, and of the gateway, whose commits wait for the test. */
export class CollectorHost implements SessionHost {
  readonly #fixture = new StreamFixture();
  readonly clock = this.#fixture.clock;
  readonly id = "a1b2-00000001";
  readonly clientId = "core-1";
  readonly peer = fakePeer({
    principal: keyHolder("floor", ["publish"]),
    protocol: "telemetry.collector",
  });
  readonly subscriber = this.#fixture.reader().subscriber;
  readonly log = new RecordingLogger();
  readonly intake: Intake;
  readonly session: SessionCollector;
  readonly frames: string[] = [];
  readonly endings: EndingCause[] = [];
  readonly publications: Publication[] = [];
  readonly declarations: (readonly Channel[])[] = [];

  constructor(limits: Limits = {}) {
    const { clock, log } = this;
    const { maxBatchEvents = 1_000 } = limits;
    this.intake = new Intake({ clock, log, maxBatchEvents, submissions: limits });
    const deps = sessionDeps(this.#fixture, {
      log: this.log,
      eventLog: { append: (by, batch) => this.#append(by, batch) },
      inboundMessagesPerSecond: limits.messagesPerSecond ?? 20,
      publishing: {
        declare: (channels) => this.declarations.push(channels),
        intake: this.intake,
        maxMessageBytes: limits.maxMessageBytes ?? 1_048_576,
      },
    });
    this.session = new SessionCollector(this, deps);
  }

  #append(principal: string, entries: readonly Appendable[]): Promise<PublishReceipt> {
    const submissions = entries.map((entry) => {
      assert.ok("draft" in entry);
      return entry;
    });
    const done = Promise.withResolvers<PublishReceipt>();
    const keys = submissions.map(({ draft }) => draft.key);
    this.publications.push({
      principal,
      keys,
      ignored: submissions.map(({ ignored }) => ignored),
      done,
    });
    return done.promise;
  }

  reply(frame: string): void {
    this.frames.push(frame);
  }

  subscribed(): void {
    assert.fail("a publisher subscribes to nothing");
  }

  unsubscribed(): void {
    assert.fail("a publisher subscribes to nothing");
  }

  end(cause: EndingCause): void {
    this.endings.push(cause);
  }

  /** Sends a message; what is not text is written as JSON. */
  say(message: unknown): void {
    const raw = typeof message === "string" || message instanceof ArrayBuffer;
    this.session.receive(raw ? message : JSON.stringify(message));
  }

  publish(id: string, ...events: readonly unknown[]): void {
    this.say({ id, action: "publish", events });
  }

  /** Commits a publication, named by when it came. */
  async commit(index: number, receipt: Partial<PublishReceipt> = {}): Promise<void> {
    this.publications[index]!.done.resolve({ accepted: 1, duplicates: 0, last: {}, ...receipt });
    await settle();
  }

  /** The messages so far. */
  get messages(): CollectorServerMessage[] {
    return this.frames.map((frame) => CollectorServerMessage.parse(JSON.parse(frame)));
  }

  /** The errors so far. */
  get errors() {
    return this.messages.filter((message) => message.type === "error");
  }

  /** The codes of the errors so far. */
  get codes(): string[] {
    return this.errors.map(({ code }) => code);
  }

  /** The ids of the acks so far. */
  get acked(): string[] {
    return this.messages.filter((message) => message.type === "ack").map(({ id }) => id);
  }
}
