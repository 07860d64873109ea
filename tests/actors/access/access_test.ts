import assert from "node:assert/strict";
import { openAccess, PROLONG_MILLIS } from "../../../actors/access/access.ts";
import { SESSION_MILLIS, type SessionJudge } from "../../../actors/access/sessions.ts";
import { Config } from "../../../protocol/config.ts";
import { RecordingLogger } from "../../support/fake_gateway.ts";
import { TempDir } from "../../support/store_fixture.ts";
import { TestClock } from "../../support/test_clock.ts";

const DESK = { name: "desk", secretId: "0a1b2c3d" };

function open(dataDir: string, clock: TestClock, kind = "sqlite") {
  const log = new RecordingLogger();
  return { access: openAccess(Config.parse({ store: { kind, dataDir } }), clock, log), log };
}

Deno.test("a page that only listens stays signed in over a kill", () => {
  using directory = new TempDir();
  const clock = new TestClock();
  const { access } = open(directory.path, clock);
  const begun = access.sessions.begin(DESK);
  if (typeof begun === "string") return assert.fail(begun);
  const judge: SessionJudge = {
    isInUse: () => true,
    inUse: () => new Set([begun.session.id]),
    isValid: () => true,
  };
  access.sessions.judgeBy(judge);
  for (let at = 0; at < SESSION_MILLIS * 2; at += PROLONG_MILLIS) clock.advance(PROLONG_MILLIS);
  // Killed: nothing is stopped. The next process begins with the time of the wall clock.
  const { access: next } = open(directory.path, clock);
  assert.equal(typeof next.sessions.use(begun.token), "object");
  access.stop();
  next.stop();
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("with the memory store nothing is written, and the log says that sessions end", () => {
  using directory = new TempDir();
  const clock = new TestClock();
  const { access, log } = open(`${directory.path}/data`, clock, "memory");
  assert.equal(typeof access.sessions.begin(DESK), "object");
  access.stop();
  assert.throws(() => Deno.statSync(`${directory.path}/data`), Deno.errors.NotFound);
  assert.match(log.lines[0]!.message, /sessions end with the process/);
  assert.equal(clock.pendingTimers, 0);
});
