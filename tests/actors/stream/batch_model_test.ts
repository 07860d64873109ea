import fc from "fast-check";
import { BatchModel } from "./batch_model.ts";
import { batchScenarios } from "./batch_scenarios.ts";

/** Histories tried; `FAST_CHECK_RUNS` in the environment asks for another number. */
const RUNS = Number(Deno.env.get("FAST_CHECK_RUNS") ?? 300);

/** Where they begin; random unless `FAST_CHECK_SEED` in the environment says so. */
const SEED = Deno.env.get("FAST_CHECK_SEED");

Deno.test("property: whatever happens, every number of every v2 reader is accounted for", async () => {
  await fc.assert(
    fc.asyncProperty(batchScenarios, async (scenario) => {
      const model = new BatchModel(scenario);
      for (const command of scenario.commands) await model.run(command);
      await model.settle();
    }),
    { numRuns: RUNS, ...(SEED !== undefined && { seed: Number(SEED) }) },
  );
});
