/**
 * What the gateway says in v2 is what its schema reads.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { CHANNELS } from "../../../protocol/channels.ts";
import {
  CHANNEL_STATES,
  encodeV2,
  ERROR_CODES_V2,
  ServerMessageV2,
} from "../../../protocol/v2/server_message.ts";

const text = fc.string({ maxLength: 40 });
const seq = fc.nat();
const time = fc.nat();
const channel = fc.constantFrom(...CHANNELS);
const acked = fc.record({
  epoch: text,
  seq,
  recovered: fc.boolean(),
  lost: fc.nat(),
}, { requiredKeys: ["epoch", "seq"] });

/** Every kind of message that carries no events. */
const message: fc.Arbitrary<Parameters<typeof encodeV2>[0]> = fc.oneof(
  fc.record({
    type: fc.constant("welcome" as const),
    protocol: fc.constant("telemetry.v2" as const),
    version: text,
    features: fc.array(text),
    clientId: text,
    connectionId: text,
    heartbeatIntervalSeconds: fc.nat(),
    rateLimitPerSecond: fc.nat(),
    flushIntervalMs: fc.nat(),
    timestamp: time,
  }),
  fc.record({
    type: fc.constant("ack" as const),
    id: fc.option(text, { nil: undefined }),
    ok: fc.constant(true as const),
    channels: fc.option(fc.dictionary(channel, acked), { nil: undefined }),
    alerts: fc.option(
      fc.array(fc.record({
        id: text,
        seq: fc.integer({ min: 1 }),
        status: fc.constant("ACKNOWLEDGED" as const),
        acknowledgedBy: text,
        acknowledgedAt: fc.date({
          min: new Date(0),
          max: new Date("9999-12-31"),
          noInvalidDate: true,
        })
          .map((date) => date.toISOString()),
      })),
      { nil: undefined },
    ),
  }),
  fc.record({
    type: fc.constant("status" as const),
    channel,
    state: fc.constantFrom(...CHANNEL_STATES),
    lastEventAt: fc.option(text),
  }),
  fc.record({
    type: fc.constant("heartbeat" as const),
    id: fc.option(text, { nil: undefined }),
    direction: fc.constantFrom("server" as const, "ack" as const),
    timestamp: time,
  }),
  fc.record({
    type: fc.constant("error" as const),
    id: fc.option(text, { nil: undefined }),
    code: fc.constantFrom(...ERROR_CODES_V2),
    message: text,
    retryAfterMs: fc.option(fc.nat(), { nil: undefined }),
  }),
  fc.record({ type: fc.constant("going_away" as const), reconnectAfterMs: fc.nat() }),
);

Deno.test("a message is read back as it was written, with nothing for what is absent", () => {
  fc.assert(
    fc.property(message, (message) => {
      const written = encodeV2(message);
      const read = ServerMessageV2.parse(JSON.parse(written));
      assert.deepEqual(read, JSON.parse(written));
      assert.equal(JSON.stringify(read), written, "keys stand in the order of the schema");
      assert.doesNotMatch(written, /"(?:id|recovered|lost|retryAfterMs)":null/);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("a frame is read when and only when its range is accounted for", () => {
  const counts = fc.record({
    from: fc.integer({ min: 1, max: 1_000 }),
    events: fc.nat(8),
    skipped: fc.nat(8),
    filtered: fc.nat(8),
    off: fc.integer({ min: -2, max: 2 }),
  });
  const property = fc.property(counts, ({ from, events, skipped, filtered, off }) => {
    const to = from + events + skipped + filtered - 1 + off;
    fc.pre(to >= 1);
    const frame = {
      type: "events",
      channel: "positions",
      from,
      to,
      skipped,
      filtered,
      replay: false,
      events: Array.from({ length: events }, (_, index) => ({
        seq: from + index,
        timestamp: 1,
        data: { id: "p" },
      })),
    };
    assert.equal(ServerMessageV2.safeParse(frame).success, off === 0);
  });
  fc.assert(property, { numRuns: 1_000 });
});
