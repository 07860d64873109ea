import assert from "node:assert/strict";
import { prepareShutdown } from "../../../routes/cli/shutdown.ts";
import { RecordingLogger } from "../../support/fake_gateway.ts";
import { settle } from "../../support/test_clock.ts";

Deno.test("the end comes in order, once, whoever asks", async () => {
  const steps: string[] = [];
  const step = (name: string) => {
    steps.push(name);
    return Promise.resolve();
  };
  const log = new RecordingLogger();
  const shutDown = prepareShutdown({
    log,
    drainSeconds: 7,
    hub: {
      drain: async (millis) => {
        await step(`drain within ${millis} ms`);
        return true;
      },
      stop: () => void step("stop the hub"),
    },
    listener: { close: (millis) => step(`close the listener within ${millis} ms`) },
    source: { stop: () => step("stop the source") },
    storage: { close: () => step("close the store") },
    exit: (code) => void step(`exit ${code}`),
  });
  shutDown("request");
  shutDown("SIGTERM");
  await settle();
  assert.deepEqual(steps, [
    "stop the source",
    "drain within 7000 ms",
    "close the listener within 1000 ms",
    "stop the hub",
    "close the store",
    "exit 0",
  ]);
  assert.deepEqual(log.find({ message: "draining" }).map(({ properties }) => properties), [
    { by: "request", seconds: 7 },
  ]);
});
