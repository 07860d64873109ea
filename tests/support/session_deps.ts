/**
 * What a session works with, when a test has only a data plane.
 *
 * @module
 */
import { NO_AUDIT } from "../../actors/audit/audit_log.ts";
import type { SessionDeps } from "../../actors/connection/session_deps.ts";
import { LimitHits } from "../../actors/limits/limit_hits.ts";
import { Intake } from "../../actors/intake/intake.ts";
import { PRODUCT_CHANNELS } from "../../protocol/channel_set.ts";
import { RecordingLogger } from "./fake_gateway.ts";
import type { StreamFixture } from "./stream_fixture.ts";

/** The deployed defaults over a fixture, with what a test changes. */
export function sessionDeps(
  { clock, fanout }: StreamFixture,
  changes: Partial<SessionDeps> = {},
): SessionDeps {
  const log = new RecordingLogger();
  const intake = new Intake({ clock, log, maxBatchEvents: 1_000 });
  return {
    clock,
    channels: PRODUCT_CHANNELS,
    fanout,
    log,
    observer: { slowConsumer: () => {}, rolledBack: () => {} },
    statusOf: (channel) => ({ channel, state: "fresh", lastEventAt: undefined }),
    eventLog: { append: () => Promise.reject(new Error("nothing is appended here")) },
    audit: NO_AUDIT,
    flushIntervalMillis: 50,
    heartbeatIntervalMillis: 15_000,
    rateLimitPerSecond: 120,
    replayLimit: 50,
    inboundMessagesPerSecond: 20,
    maxSubscriptions: 16,
    maxFilterValues: 256,
    limitHits: new LimitHits(),
    publishing: { declare: () => {}, intake, maxMessageBytes: 8_388_608 },
    ...changes,
  };
}
