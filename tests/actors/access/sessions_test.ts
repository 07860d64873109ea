import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Session,
  SESSION_MILLIS,
  type SessionJudge,
  Sessions,
  type SessionsOptions,
  type StoredSession,
} from "../../../actors/access/sessions.ts";
import { TEST_EPOCH, TestClock } from "../../support/test_clock.ts";

const DESK = { name: "desk", secretId: "0a1b2c3d" };
const SECRET = new Uint8Array(32).fill(7);

const JUDGE: SessionJudge = {
  isInUse: () => false,
  inUse: () => new Set(),
  isValid: () => true,
};

function sessions(options: Partial<SessionsOptions> = {}) {
  const clock = new TestClock();
  const limits = { perKey: 10, all: 20 };
  return { clock, all: new Sessions({ clock, secret: SECRET, limits, ...options }) };
}

function begin(all: Sessions, grant = DESK): { token: string; session: Session } {
  const begun = all.begin(grant);
  if (typeof begun === "string") return assert.fail(`refused: ${begun}`);
  return begun;
}

Deno.test("a token stands for the key and secret that it was made for", () => {
  const { all } = sessions();
  const { token, session } = begin(all);
  assert.deepEqual(session.grant, DESK);
  assert.equal(session.expiresAt, TEST_EPOCH + SESSION_MILLIS);
  assert.deepEqual(all.use(token), session);
  assert.deepEqual(all.use(token), session, "it counts more than once");
});

Deno.test("whatever is changed in a token, it is none", () => {
  const { all } = sessions();
  const { token } = begin(all);
  const other = begin(all).token;
  fc.assert(fc.property(fc.nat(token.length - 1), fc.base64String({ minLength: 1 }), (at, text) => {
    const changed = token.slice(0, at) + text[0] + token.slice(at + 1);
    return changed === token || all.use(changed) === "unknown";
  }));
  const [id] = token.split(".");
  const [, signature] = other.split(".");
  for (const wrong of [`${id}.${signature}`, id!, `${token}.x`, "", ".", "x".repeat(100_000)]) {
    assert.equal(all.use(wrong), "unknown");
  }
});

Deno.test("a session that nobody uses for 12 hours ends, and each use prolongs it", () => {
  const { clock, all } = sessions();
  const { token } = begin(all);
  for (let i = 0; i < 3; i++) {
    clock.advance(SESSION_MILLIS - 1);
    assert.equal(typeof all.use(token), "object");
  }
  clock.advance(SESSION_MILLIS);
  assert.equal(all.use(token), "expired");
  assert.equal(all.use(token), "unknown");
});

Deno.test("a session with connections goes on, as somebody looks at the page", () => {
  const { clock, all } = sessions();
  const { token, session } = begin(all);
  let connected = true;
  all.judgeBy({ ...JUDGE, isInUse: ({ id }) => connected && id === session.id });
  clock.advance(SESSION_MILLIS * 3);
  assert.equal(typeof all.use(token), "object");
  connected = false;
  clock.advance(SESSION_MILLIS);
  assert.equal(all.use(token), "expired");
});

Deno.test("a session that was ended is none, and the others go on", () => {
  const { all } = sessions();
  const { token, session } = begin(all);
  const other = begin(all).token;
  assert.deepEqual(all.end(token), session);
  assert.equal(all.end(token), undefined);
  assert.equal(all.use(token), "unknown");
  assert.equal(typeof all.use(other), "object");
});

Deno.test("sessions are bounded for each key and in all; what does not count makes room", () => {
  const { clock, all } = sessions({ limits: { perKey: 2, all: 3 } });
  begin(all);
  begin(all);
  assert.equal(all.begin(DESK), "key");
  begin(all, { name: "old", secretId: "1" });
  assert.equal(all.begin({ name: "ops", secretId: "2" }), "all");
  all.judgeBy({ ...JUDGE, isValid: ({ name }) => name !== "old" });
  begin(all, { name: "ops", secretId: "2" });
  assert.equal(all.begin({ name: "core", secretId: "3" }), "all");
  clock.advance(SESSION_MILLIS);
  begin(all);
  assert.equal(all.size, 1);
});

Deno.test("a later process with the same secret goes on with the table; with another it does not", () => {
  const first = sessions();
  const { token } = begin(first.all);
  const restored = first.all.toStore();
  assert.equal(typeof sessions({ restored }).all.use(token), "object");
  const secret = new Uint8Array(32).fill(8);
  assert.equal(sessions({ restored, secret }).all.use(token), "unknown");
});

Deno.test("a table that was changed by hand gives nobody the session of another key", () => {
  const first = sessions();
  const { token } = begin(first.all);
  const changes: Partial<StoredSession>[] = [{ name: "ops" }, { secretId: "ffffffff" }];
  for (const change of changes) {
    const restored = first.all.toStore().map((one) => ({ ...one, ...change }));
    assert.equal(sessions({ restored }).all.use(token), "unknown");
  }
});

Deno.test("the table holds nothing from which a token could be made", () => {
  const { all } = sessions();
  const { token } = begin(all);
  const text = JSON.stringify(all.toStore());
  for (const part of token.split(".")) assert.ok(!text.includes(part));
});

Deno.test("a restored session counts no longer than a new one, wherever the clock was", () => {
  const restored = [{ digest: "d", ...DESK, expiresAt: TEST_EPOCH * 2 }];
  const [kept] = sessions({ restored }).all.toStore();
  assert.equal(kept!.expiresAt, TEST_EPOCH + SESSION_MILLIS);
});

Deno.test("the table is written for what begins and ends, and for a use once a minute", () => {
  const changes: boolean[] = [];
  const { clock, all } = sessions({ onChange: (urgent) => changes.push(urgent) });
  const { token } = begin(all);
  for (let i = 0; i < 59; i++) {
    clock.advance(1_000);
    all.use(token);
  }
  assert.deepEqual(changes, [false]);
  clock.advance(1_000);
  all.use(token);
  all.end(token);
  assert.deepEqual(changes, [false, false, true]);
});

Deno.test("a session with connections goes on after a kill, however long nothing else used it", () => {
  const changes: boolean[] = [];
  const { clock, all } = sessions({ onChange: (urgent) => changes.push(urgent) });
  const { token, session } = begin(all);
  const idle = begin(all).token;
  all.judgeBy({ ...JUDGE, inUse: () => new Set([session.id]) });
  clock.advance(SESSION_MILLIS - 1);
  all.prolongInUse();
  assert.deepEqual(changes, [false, false, false], "both begin, and are written down anew");
  clock.advance(1);
  const later = sessions({ restored: all.toStore() });
  assert.equal(typeof later.all.use(token), "object");
  assert.equal(later.all.use(idle), "unknown");
});
