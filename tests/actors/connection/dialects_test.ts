import assert from "node:assert/strict";
import { SessionCollector } from "../../../actors/connection/session_collector.ts";
import type { SessionHost } from "../../../actors/connection/session.ts";
import { dialectOf } from "../../../actors/connection/dialects.ts";
import { SessionV1 } from "../../../actors/connection/session_v1.ts";
import { SessionV2 } from "../../../actors/connection/session_v2.ts";
import { openCursorV1 } from "../../../actors/stream/cursor_v1.ts";
import { openCursorV2 } from "../../../actors/stream/cursor_v2.ts";
import type { ProtocolName } from "../../../protocol/api.ts";
import { readGolden, V2_GOLDENS } from "../../protocol/golden/read.ts";
import { fakePeer } from "../../support/fake_gateway.ts";
import { sessionDeps } from "../../support/session_deps.ts";
import { StreamFixture } from "../../support/stream_fixture.ts";

/** 2026-01-31T12:00:15Z */
const HEARTBEAT_AT = 1_769_860_815_000;

Deno.test("each peer gets the session of what it negotiated", () => {
  const deps = sessionDeps(new StreamFixture());
  const sessionOf = (protocol: ProtocolName) =>
    dialectOf(protocol).session({ peer: fakePeer({ protocol }) } as SessionHost, deps);
  assert.ok(sessionOf("telemetry.v1") instanceof SessionV1);
  assert.ok(sessionOf("telemetry.v2") instanceof SessionV2);
  assert.ok(sessionOf("telemetry.collector") instanceof SessionCollector);
});

Deno.test("the heartbeat of each version is its golden one", () => {
  assert.equal(dialectOf("telemetry.v1").heartbeat(HEARTBEAT_AT), readGolden("heartbeat_server"));
  assert.equal(
    dialectOf("telemetry.v2").heartbeat(HEARTBEAT_AT),
    V2_GOLDENS.read("heartbeat_server"),
  );
});

Deno.test("a warning without a number is an event in v1; in v2 a status says the same", () => {
  const warning = JSON.parse(readGolden("notice_store_failing")).data;
  delete warning.timestamp;
  const at = JSON.parse(readGolden("notice_store_failing")).timestamp;
  assert.equal(
    dialectOf("telemetry.v1").notice?.(warning, "e9c0de", at),
    readGolden("notice_store_failing"),
  );
  assert.equal(dialectOf("telemetry.v2").notice, undefined);
});

Deno.test("each dialect is found by the protocol that negotiates it, and opens its own cursors", () => {
  const opened = (["telemetry.v1", "telemetry.v2", "telemetry.collector"] as const).map((name) => {
    const { protocol, openCursor, hearsHints } = dialectOf(name);
    assert.equal(protocol, name);
    return [openCursor, hearsHints];
  });
  assert.deepEqual(opened, [[openCursorV1, false], [openCursorV2, true], [undefined, true]]);
});
