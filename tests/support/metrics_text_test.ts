import assert from "node:assert/strict";
import { Metrics } from "./metrics_text.ts";

Deno.test("samples are found by name and by any of their labels", () => {
  const metrics = new Metrics([
    "# HELP a_total Something.",
    "# TYPE a_total counter",
    'a_total{channel="market-data",reason="rate_limit"} 3',
    'a_total{channel="market-data",reason="slow \\"one\\""} 4',
    'a_total{channel="positions",reason="rate_limit"} 1e1',
    "b 0.5 1700000000000",
    "",
  ].join("\n"));
  assert.equal(metrics.value("a_total"), 17);
  assert.equal(metrics.value("a_total", { channel: "market-data" }), 7);
  assert.equal(metrics.value("a_total", { reason: 'slow "one"' }), 4);
  assert.equal(metrics.value("b"), 0.5);
  assert.equal(metrics.value("c"), undefined);
  assert.throws(() => new Metrics("what is this"), /not a sample/);
});
