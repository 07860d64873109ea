/**
 * Serving cursors, with sockets that take everything and do nothing: what the gateway adds to the
 * runtime's `send`.
 *
 * @module
 */
import type { Socket } from "../../../actors/ports.ts";
import { Subscriber } from "../../../actors/stream/subscriber.ts";
import { TokenBucket } from "../../../actors/stream/token_bucket.ts";
import { StreamFixture } from "../../support/stream_fixture.ts";
import { marketEvents } from "./event.ts";

/** Readers of each bench. */
const READERS = 1_000;

/** Events of a batch: 200 a second, every 50 ms. */
const BATCH = 10;

const events = marketEvents(100);

const sink = { send: () => {} };

const nowhere: Socket = { ...sink, sink, bufferedAmount: 0, close: () => {} };

/** A data plane with readers, and a function that publishes to them. */
function publisher(join: (fixture: StreamFixture, subscriber: Subscriber) => void) {
  const fixture = new StreamFixture(4_096);
  const control = { throttled: () => {}, recovered: () => {}, tooSlow: () => {} };
  for (let index = 0; index < READERS; index++) {
    join(fixture, new Subscriber(nowhere, new TokenBucket(0, 0), control, 0));
  }
  let seq = 0;
  return (count: number, afterMs: number) => {
    const batch = Array.from({ length: count }, () => {
      return { stored: { ...events[seq % events.length]!, seq: ++seq } };
    });
    fixture.fanout.appended("market-data", batch);
    fixture.clock.advance(afterMs);
    fixture.clock.turns();
  };
}

const toV1 = publisher((fixture, subscriber) => fixture.join(subscriber, "market-data", 0));

Deno.bench("v1: an event to 1,000 readers", () => toV1(1, 0));

const toV2 = publisher((fixture, subscriber) => {
  fixture.subscribe(subscriber, {
    channel: "market-data",
    snapshot: false,
    intervalMs: 50,
    conflate: false,
  });
  fixture.fanout.start(subscriber, "market-data");
});

Deno.bench("v2: 10 events in a batch to 1,000 readers", () => toV2(BATCH, 50));
