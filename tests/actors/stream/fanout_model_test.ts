import fc from "fast-check";
import { FanoutModel } from "./fanout_model.ts";
import { scenarios } from "./fanout_scenarios.ts";

/** Histories tried; `FAST_CHECK_RUNS` in the environment asks for another number. */
const RUNS = Number(Deno.env.get("FAST_CHECK_RUNS") ?? 500);

Deno.test("property: whatever happens, every frame, gap, call and counter is accounted for", () => {
  fc.assert(
    fc.property(scenarios, (scenario) => {
      const model = new FanoutModel(scenario);
      for (const command of scenario.commands) model.run(command);
      model.settle();
    }),
    { numRuns: RUNS },
  );
});
