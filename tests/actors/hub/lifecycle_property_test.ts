import assert from "node:assert/strict";
import fc from "fast-check";
import { type Command, LifecycleModel } from "./lifecycle_model.ts";

const channels = fc.subarray(["positions", "market-data", "risk-alerts"], { minLength: 1 });

/** Which of the connections so far; a model takes it modulo their number. */
const which = fc.nat(30);

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant("admit" as const), client: fc.nat(11) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("open" as const), which }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("subscribe" as const), which, channels }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("unsubscribe" as const), which, channels }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("publish" as const), count: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("stopReading" as const), which }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("read" as const), which }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("wait" as const),
      millis: fc.oneof(fc.nat(600), fc.constantFrom(5_500, 60_000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("fail" as const), which }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("disconnect" as const), which }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("timeOut" as const), which }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("socketGone" as const), which }) },
);

Deno.test("connection, data plane and registry agree after every step of random lifecycles", async () => {
  const states = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(command, { minLength: 20, maxLength: 80, size: "max" }),
      async (commands) => {
        const model = new LifecycleModel();
        try {
          for (const next of commands) {
            await model.perform(next);
            model.check();
            for (const { state } of model.connections) states.add(state);
          }
        } finally {
          model.stop();
        }
      },
    ),
    { numRuns: 200 },
  );
  // What was never reached was not tested.
  assert.deepEqual([...states].sort(), [
    ...["abandoned", "authenticated", "closed", "connecting", "gone", "subscribed", "throttled"],
    "timed-out",
  ]);
});
