import assert from "node:assert/strict";
import { MAX_FAULTY_BYTES } from "../../../actors/intake/faulty_batches.ts";
import { type Arrival, Intake, MAX_EVENTS_IN_FLIGHT } from "../../../actors/intake/intake.ts";
import { PublishError } from "../../../actors/operations.ts";
import { type Elements, scanJson } from "../../../protocol/json_scan.ts";
import type { BatchRefusal } from "../../../protocol/publish_batch.ts";
import { marketData } from "../../support/events.ts";
import { RecordingLogger } from "../../support/fake_gateway.ts";
import { settle, TestClock } from "../../support/test_clock.ts";

const NOT_JSON: BatchRefusal = { code: "INVALID_REQUEST", message: "not JSON", faults: [] };

class Fixture {
  readonly clock = new TestClock();
  readonly log = new RecordingLogger();
  readonly intake = new Intake({ clock: this.clock, log: this.log, maxBatchEvents: 10_000 });
  readonly stored: { keys: string[]; done: PromiseWithResolvers<void> }[] = [];
  readonly refused: string[] = [];
  released = 0;

  submit(text: string, changes: Partial<Arrival> = {}): void {
    this.intake.submit({
      principal: "core",
      source: "socket",
      bytes: text.length,
      release: () => void (this.released += 1),
      scan: () => scan(text),
      store: (submissions) => {
        const done = Promise.withResolvers<void>();
        this.stored.push({ keys: submissions.map(({ draft }) => draft.key), done });
        return done.promise;
      },
      refuse: (error) => void this.refused.push((error as PublishError).code),
      ...changes,
    });
  }

  /** Commits the oldest batch. */
  async commit(error?: Error): Promise<void> {
    const { done } = this.stored.shift()!;
    if (error === undefined) done.resolve();
    else done.reject(error);
    await settle();
  }
}

function* scan(text: string): Generator<void, Elements | BatchRefusal> {
  return (yield* scanJson(text, 10_000)) ?? NOT_JSON;
}

const batch = (count: number, key = "A") =>
  JSON.stringify(new Array(count).fill(marketData(key, "1")));

Deno.test("a batch is stored or refused, and gives its room back in any case", () => {
  const fixture = new Fixture();
  fixture.submit(batch(2));
  fixture.submit("[1]");
  fixture.submit("[");
  fixture.submit("[]", {
    scan: () => {
      throw new RangeError("a bug");
    },
    refuse: (error) => void fixture.refused.push(String(error)),
  });
  assert.deepEqual(fixture.stored.map(({ keys }) => keys), [["A", "A"]]);
  assert.deepEqual(fixture.refused, ["INVALID_EVENTS", "INVALID_REQUEST", "RangeError: a bug"]);
  assert.equal(fixture.released, 4);
});

Deno.test("no batch is begun while too many events wait for their commit; then they go on in order", async () => {
  const fixture = new Fixture();
  fixture.submit(batch(MAX_EVENTS_IN_FLIGHT));
  for (const key of "BCD") fixture.submit(batch(1, key));
  assert.equal(fixture.stored.length, 1);
  assert.equal(fixture.released, 1);
  await fixture.commit();
  assert.deepEqual(fixture.stored.map(({ keys }) => keys[0]), ["B", "C", "D"]);
  assert.deepEqual(fixture.refused, []);
});

Deno.test("a commit that fails makes room as well", async () => {
  const fixture = new Fixture();
  fixture.submit(batch(MAX_EVENTS_IN_FLIGHT));
  fixture.submit(batch(1, "B"));
  await fixture.commit(new PublishError("STORE_UNAVAILABLE", "no"));
  assert.deepEqual(fixture.stored.map(({ keys }) => keys[0]), ["B"]);
});

Deno.test("what waited while its principal became too faulty is not parsed", async () => {
  const fixture = new Fixture();
  fixture.submit(batch(MAX_EVENTS_IN_FLIGHT), { principal: "other" });
  fixture.submit("[1]", { bytes: MAX_FAULTY_BYTES + 1 });
  fixture.submit(batch(1), {
    scan: () => {
      throw new Error("it was parsed");
    },
  });
  await fixture.commit();
  assert.deepEqual(fixture.refused, ["INVALID_EVENTS", "RATE_LIMITED"]);
  assert.throws(() => fixture.intake.checkPaused("core"), { code: "RATE_LIMITED" });
  fixture.intake.checkPaused("other");
  assert.equal(fixture.log.lines.length, 1);
  assert.equal(fixture.log.lines[0]!.properties["principal"], "core");
});

Deno.test("faults that show only when a batch is staged are counted; trouble of the store and full snapshots are not", async () => {
  const fixture = new Fixture();
  const faults = [{ path: "events[0].eventId", message: "was used" }];
  for (
    const error of [
      new PublishError("STORE_UNAVAILABLE", "no"),
      new PublishError("SNAPSHOT_FULL", "no", faults),
      new PublishError("EVENT_ID_REUSED", "no", faults),
    ]
  ) {
    fixture.intake.checkPaused("core");
    fixture.submit(batch(1), { bytes: MAX_FAULTY_BYTES + 1 });
    await fixture.commit(error);
  }
  assert.throws(() => fixture.intake.checkPaused("core"), { code: "RATE_LIMITED" });
});
