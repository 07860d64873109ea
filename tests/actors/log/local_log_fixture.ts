/**
 * A local log with everything that it works with, for its tests.
 *
 * @module
 */
import assert from "node:assert/strict";
import { acknowledgeAlerts, type AlertReference } from "../../../actors/log/event_log.ts";
import { LocalLog } from "../../../actors/log/local_log.ts";
import { PublishError } from "../../../actors/operations.ts";
import { restoreRequest } from "../../../actors/gateway.ts";
import type { Logger, StoredEvent } from "../../../actors/ports.ts";
import { MemoryStore } from "../../../actors/store/memory.ts";
import { ChannelStream } from "../../../actors/stream/channel_stream.ts";
import { Fanout } from "../../../actors/stream/fanout.ts";
import { PRODUCT_CHANNELS } from "../../../protocol/channel_set.ts";
import { CHANNELS } from "../../../protocol/channels.ts";
import { Config } from "../../../protocol/config.ts";
import { parseSubmission, type Submission } from "../../../protocol/publish.ts";
import { marketData } from "../../support/events.ts";
import { storedEvent } from "../../support/stream_fixture.ts";
import { TEST_EPOCH, TestClock } from "../../support/test_clock.ts";

/** A store whose commits can be made to wait or to fail. */
export class TrialStore extends MemoryStore {
  /** Every batch that was to be committed. */
  readonly batches: (readonly StoredEvent[])[] = [];
  /** What the next commit waits for. */
  gate: Promise<void> | undefined;
  /** How many commits fail from now on. */
  failures = 0;

  constructor() {
    super(100_000, "e1");
  }

  override async commit(batch: readonly StoredEvent[]): Promise<void> {
    this.batches.push(batch);
    await this.gate;
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error("disk full");
    }
    await super.commit(batch);
  }
}

/** A local log with everything that it works with. */
export class Fixture {
  readonly clock = new TestClock();
  readonly store = new TrialStore();
  readonly streams = new Map(CHANNELS.map((channel) => {
    const { epoch, seq } = this.store.head(channel);
    return [channel, ChannelStream.begin(PRODUCT_CHANNELS.get(channel), epoch, seq, 100)];
  }));
  readonly errors: string[] = [];
  readonly eventLog: LocalLog;

  constructor(dedupeWindowSeconds = 120, incidentGapSeconds = 300) {
    const log: Logger = {
      debug: () => {},
      info: () => {},
      warn: () => {},
      error: (message) => void this.errors.push(message),
    };
    const { clock, store, streams } = this;
    const fanout = new Fanout(clock, streams);
    this.eventLog = new LocalLog({
      clock,
      log,
      store,
      streams,
      restoreRequest: () => restoreRequest(Config.parse({}), clock),
      dedupeWindowSeconds,
      incidentGapSeconds,
    });
    this.eventLog.follow(
      fanout,
      new Map(CHANNELS.map((channel) => [channel, store.head(channel)])),
    );
  }

  /** Publishes and ends the turn. */
  async publish(bodies: readonly unknown[], principal = "p") {
    const receipt = this.eventLog.append(principal, bodies.map(submission));
    receipt.catch(() => {}); // Whoever asked looks at it after the turn.
    await this.clock.advanceAsync(0);
    return await receipt;
  }

  /** Acknowledges and ends the turn. */
  async acknowledge(alerts: readonly AlertReference[], principal = "desk") {
    const receipt = acknowledgeAlerts(this.eventLog, principal, alerts);
    receipt.catch(() => {}); // Whoever asked looks at it after the turn.
    await this.clock.advanceAsync(0);
    return (await receipt).alerts;
  }

  /** What has been fanned out of the risk alerts: number, and the `data` of each. */
  // deno-lint-ignore no-explicit-any -- asserted on, not typed
  get alerts(): [seq: number, data: any][] {
    const { log } = this.streams.get("risk-alerts")!;
    return Array.from({ length: log.head }, (_, index) => log.get(index + 1)!)
      .map(({ seq, stored }) => [seq, JSON.parse(stored.data)]);
  }

  /** Publishes and ends the turn; the answer has to be an error. */
  async refusal(bodies: readonly unknown[], principal = "p"): Promise<PublishError> {
    return await refused(this.publish(bodies, principal));
  }

  /** Numbers that the fan-out has of the positions. */
  get fannedOut(): number {
    return this.streams.get("positions")!.log.head;
  }

  /** Makes so many keys of market data live, past the log. */
  fill(keys: number): void {
    const { latest } = this.streams.get("market-data")!;
    const v1 = { text: "", bytes: 0, replayAt: 0, skippedAt: 0 };
    // The store stays empty: these stand in for states of before.
    for (let index = 0; index < keys; index++) {
      const stored = storedEvent("market-data", 0, `FILL${index}`);
      latest!.put({ stored, seq: 0, v1, dataBytes: 0, attributes: undefined }, this.clock.now());
    }
  }
}

export function submission(body: unknown): Submission {
  const parsed = parseSubmission(body, "events[0]", TEST_EPOCH);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.submission;
}

export async function refused(answer: Promise<unknown>): Promise<PublishError> {
  try {
    await answer;
  } catch (error) {
    assert.ok(error instanceof PublishError, String(error));
    return error;
  }
  assert.fail("was accepted");
}

/** An event with an identity. */
export function identified(eventId: string, price = "1.00", symbol = "BTC") {
  return { ...marketData(symbol, price), eventId };
}

export const at = (seq: number) => ({ epoch: "e1", seq });

/** Requests of one turn: their answers, or the codes of their errors. */
export async function inOneTurn(fixture: Fixture, requests: readonly (readonly unknown[])[]) {
  const answers = Promise.all(requests.map(async (bodies) => {
    try {
      return await fixture.eventLog.append("p", bodies.map(submission));
    } catch (error) {
      assert.ok(error instanceof PublishError, String(error));
      return error.code;
    }
  }));
  await fixture.clock.advanceAsync(0);
  return await answers;
}
