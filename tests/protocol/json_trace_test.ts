import assert from "node:assert/strict";
import fc from "fast-check";
import { findLossyParts } from "../../protocol/json_trace.ts";
import { MAX_REPORTED_FAULTS } from "../../protocol/publish.ts";

const paths = (text: string) => findLossyParts(text, "events[0]").map(({ path }) => path);

Deno.test("whole numbers beyond 2^53 are found with their paths", () => {
  const text = '{"data":{"a":9007199254740993,"list":[1,{"b":-9007199254740993}],"c":1e400}}';
  assert.deepEqual(paths(text), ["events[0].data.a", "events[0].data.list[1].b"]);
  const [fault] = findLossyParts(text, "e");
  assert.match(fault!.message, /9007199254740993 .*9007199254740992 \(2\^53\).*text/);
});

Deno.test("what a double holds, or was written as one, passes", () => {
  const numbers = [
    "9007199254740992",
    "-9007199254740992",
    "-0",
    "1.0E20",
    "12345678901234567890.0",
    "12345678901234567890e0",
    '"12345678901234567890"',
  ];
  for (const number of numbers) assert.deepEqual(paths(`{"a":${number}}`), [], number);
});

Deno.test("a key __proto__ is found however it is written; a value is none", () => {
  for (const key of ["__proto__", "\\u005f_proto__", "\\u005F\\u005fprot\\u006f__"]) {
    assert.deepEqual(paths(`{"data":{"x":[{"${key}" : {}}]}}`), ["events[0].data.x[0].__proto__"]);
  }
  for (const text of ['{"a":"__proto__"}', '["__proto__"]', '{"__proto":1,"_proto__":2}']) {
    assert.deepEqual(paths(text), []);
  }
});

Deno.test("no more faults than an answer names, and no longer quotes than people read", () => {
  const faults = findLossyParts(`[${"99999999999999999,".repeat(1_000)}1]`, "e");
  assert.equal(faults.length, MAX_REPORTED_FAULTS);
  assert.ok(findLossyParts("9".repeat(100_000), "e")[0]!.message.length < 200);
});

Deno.test("property: a key __proto__ is found exactly when the text has one", () => {
  const key = fc.constantFrom("a", "__proto__", "__proto__ ", "constructor", '"', "\\");
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: "small" },
      fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.boolean()),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.array(fc.tuple(key, tie("tree")), { maxLength: 3 }).map((entries) => ({ entries })),
    ),
  }));
  const write = (value: unknown): [text: string, count: number] => {
    if (Array.isArray(value)) {
      const all = value.map(write);
      return [`[${all.map(([text]) => text).join(" , ")}]`, all.reduce((n, [, k]) => n + k, 0)];
    }
    if (typeof value === "object" && value !== null) {
      const { entries } = value as { entries: [string, unknown][] };
      const all = entries.map(([key, value]) => [key, ...write(value)] as const);
      const text = all.map(([key, text]) => `${JSON.stringify(key)} :${text}`).join(",");
      return [
        `{${text}}`,
        all.reduce((n, [key, , k]) => n + k + (key === "__proto__" ? 1 : 0), 0),
      ];
    }
    return [JSON.stringify(value), 0];
  };
  fc.assert(fc.property(tree, (value) => {
    const [text, count] = write(value);
    assert.equal(paths(text).length, Math.min(count, MAX_REPORTED_FAULTS));
  }));
});
