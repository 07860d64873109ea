import assert from "node:assert/strict";
import { MAX_TURN_EVENTS } from "../../../actors/log/local_log.ts";
import { createGateway } from "../../../actors/gateway.ts";
import type { Logger, StoredEvent } from "../../../actors/ports.ts";
import { MemoryStore } from "../../../actors/store/memory.ts";
import { Config } from "../../../protocol/config.ts";
import { parseSubmission } from "../../../protocol/publish.ts";
import { TestClock } from "../../support/test_clock.ts";

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

Deno.test("a turn that is full leaves the other requests to the next, whole and in order", async () => {
  const commits: number[] = [];
  class CountingStore extends MemoryStore {
    override commit(batch: readonly StoredEvent[]): Promise<void> {
      commits.push(batch.length);
      return super.commit(batch);
    }
  }
  const clock = new TestClock();
  const gateway = createGateway(Config.parse({}), clock, SILENT, new CountingStore(10_000));
  const data = { symbol: "BTCUSDT", price: "1", source: "x", isSnapshot: false };
  const result = parseSubmission({ channel: "market-data", data }, "event", 0);
  assert.ok(result.ok);
  const sizes = [MAX_TURN_EVENTS - 1, 600, 600, 600];
  const receipts = sizes.map((size) =>
    gateway.eventLog.append("core", Array.from({ length: size }, () => result.submission))
  );
  await clock.advanceAsync(0);
  const last = (await Promise.all(receipts)).map((receipt) => receipt.last["market-data"]!.seq);
  assert.deepEqual(commits, [MAX_TURN_EVENTS - 1 + 600, 1_200]);
  assert.deepEqual(last, [999, 1_599, 2_199, 2_799]);
  gateway.hub.stop();
});
