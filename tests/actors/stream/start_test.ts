import assert from "node:assert/strict";
import { ChannelStream } from "../../../actors/stream/channel_stream.ts";
import { decideStart, type Start } from "../../../actors/stream/start.ts";
import { PRODUCT_CHANNELS } from "../../../protocol/channel_set.ts";
import type { Channel } from "../../../protocol/channels.ts";
import { EPOCH, storedEvent } from "../../support/stream_fixture.ts";

/** The numbers 1 to 10, of which the ring holds 7 to 10; positions up to 4 may be forgotten. */
function stream(channel: Channel): ChannelStream {
  const it = ChannelStream.begin(PRODUCT_CHANNELS.get(channel), EPOCH, 0, 4);
  for (let seq = 1; seq <= 10; seq++) {
    it.append({ stored: storedEvent(channel, seq, `k${seq}`) }, 0);
  }
  it.latest?.raiseHorizon(4);
  return it;
}

function since(channel: Channel, seq: number, oldestStored?: number, epoch = EPOCH): Start {
  return decideStart(stream(channel), oldestStored, { since: { epoch, seq }, snapshot: false });
}

const resume = (seq: number): Start => ({ kind: "resume", epoch: EPOCH, seq, recovered: true });
const lost = (count: number): Start => ({
  kind: "snapshot",
  epoch: EPOCH,
  seq: 10,
  recovered: false,
  lost: count,
});

Deno.test("with neither since nor snapshot it starts at the head", () => {
  const start = decideStart(stream("positions"), undefined, { snapshot: false });
  assert.deepEqual(start, { kind: "live", epoch: EPOCH, seq: 10 });
});

Deno.test("with a snapshot alone it starts with one at the head", () => {
  const start = decideStart(stream("positions"), undefined, { snapshot: true });
  assert.deepEqual(start, { kind: "snapshot", epoch: EPOCH, seq: 10 });
});

Deno.test("whoever missed nothing has recovered", () => {
  for (const channel of ["positions", "risk-alerts"] as const) {
    assert.deepEqual(since(channel, 10), resume(10));
  }
});

Deno.test("what the ring holds is recovered, and no snapshot comes even if it is asked for", () => {
  for (const channel of ["positions", "risk-alerts"] as const) {
    const asked = { since: { epoch: EPOCH, seq: 6 }, snapshot: true };
    assert.deepEqual(decideStart(stream(channel), undefined, asked), resume(6));
  }
});

Deno.test("a keyed channel recovers behind its ring as far as no end was forgotten", () => {
  assert.deepEqual(since("positions", 5), resume(5));
  assert.deepEqual(since("positions", 4), resume(4));
  assert.deepEqual(since("positions", 3), lost(7));
  assert.deepEqual(since("market-data", 0), lost(10));
});

Deno.test("a keyed channel is not recovered from the store, which may lack what it conflates", () => {
  assert.deepEqual(since("positions", 3, 1), lost(7));
});

Deno.test("a lossless channel recovers as far as retention reaches, complete or not at all", () => {
  assert.deepEqual(since("risk-alerts", 2, 3), resume(2));
  assert.deepEqual(since("risk-alerts", 1, 3), lost(9));
  assert.deepEqual(since("risk-alerts", 0, 1), resume(0));
});

Deno.test("a lossless channel without a store recovers from its ring alone", () => {
  assert.deepEqual(since("risk-alerts", 6), resume(6));
  assert.deepEqual(since("risk-alerts", 5), lost(5));
});

Deno.test("in another epoch nothing is recovered, and what was lost cannot be counted", () => {
  for (const seq of [0, 10, 99]) {
    assert.deepEqual(since("positions", seq, 1, "e0"), {
      kind: "snapshot",
      epoch: EPOCH,
      seq: 10,
      recovered: false,
    });
  }
});

Deno.test("a place beyond the head tells that the store went back in time", () => {
  for (const channel of ["positions", "risk-alerts"] as const) {
    assert.deepEqual(since(channel, 11, 1), { ...lost(0), rolledBack: true });
  }
});
