import assert from "node:assert/strict";
import { Bans, MAX_BANS } from "../../../actors/hub/bans.ts";
import { BAN_SUBJECTS, type BanSubject } from "../../../protocol/rest/bans.ts";
import { ANONYMOUS, type ConnectOptions, fakePeer, keyHolder } from "../../support/fake_gateway.ts";
import { TEST_EPOCH, TestClock } from "../../support/test_clock.ts";

const CLIENT: ConnectOptions = {
  clientId: "desk-7",
  principal: keyHolder("desk"),
  address: "10.0.0.1",
};

const REQUEST = { seconds: 60, setBy: "ops", reason: "calm down" };

function banned(by: BanSubject) {
  const clock = new TestClock();
  const bans = new Bans(clock);
  const ban = bans.set(fakePeer(CLIENT), { ...REQUEST, by });
  const covers = (changes: ConnectOptions) =>
    bans.find(fakePeer({ ...CLIENT, ...changes })) !== undefined;
  return { clock, bans, ban, covers };
}

/** What is another client, key or address, and by which bans it is refused all the same. */
const OTHERS: readonly (readonly [string, ConnectOptions, readonly BanSubject[]])[] = [
  ["the client itself", {}, BAN_SUBJECTS],
  ["the client from elsewhere", { address: "10.0.0.2" }, ["client", "key"]],
  ["another client of the key", { clientId: "desk-8" }, ["key", "address"]],
  ["another client of the key from elsewhere", { clientId: "x", address: "10.0.0.2" }, ["key"]],
  ["another key", { principal: keyHolder("core") }, ["address"]],
  ["somebody without a key", { principal: ANONYMOUS }, ["address"]],
  ["somebody else", { principal: keyHolder("core"), address: "10.0.0.2" }, []],
];

for (const [who, changes, refusedBy] of OTHERS) {
  Deno.test(`${who} is refused by bans of: ${refusedBy.join(", ") || "nothing"}`, () => {
    for (const by of BAN_SUBJECTS) {
      assert.equal(banned(by).covers(changes), refusedBy.includes(by), by);
    }
  });
}

Deno.test("a ban says who set it, why, when, until when, and about what, and nothing more", () => {
  const expected: Readonly<Record<BanSubject, object>> = {
    peer: { principal: "desk", clientId: "desk-7", address: "10.0.0.1" },
    client: { principal: "desk", clientId: "desk-7" },
    key: { principal: "desk" },
    address: { address: "10.0.0.1" },
  };
  for (const by of BAN_SUBJECTS) {
    const { bans, ban } = banned(by);
    assert.deepEqual(bans.list(), [{
      id: ban.id,
      by,
      ...expected[by],
      setBy: "ops",
      reason: "calm down",
      setAtEpochMillis: TEST_EPOCH,
      expiresAtEpochMillis: TEST_EPOCH + 60_000,
    }]);
  }
});

Deno.test("an IPv6 network is banned as a whole", () => {
  const bans = new Bans(new TestClock());
  bans.set(fakePeer({ address: "2001:db8::1" }), { ...REQUEST, by: "address" });
  assert.ok(bans.find(fakePeer({ address: "2001:db8::2" })));
  assert.equal(bans.find(fakePeer({ address: "2001:db8:0:1::1" })), undefined);
  assert.equal(bans.list()[0]!.address, "2001:db8:0:0::/64");
});

Deno.test("a ban ends by itself, and is not listed then", () => {
  const { clock, bans, ban, covers } = banned("key");
  clock.advance(59_999);
  assert.ok(covers({}));
  assert.equal(bans.list().length, 1);
  clock.advance(1);
  assert.equal(bans.lift(ban.id), undefined);
  assert.equal(covers({}), false);
  assert.deepEqual(bans.list(), []);
});

Deno.test("a ban that is lifted refuses nobody, and others stay", () => {
  const { bans, ban, covers } = banned("peer");
  bans.set(fakePeer({ address: "10.0.0.9" }), { ...REQUEST, by: "address" });
  assert.equal(bans.lift("nothing"), undefined);
  assert.equal(bans.lift(ban.id)?.id, ban.id);
  assert.equal(covers({}), false);
  assert.ok(covers({ address: "10.0.0.9" }));
});

Deno.test("a client that several bans cover waits for the last of them", () => {
  const { bans } = banned("peer");
  bans.set(fakePeer(CLIENT), { ...REQUEST, by: "key", seconds: 600 });
  assert.deepEqual(bans.find(fakePeer(CLIENT)), { by: "key", leftMillis: 600_000 });
});

Deno.test("a new ban of the same subject takes the place of the old one", () => {
  const { bans, ban } = banned("key");
  bans.set(fakePeer(CLIENT), { ...REQUEST, by: "key", seconds: 5 });
  assert.equal(bans.list().length, 1);
  assert.notEqual(bans.list()[0]!.id, ban.id);
  assert.equal(bans.find(fakePeer(CLIENT))?.leftMillis, 5_000);
});

Deno.test("only so many bans are remembered, and the oldest is forgotten first", () => {
  const bans = new Bans(new TestClock());
  const peer = (i: number) => fakePeer({ clientId: `c${i}` });
  for (let i = 0; i <= MAX_BANS; i++) bans.set(peer(i), { ...REQUEST, by: "peer" });
  assert.equal(bans.find(peer(0)), undefined);
  assert.ok(bans.find(peer(1)));
  assert.equal(bans.list().length, MAX_BANS);
});
