/**
 * No input makes a parser throw, and no fault is longer than people read.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { BatchBuilder, MAX_ELEMENT_BYTES, readElements } from "../../protocol/batch_builder.ts";
import { boundedList, boundedText } from "../../protocol/bounded.ts";
import { MAX_MESSAGE_LENGTH } from "../../protocol/client_action.ts";
import { parseClientMessage } from "../../protocol/v1/client_message.ts";
import { parseClientMessageV2 } from "../../protocol/v2/client_message.ts";
import { parseCollectorMessage } from "../../protocol/collector/message.ts";
import { runToEnd, scanJson, scanLines } from "../../protocol/json_scan.ts";
import { MAX_REPORTED_FAULTS } from "../../protocol/publish.ts";
import { decodeUtf8 } from "../../protocol/utf8.ts";
import { z } from "zod";
import { marketData } from "../support/events.ts";

const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

/** Values that break code which looks at `length` before it looks at the type. */
const TRAPS = [
  `{"length":${nested(3_000)}}`,
  `{"length":{"toString":1,"valueOf":2}}`,
  `{"length":1e9}`,
  `[${nested(30)}]`,
  `{"__proto__":{"length":3}}`,
  nested(3_000),
  nested(8_000),
  "1e999",
  "null",
];

const CLIENT_MESSAGES = TRAPS.flatMap((trap) => [
  trap,
  `{"action":${trap}}`,
  `{"id":${trap},"action":"heartbeat"}`,
  `{"id":"1","action":"subscribe","channels":${trap},"replay":${trap}}`,
  `{"id":${trap},"action":"subscribe","channels":[${trap}]}`,
  `{"action":"subscribe","channels":[{"name":${trap}}]}`,
  `{"action":"subscribe","channels":[{"name":"positions","since":{"epoch":${trap},"seq":1}}]}`,
  `{"action":"subscribe","channels":[{"name":"positions","filter":{"symbols":${trap}}}]}`,
  `{"action":"subscribe","channels":[{"name":"positions","filter":{"symbols":[${trap}]}}]}`,
  `{"action":"unsubscribe","channels":[${trap}]}`,
  `{"action":"acknowledge","alerts":[{"id":${trap},"seq":${trap}}]}`,
  `{"id":${trap},"action":"publish","events":[]}`,
  `{"id":"1","action":"publish","events":${trap}}`,
]);

const PARSERS = {
  "v1": parseClientMessage,
  "v2": parseClientMessageV2,
  "collector": (text: string) => parseCollectorMessage(text, 1_048_576, 10),
};

for (const [name, parse] of Object.entries(PARSERS)) {
  Deno.test(`${name}: lists, objects and lengths that are none are faults, and nothing throws`, () => {
    for (const text of CLIENT_MESSAGES) {
      const result = parse(text);
      if (!result.ok) assert.ok(result.fault.message.length <= MAX_MESSAGE_LENGTH, text);
    }
    const deep = parse(`{"id":{"length":${nested(3_000)}},"action":"heartbeat"}`);
    assert.ok(!deep.ok && /32 levels/.test(deep.fault.message));
  });

  Deno.test(`${name}: property: whatever the text, a message or a fault of bounded length`, () => {
    const piece = fc.oneof(
      fc.constantFrom(...'{}[],:"\\', '"action"', '"id"', '"publish"', '"events"', '"subscribe"'),
      fc.string(),
      fc.json(),
      fc.constantFrom(...TRAPS.slice(1, 5)),
    );
    fc.assert(fc.property(fc.array(piece).map((pieces) => pieces.join("")), (text) => {
      const result = parse(text);
      return result.ok || result.fault.message.length <= MAX_MESSAGE_LENGTH;
    }));
  });
}

Deno.test("property: any bytes are a batch or faults, of which there are at most a hundred", () => {
  const text = fc.array(fc.oneof(fc.json(), fc.constantFrom(..."[]{},\n"))).map((all) =>
    new TextEncoder().encode(all.join(""))
  );
  fc.assert(fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 200 })), (bytes) => {
    const text = runToEnd(decodeUtf8(bytes));
    if (text === undefined) return;
    for (const elements of [runToEnd(scanJson(text, 10)), runToEnd(scanLines(text, 10))]) {
      if (elements === undefined) continue;
      const batch = runToEnd(readElements(elements, 10, 0));
      assert.ok(batch.ok || batch.refusal.faults.length <= MAX_REPORTED_FAULTS);
    }
  }));
});

function faultsOf(text: string, ndjson = false) {
  const elements = runToEnd(ndjson ? scanLines(text, 10) : scanJson(text, 10))!;
  const batch = runToEnd(readElements(elements, 10, 0));
  assert.ok(!batch.ok);
  return batch.refusal.faults;
}

Deno.test("an element that is too deep, too large or would be changed is refused unparsed", () => {
  const good = JSON.stringify(marketData("A", "1"));
  const cases: readonly [string, string, RegExp][] = [
    [`{"channel":"market-data","data":${nested(3_000)}}`, "events[1]", /32 levels/],
    [`"${"x".repeat(MAX_ELEMENT_BYTES)}"`, "events[1]", /196608 bytes/],
    [`"${"€".repeat(MAX_ELEMENT_BYTES / 3)}"`, "events[1]", /196608 bytes/],
    [`{"data":{"a":9007199254740993}}`, "events[1].data.a", /2\^53/],
    [`{"data":{"__proto__":{}}}`, "events[1].data.__proto__", /key/],
  ];
  for (const [text, path, message] of cases) {
    for (const faults of [faultsOf(`[${good},${text}]`), faultsOf(`${good}\n${text}`, true)]) {
      assert.equal(faults.length, 1);
      assert.equal(faults[0]!.path, path);
      assert.match(faults[0]!.message, message);
    }
  }
});

Deno.test("an event whose every character is escaped is as large as it may be", () => {
  const event = JSON.stringify(marketData("A", "1", { source: "\u00fc".repeat(4_000) }));
  const escaped = event.replaceAll("ü", "\\u00fc");
  const elements = runToEnd(scanJson(`[${escaped}]`, 10))!;
  assert.ok(runToEnd(readElements(elements, 10, 0)).ok);
});

Deno.test("reading a batch stops at the hundredth fault and pauses on the way", () => {
  const batch = new BatchBuilder(0);
  for (let index = 0; index < 100; index++) {
    assert.equal(batch.isFull, false);
    batch.add("nonsense");
  }
  assert.equal(batch.isFull, true);
  const text = `[${Array.from({ length: 1_000 }, () => JSON.stringify(marketData("A", "1")))}]`;
  const reading = readElements(runToEnd(scanJson(text, 1_000))!, 1_000, 0);
  let pauses = 0;
  while (!reading.next().done) pauses++;
  assert.ok(pauses >= 3, String(pauses));
});

Deno.test("bounds look at texts and lists alone, and say what the schema says", () => {
  const text = boundedText(1, 3);
  const list = boundedList(z.string(), 1, 2);
  for (const schema of [text, list]) {
    for (const trap of TRAPS) assert.equal(schema.safeParse(JSON.parse(trap)).success, false);
  }
  assert.deepEqual(["", "a", "abc", "abcd"].map((one) => text.safeParse(one).success), [
    false,
    true,
    true,
    false,
  ]);
  assert.deepEqual([[], ["a"], ["a", "b", "c"]].map((one) => list.safeParse(one).success), [
    false,
    true,
    false,
  ]);
  const { minLength, maxLength } = z.toJSONSchema(text);
  assert.deepEqual([minLength, maxLength], [1, 3]);
});
