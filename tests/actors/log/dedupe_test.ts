import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DedupeWindow,
  digestOf,
  identityKey,
  MAX_IDENTITIES,
  MAX_IDENTITY_BYTES,
} from "../../../actors/log/dedupe.ts";

Deno.test("an identity is known until its window ends", () => {
  const window = new DedupeWindow(2);
  window.remember("a", "digest", 7, 1_000);
  assert.deepEqual(window.find("a", 1_000), { digest: "digest", seq: 7, expiresAt: 3_000 });
  assert.equal(window.find("a", 2_999)?.seq, 7);
  assert.equal(window.find("a", 3_000), undefined);
  assert.equal(window.find("b", 1_000), undefined);
});

Deno.test("an identity that is remembered again has a new window", () => {
  const window = new DedupeWindow(1);
  window.remember("a", "one", 1, 0);
  window.remember("b", "two", 2, 500);
  window.remember("a", "three", 3, 1_000);
  window.remember("c", "four", 4, 1_600); // b is over, a is not.
  assert.equal(window.find("a", 1_999)?.digest, "three");
  assert.equal(window.size, 2);
});

Deno.test("a forgotten identity is unknown", () => {
  const window = new DedupeWindow(1);
  window.remember("a", "digest", 1, 0);
  window.forget("a");
  window.forget("never known");
  assert.equal(window.find("a", 0), undefined);
  assert.equal(window.size, 0);
});

Deno.test("a window of no length remembers nothing", () => {
  const window = new DedupeWindow(0);
  window.remember("a", "digest", 1, 0);
  assert.equal(window.find("a", 0), undefined);
  assert.equal(window.size, 0);
});

Deno.test("unless told otherwise, a million identities are remembered", () => {
  const window = new DedupeWindow(120);
  for (let index = 0; index <= MAX_IDENTITIES; index++) window.remember(`${index}`, "d", index, 0);
  assert.equal(window.size, MAX_IDENTITIES);
  assert.equal(window.find("0", 0), undefined);
  assert.equal(window.find("1", 0)?.seq, 1);
  assert.equal(window.find(`${MAX_IDENTITIES}`, 0)?.seq, MAX_IDENTITIES);
});

Deno.test("beyond the most identities the oldest is forgotten before its window ends", () => {
  const window = new DedupeWindow(120, { maxIdentities: 100 });
  for (let index = 0; index <= 100; index++) window.remember(`${index}`, "d", index, 0);
  assert.equal(window.size, 100);
  assert.equal(window.find("0", 0), undefined);
  assert.equal(window.find("1", 0)?.seq, 1);
  assert.equal(window.find("100", 0)?.seq, 100);
});

Deno.test("property: it knows exactly what was remembered within the window, and keeps little else", () => {
  const step = fc.record({
    wait: fc.nat(400),
    id: fc.constantFrom(..."abcde"),
    forget: fc.integer({ min: 0, max: 4 }).map((chance) => chance === 0),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
    const window = new DedupeWindow(1);
    const model = new Map<string, { seq: number; at: number }>();
    let now = 0;
    steps.forEach(({ wait, id, forget }, seq) => {
      now += wait;
      if (forget) {
        window.forget(id);
        model.delete(id);
      } else {
        window.remember(id, `d${seq}`, seq, now);
        model.set(id, { seq, at: now });
        const fresh = [...model.values()].filter(({ at }) => now - at < 1_000);
        assert.equal(window.size, fresh.length);
      }
      for (const probe of "abcde") {
        const known = model.get(probe);
        const expected = known && now - known.at < 1_000 ? known.seq : undefined;
        assert.equal(window.find(probe, now)?.seq, expected);
      }
    });
  }));
});

Deno.test("identities differ by principal, by channel and by id", () => {
  const keys = new Set([
    identityKey("p", "positions", "1"),
    identityKey("q", "positions", "1"),
    identityKey("p", "market-data", "1"),
    identityKey("p", "positions", "2"),
  ]);
  assert.equal(keys.size, 4);
});

Deno.test("the digest is that of the payload, whatever the id", () => {
  const digest = digestOf({ eventId: "1", payload: '{"a":1}' });
  assert.equal(digestOf({ eventId: "2", payload: '{"a":1}' }), digest);
  assert.notEqual(digestOf({ eventId: "1", payload: '{"a":2}' }), digest);
});

Deno.test("identities are bounded in bytes as well, and the oldest goes first", () => {
  const maxBytes = 100_000;
  const window = new DedupeWindow(120, { maxBytes });
  // As long as a key may be before it is replaced by a digest.
  const long = (index: number) => String(index).padStart(400, "x");
  let count = 0;
  while (window.size === count) window.remember(long(count++), "d", count, 0);
  assert.ok(window.bytes <= maxBytes);
  assert.ok(window.bytes > maxBytes - 1_000, "no more is forgotten than must be");
  assert.equal(window.size, count - 1);
  assert.equal(window.find(long(0), 0), undefined);
  assert.equal(window.find(long(count - 1), 0)?.seq, count);
});

Deno.test("unless told otherwise, identities take 256 MiB at most", () => {
  const window = new DedupeWindow(120);
  const identities = Array.from({ length: 300 }, (_, index) => String(index).padEnd(1_000_000));
  for (const [index, identity] of identities.entries()) window.remember(identity, "d", index, 0);
  assert.ok(window.bytes <= MAX_IDENTITY_BYTES);
  assert.ok(window.bytes > MAX_IDENTITY_BYTES - 1_001_000, String(window.bytes));
  assert.equal(window.find(identities[0]!, 0), undefined);
});

Deno.test("bytes are given back as identities are forgotten, and counted once when remembered again", () => {
  const window = new DedupeWindow(1);
  window.remember("a", "digest", 1, 0);
  const { bytes } = window;
  assert.ok(bytes > 0);
  window.remember("a", "digest", 2, 500);
  window.restore("a", "digest", 2, 500, 1_000);
  assert.equal(window.bytes, bytes);
  window.remember("b", "digest", 3, 2_000); // a is over.
  assert.equal(window.bytes, bytes);
  window.forget("b");
  assert.equal(window.bytes, 0);
});

Deno.test("what an earlier process left is bounded like what this one remembers", () => {
  const window = new DedupeWindow(120, { maxIdentities: 100 });
  for (let index = 0; index <= 100; index++) window.restore(`${index}`, "d", index, 0, 1_000);
  assert.equal(window.size, 100);
  assert.equal(window.find("0", 0), undefined);
  assert.equal(window.find("1", 0)?.seq, 1);
});

Deno.test("what an earlier process left is remembered for what is left of it, and never longer than the window", () => {
  const window = new DedupeWindow(2);
  window.restore("within", "d", 1, 500, 1_999);
  window.restore("beyond", "d", 2, 500, 60_000); // Its process had a longer window.
  assert.equal(window.find("within", 500)?.expiresAt, 2_499);
  assert.equal(window.find("beyond", 500)?.expiresAt, 2_500);
  assert.equal(window.find("beyond", 2_500), undefined);
});

Deno.test("a long key takes as much memory as a short one, and is still its own", () => {
  const id = "x".repeat(127);
  const [a, b] = [
    identityKey("core", "market-data", `${id}a`),
    identityKey("core", "market-data", `${id}b`),
  ];
  assert.notEqual(a, b);
  assert.equal(identityKey("core", "market-data", `${id}a`), a);
  assert.ok(a.length < 64, String(a.length));
  assert.ok(identityKey("core", "market-data", "ß€").length < 64);
  assert.notEqual(
    identityKey("core", "market-data", "€"),
    identityKey("core", "market-data", "\u20ad"),
  );
});
