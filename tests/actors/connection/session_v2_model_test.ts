/**
 * Whatever v2 clients ask, however they read and whenever they come and go: everybody can account
 * for everything, and knows the truth in the end.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { sumOf, type Tally } from "../../support/v2_channel_ledger.ts";
import { ModelV2 } from "./session_v2_model.ts";
import { scenarioV2 } from "./session_v2_scenarios.ts";

/** Histories; the long form sets `TELEMETRY_TEST_RUNS`. */
const RUNS = Number(Deno.env.get("TELEMETRY_TEST_RUNS") ?? 150);

/** What must have happened at least once, or the histories show nothing. */
const INTERESTING = [
  "skipped",
  "filtered",
  "replayed",
  "snapshots",
  "recovered",
  "rebased",
] as const;

Deno.test(`${RUNS} histories of v2 clients add up`, async () => {
  const totals: Tally[] = [];
  const property = fc.asyncProperty(scenarioV2, async (scenario) => {
    const model = new ModelV2(scenario);
    try {
      for (const step of scenario.steps) await model.run(step);
      await model.settle();
      totals.push(model.total);
    } finally {
      model.fake.stop();
    }
  });
  await fc.assert(property, { numRuns: RUNS });
  const total = sumOf(totals);
  for (const what of INTERESTING) assert.ok(total[what] > 0, `nothing was ever ${what}`);
});
