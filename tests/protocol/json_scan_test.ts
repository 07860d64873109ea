import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Elements,
  isTooDeep,
  MAX_JSON_DEPTH,
  runToEnd,
  scanJson,
  scanLines,
} from "../../protocol/json_scan.ts";
import { anyText } from "../support/any_text.ts";

const parts = ({ text, list }: Elements) => list.map(({ start, end }) => text.slice(start, end));
const values = (elements: Elements) => parts(elements).map((part) => JSON.parse(part));
const scan = (text: string, most = 1_000) => runToEnd(scanJson(text, most));
const lines = (text: string, most = 1_000) => runToEnd(scanLines(text, most));
const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

Deno.test("property: the elements of any list are what parsing the list gives", () => {
  const spaced = fc.tuple(fc.array(fc.jsonValue()), fc.constantFrom(0, 1, "\t", "\r\n  "));
  fc.assert(fc.property(spaced, ([list, space]) => {
    const elements = scan(JSON.stringify(list, null, space));
    assert.deepEqual(values(elements!), JSON.parse(JSON.stringify(list)));
    assert.equal(elements!.count, list.length);
  }));
});

Deno.test("property: the lines of any NDJSON are the values that were written", () => {
  const written = fc.tuple(
    fc.array(fc.jsonValue()),
    fc.constantFrom("\n", "\r\n", "\n\n", "\n \n"),
  );
  fc.assert(fc.property(written, ([list, end]) => {
    const elements = lines(list.map((value) => JSON.stringify(value)).join(end));
    assert.deepEqual(values(elements), JSON.parse(JSON.stringify(list)));
  }));
});

Deno.test("property: whatever is in the text, the scan ends, and what it finds lies within it", () => {
  const nearly = fc.array(fc.constantFrom(...'[]{},:"\\u005f19 \n', "__proto__")).map((all) =>
    all.join("")
  );
  fc.assert(fc.property(fc.oneof(nearly, anyText()), (text) => {
    for (const elements of [scan(text), lines(text)]) {
      for (const { start, end } of elements?.list ?? []) {
        assert.ok(0 <= start && start <= end && end <= text.length);
      }
    }
  }));
});

Deno.test("property: a list that is no JSON is found out by the scan or by one of its elements", () => {
  const broken = fc.tuple(fc.json(), fc.nat(), fc.constantFrom(...'[]{},:"0\\ '));
  fc.assert(fc.property(broken, ([json, position, character]) => {
    const at = position % (json.length + 2);
    const text = `[${json}]`;
    const changed = text.slice(0, at) + character + text.slice(at);
    let valid = true;
    try {
      JSON.parse(changed);
    } catch {
      valid = false;
    }
    const elements = scan(changed);
    let parsed = elements !== undefined;
    try {
      if (elements !== undefined) values(elements);
    } catch {
      parsed = false;
    }
    assert.equal(parsed, valid, changed);
  }));
});

Deno.test("one value is one element, and a list that does not end is none", () => {
  assert.deepEqual(parts(scan(' {"a":[1,2]} ')!), ['{"a":[1,2]} ']);
  assert.deepEqual(parts(scan("[]")!), []);
  for (const text of ["[", "[1", "[1,2", "[1}", "[1] 2", "[[1]", '["a]']) {
    assert.equal(scan(text), undefined, text);
  }
});

Deno.test("elements beyond the most are counted and not listed", () => {
  const { list, count } = scan(`[${"1,".repeat(99)}1]`, 3)!;
  assert.deepEqual([list.length, count], [3, 100]);
  assert.equal(lines("1\n".repeat(100), 3).count, 100);
});

Deno.test("an element that nests too deep is marked, and the others are not", () => {
  const [fits, deep] = [nested(MAX_JSON_DEPTH), nested(MAX_JSON_DEPTH + 1)];
  const inStrings = JSON.stringify("[{".repeat(100));
  const all = [fits, deep, inStrings];
  for (const elements of [scan(`[${all.join(",")}]`)!, lines(all.join("\n"))]) {
    assert.deepEqual(elements.list.map(({ deep }) => deep), [false, true, false]);
  }
  assert.deepEqual(all.map((text) => isTooDeep(text)), [false, true, false]);
});

Deno.test("what parsing would change is marked, wherever it stands", () => {
  const suspicious = [
    "9007199254740993",
    "-12345678901234567890",
    '{"a":{"__proto__":1}}',
    '{"\\u005f_proto__":1}',
    '{"a":"\\u005F"}',
  ];
  for (const text of suspicious) {
    const padded = `{"pad":"${"x".repeat(7)}","value":${text}}`;
    assert.equal(scan(`[1,${padded}]`)!.list[1]!.suspicious, true, text);
    assert.equal(lines(`1\n${padded}\n2`).list[1]!.suspicious, true, text);
  }
  const harmless = '{"at":1767225600000,"price":"64123.25","text":"\\u00fc \\"9\\"","x":1.0E20}';
  for (const elements of [scan(`[${harmless}]`)!, lines(harmless)]) {
    assert.equal(elements.list[0]!.suspicious, false);
  }
});

Deno.test("a long run of digits is seen at every position", () => {
  for (let before = 0; before < 40; before++) {
    const text = `${" ".repeat(before)}9007199254740993 `;
    assert.equal(lines(text).list[0]!.suspicious, true, String(before));
    assert.equal(lines(`${" ".repeat(before)}900719925474099 `).list[0]!.suspicious, false);
  }
});

Deno.test("a line knows its number", () => {
  assert.deepEqual(lines("\n1\n\r\n2").list.map(({ line }) => line), [2, 4]);
});

Deno.test("a large text is scanned in many steps", () => {
  const count = (steps: Generator<void, unknown>) => {
    let pauses = 0;
    while (!steps.next().done) pauses++;
    return pauses;
  };
  for (const text of ["1,", '"a\\"b",', "{}, ", `${nested(20)},`]) {
    assert.ok(count(scanJson(`[${text.repeat(200_000)}1]`, 10)) >= 20, text);
  }
  assert.ok(count(scanJson(`["${"x".repeat(1_000_000)}"]`, 10)) >= 50, "one text");
  assert.ok(count(scanJson(`{"a":"${"x".repeat(1_000_000)}"}`, 10)) >= 50, "no list");
  assert.ok(count(scanLines("{}\n".repeat(300_000), 10)) >= 50, "lines");
  assert.ok(count(scanLines(`{"__proto__":"${"[".repeat(1_000_000)}"}`, 10)) >= 50, "one line");
});
