import assert from "node:assert/strict";
import { join } from "node:path";
import {
  restoreSessions,
  SESSION_SECRET_BYTES,
  SESSION_SECRET_FILE,
  SESSIONS_FILE,
  SessionsWriter,
  WRITE_AFTER_MILLIS,
} from "../../../actors/access/session_files.ts";
import type { StoredSession } from "../../../actors/access/sessions.ts";
import { RecordingLogger } from "../../support/fake_gateway.ts";
import { TestClock } from "../../support/test_clock.ts";

const SESSION: StoredSession = { digest: "d1", name: "desk", secretId: "0a1b2c3d", expiresAt: 5 };

async function inDirectory(body: (dataDir: string, log: RecordingLogger) => void): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "sessions_" });
  try {
    body(dataDir, new RecordingLogger());
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

const modeOf = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;

Deno.test("the first start makes a secret that its owner alone can read, and later ones keep it", async () => {
  await inDirectory((dataDir, log) => {
    const first = restoreSessions(join(dataDir, "new"), log);
    assert.equal(first.secret.length, SESSION_SECRET_BYTES);
    assert.equal(modeOf(join(dataDir, "new", SESSION_SECRET_FILE)), 0o600);
    assert.deepEqual(restoreSessions(join(dataDir, "new"), log), first);
    assert.notDeepEqual(restoreSessions(join(dataDir, "other"), log).secret, first.secret);
    assert.deepEqual(log.lines, []);
  });
});

Deno.test("the table is written at once, by rename, for its owner alone, and read by a later process", async () => {
  await inDirectory((dataDir, log) => {
    restoreSessions(dataDir, log);
    const clock = new TestClock();
    const table = [SESSION];
    const writer = new SessionsWriter(clock, log, dataDir, () => table);
    writer.changed(false);
    assert.deepEqual(restoreSessions(dataDir, log).sessions, [SESSION]);
    table.push({ ...SESSION, digest: "d2" });
    clock.advance(WRITE_AFTER_MILLIS - 1);
    writer.changed(false);
    assert.deepEqual(restoreSessions(dataDir, log).sessions, [SESSION]);
    clock.advance(1);
    assert.deepEqual(restoreSessions(dataDir, log).sessions, table);
    assert.equal(modeOf(join(dataDir, SESSIONS_FILE)), 0o600);
    assert.equal(clock.pendingTimers, 0);
    assert.deepEqual([...Deno.readDirSync(dataDir)].map(({ name }) => name).sort(), [
      SESSION_SECRET_FILE,
      SESSIONS_FILE,
    ]);
  });
});

Deno.test("what has ended is written at once, and what waits when the process stops", async () => {
  await inDirectory((dataDir, log) => {
    restoreSessions(dataDir, log);
    let table: StoredSession[] = [SESSION];
    const clock = new TestClock();
    const writer = new SessionsWriter(clock, log, dataDir, () => table);
    writer.changed(true);
    assert.deepEqual(restoreSessions(dataDir, log).sessions, [SESSION]);
    table = [];
    writer.changed(false);
    writer.stop();
    assert.deepEqual(restoreSessions(dataDir, log).sessions, []);
    assert.equal(clock.pendingTimers, 0);
  });
});

Deno.test("a damaged table or secret costs the sessions and a warning, not the start", async () => {
  await inDirectory((dataDir, log) => {
    const { secret } = restoreSessions(dataDir, log);
    Deno.writeTextFileSync(join(dataDir, SESSIONS_FILE), '{"sessions":[{"name":1}]}');
    assert.deepEqual(restoreSessions(dataDir, log), { secret, sessions: [] });
    Deno.writeTextFileSync(join(dataDir, SESSION_SECRET_FILE), "short");
    assert.notDeepEqual(restoreSessions(dataDir, log).secret, secret);
    assert.equal(modeOf(join(dataDir, SESSION_SECRET_FILE)), 0o600);
    assert.deepEqual(log.lines.map(({ level }) => level), ["warn", "warn"]);
  });
});

Deno.test("a table that cannot be written is an error once, and tried again", async () => {
  await inDirectory((dataDir, log) => {
    restoreSessions(dataDir, log);
    const writer = new SessionsWriter(new TestClock(), log, join(dataDir, "gone"), () => [SESSION]);
    writer.changed(true);
    writer.changed(true);
    assert.deepEqual(log.lines.map(({ level }) => level), ["error"]);
    Deno.mkdirSync(join(dataDir, "gone"));
    writer.changed(true);
    assert.ok(Deno.statSync(join(dataDir, "gone", SESSIONS_FILE)).isFile);
  });
});
