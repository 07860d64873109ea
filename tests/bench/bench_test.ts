import assert from "node:assert/strict";
import { alternate, remarksOn } from "./alternate.ts";
import { renderDocument } from "./document.ts";
import { type CpuProfile, drawFlames, flamesOf } from "./flame_graph.ts";
import { readOptions } from "./options.ts";
import { renderReport } from "./render.ts";
import type { BenchSettings } from "./row.ts";
import { ROWS } from "./rows/mod.ts";
import type { Contestant } from "./servers/contestant.ts";
import { median, percentile } from "./statistics.ts";

const EVER = { fromSeconds: 0, toSeconds: Infinity };

const IDS = ROWS.map(({ id }) => id);

Deno.test("contestants take turns, ABBA, and keep their results apart", async () => {
  const order: string[] = [];
  const start = () => Promise.reject(new Error("not started here"));
  const contestants: Contestant[] = ["a", "b", "c"].map((name) => ({ name, start }));
  const settings: BenchSettings = {
    runs: 3,
    seconds: 1,
    quick: false,
    peersMissing: undefined,
    progress: () => {},
  };
  const results = await alternate(settings, contestants, ({ name }) => {
    order.push(name);
    const faults = order.length === 4 ? ["a gap"] : [];
    return Promise.resolve({ window: EVER, faults, doubts: [], turn: order.length });
  }, () => "");
  assert.equal(order.join(""), "abccbaabc");
  assert.deepEqual(results.map(({ runs }) => runs.map(({ turn }) => turn)), [
    [1, 6, 7],
    [2, 5, 8],
    [3, 4, 9],
  ]);
  assert.deepEqual(remarksOn(results), { faults: ["c, run 2: a gap"], doubts: [] });
});

Deno.test("medians and percentiles are of sorted numbers", () => {
  assert.equal(median([10, 9, 100]), 10);
  assert.equal(median([4, 1]), 2.5);
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(percentile(hundred, 0.99), 99);
  assert.equal(percentile(hundred, 1), 100);
  assert.equal(percentile([5], 0.5), 5);
  assert.ok(Number.isNaN(percentile([], 0.99)));
});

Deno.test("a report shows all runs, and says what is met and what is not", () => {
  const verdict = { what: "ratio", unit: "×" };
  const text = renderReport({
    series: [{ contestant: "gateway", measure: "CPU", unit: "µs", values: [3, 1, 2] }],
    verdicts: [
      { ...verdict, reached: 1.15, target: { sign: "≤", value: 1.15 } },
      { ...verdict, reached: 1, target: { sign: "<", value: 1 } },
      { ...verdict, reached: 49_000, target: { sign: "≥", value: 50_000 } },
      { ...verdict, reached: 7 },
    ],
    faults: ["gateway, run 1: 2 gaps"],
    doubts: [],
  });
  assert.match(text, /ratio ≤ 1.15 × \| 1.15 × \| met \|/);
  assert.match(text, /ratio < 1 × \| 1.00 × \| \*\*not met\*\* \|/);
  assert.match(text, /ratio ≥ 50000 × \| 49,000 × \| \*\*not met\*\* \|/);
  assert.match(text, /ratio \| 7.00 × \| for information \|/);
  assert.match(text, /CPU \| gateway \| 3.00 1.00 2.00 \| 2.00 µs \(median\) \|/);
  assert.match(text, /- gateway, run 1: 2 gaps/);
});

Deno.test("the document names every row, measured or not", () => {
  const entries = ROWS.map((row) => ({ row, result: undefined, flameGraph: undefined }));
  const text = renderDocument(entries);
  for (const id of IDS) assert.match(text, new RegExp(`\\| ${id} \\|.*not measured`));
});

Deno.test("the command line is read, and mistakes are named", () => {
  const defaults = readOptions([], IDS);
  assert.deepEqual([defaults.rows, defaults.runs, defaults.quick], [[], 5, false]);
  assert.deepEqual(readOptions(["--rows", "v1, ingest"], IDS).rows, ["v1", "ingest"]);
  assert.equal(readOptions(["--quick"], IDS).runs, 1);
  assert.throws(() => readOptions(["--rows", "v3"], IDS), /no row "v3"; rows are v1, /);
  assert.throws(() => readOptions(["--runs", "0"], IDS), /--runs takes a number from 1/);
  assert.throws(() => readOptions(["--fast"], IDS), /--fast/);
});

const frame = (functionName: string, url = "") => ({ functionName, url, lineNumber: 4 });

Deno.test("a flame graph adds up callees, leaves idleness out and escapes names", () => {
  const profile: CpuProfile = {
    nodes: [
      { id: 1, callFrame: frame("(root)"), children: [2, 3, 5] },
      { id: 2, callFrame: frame("(idle)") },
      { id: 3, callFrame: frame("send", "file:///x/actors/stream/fanout.ts"), children: [4] },
      { id: 4, callFrame: frame("<write>") },
      { id: 5, callFrame: frame("send", "file:///x/actors/stream/fanout.ts") },
    ],
    startTime: 1_000_000,
    samples: [2, 3, 4, 5],
    timeDeltas: [900, 10, 20, 30],
  };
  const root = flamesOf(profile);
  assert.equal(root.micros, 60);
  assert.deepEqual(root.children.map(({ name, micros }) => [name, micros]), [
    ["send stream/fanout.ts:5", 60],
  ]);
  const late = flamesOf(profile, { fromSeconds: 1.00092, toSeconds: 1.00094 });
  assert.equal(late.micros, 20, "the third sample alone");
  const svg = drawFlames(root, "a & b");
  assert.match(svg, /&lt;write&gt;: 33.3 %/);
  assert.match(svg, /a &amp; b/);
  assert.ok(!svg.includes("<script") && !svg.includes("(idle)"));
});
