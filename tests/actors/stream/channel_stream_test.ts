import assert from "node:assert/strict";
import { ChannelStream } from "../../../actors/stream/channel_stream.ts";
import { PRODUCT_CHANNELS } from "../../../protocol/channel_set.ts";
import { type Channel, CHANNEL_SPECS, CHANNELS } from "../../../protocol/channels.ts";
import { EPOCH, range, storedEvent } from "../../support/stream_fixture.ts";
import { TestClock } from "../../support/test_clock.ts";

function stream(channel: Channel, capacity = 10, head = 0): ChannelStream {
  return ChannelStream.begin(PRODUCT_CHANNELS.get(channel), EPOCH, head, capacity);
}

function append(to: ChannelStream, keys: string, ends?: "closed" | "removed"): void {
  for (const key of keys) {
    const stored = storedEvent(to.channel, to.log.head + 1, key, { ...(ends && { ends }) });
    to.append({ stored }, 0);
  }
}

const replay = (of: ChannelStream, limit: number, upTo: number) =>
  of.replay(limit, upTo).map(({ seq }) => String(seq));

Deno.test("latest states are kept on keyed and sampled channels, and on no lossless one", () => {
  for (const channel of CHANNELS) {
    assert.equal(
      stream(channel).latest === undefined,
      CHANNEL_SPECS[channel].lane === "lossless",
      channel,
    );
  }
});

Deno.test("an appended event is in the log, among the latest states, and counted", () => {
  const positions = stream("positions");
  append(positions, "ab");
  assert.equal(positions.log.head, 2);
  assert.equal(positions.latest?.has("b"), true);
  assert.equal(positions.published, 2);
  assert.equal(positions.sent, 0);
});

Deno.test("the replay of a keyed channel is its newest live states", () => {
  const positions = stream("positions");
  append(positions, "abcab");
  append(positions, "c", "closed");
  assert.deepEqual(replay(positions, 10, 6), ["4", "5"]);
  assert.deepEqual(replay(positions, 1, 6), ["5"]);
  assert.deepEqual(replay(positions, 10, 4), ["4"]);
});

Deno.test("the replay of a keyed channel reaches behind the ring", () => {
  const positions = stream("positions", 2);
  append(positions, "abcccc");
  assert.deepEqual(replay(positions, 10, 6), ["1", "2", "6"]);
});

Deno.test("the replay of warnings is the last events, as far as the ring reaches", () => {
  const warnings = stream("system-warnings", 4);
  append(warnings, "aaaaaa");
  assert.deepEqual(replay(warnings, 2, 6), range(5, 6));
  assert.deepEqual(replay(warnings, 100, 6), range(3, 6));
  assert.deepEqual(replay(warnings, 2, 4), range(3, 4));
  assert.deepEqual(replay(warnings, 100, 2), []);
});

Deno.test("the replay of alerts is the latest event of each of the last ids, beyond the ring, too", () => {
  const alerts = stream("risk-alerts", 2);
  append(alerts, "abcacc");
  assert.deepEqual(replay(alerts, 10, 6), ["2", "4", "6"]);
  assert.deepEqual(replay(alerts, 2, 6), ["4", "6"]);
  assert.deepEqual(replay(alerts, 10, 4), ["2", "4"]);
});

Deno.test("a restored channel replays the alerts that the store found by their ids", () => {
  const events = [5, 6].map((seq) => storedEvent("risk-alerts", seq, "b"));
  const latest = [storedEvent("risk-alerts", 1, "a"), events[1]!];
  const restored = { epoch: EPOCH, seq: 6, events, latest, horizon: 0 };
  const alerts = ChannelStream.restore(
    PRODUCT_CHANNELS.get("risk-alerts"),
    restored,
    2,
    new TestClock(),
    5,
  );
  assert.deepEqual(replay(alerts, 10, 6), ["1", "6"]);
  append(alerts, "a");
  assert.deepEqual(replay(alerts, 10, 7), ["6", "7"]);
});

Deno.test("a log that continues a sequence replays nothing from before its start", () => {
  assert.deepEqual(replay(stream("risk-alerts", 4, 50), 10, 50), []);
});
