import assert from "node:assert/strict";
import { EXIT_MILLIS, prepareShutdown } from "../../../routes/cli/shutdown.ts";
import { RecordingLogger } from "../../support/fake_gateway.ts";
import { settle, TestClock } from "../../support/test_clock.ts";

interface Ending {
  /** How long the sockets take to go, in ms. */
  readonly socketMillis?: number;
  /** How long open requests take to finish, in ms. */
  readonly requestMillis?: number;
  /** How long the store takes to close, in ms. */
  readonly storeMillis?: number;
  readonly drainSeconds?: number;
}

/** A process to end, which writes down when what was done, in ms. */
function process(
  { socketMillis = 0, requestMillis = 0, storeMillis = 0, drainSeconds = 7 }: Ending,
) {
  const clock = new TestClock();
  const from = clock.now();
  const steps: string[] = [];
  const step = (name: string) => void steps.push(`${clock.now() - from} ${name}`);
  const spend = (millis: number) =>
    millis === 0 ? Promise.resolve() : new Promise<void>((done) => clock.setTimeout(done, millis));
  const log = new RecordingLogger();
  const closing = new AbortController();
  closing.signal.addEventListener("abort", () => step("refuse bodies that are still arriving"));
  const shutdown = prepareShutdown({
    clock,
    log,
    drainSeconds,
    hub: {
      drain: async (millis) => {
        step("drain");
        await spend(Math.min(millis, socketMillis));
        return socketMillis > millis ? 2 : 0;
      },
      stop: () => step("stop the hub"),
    },
    listener: {
      close: async (millis) => {
        step("close the listener");
        await spend(Math.min(millis, requestMillis));
      },
    },
    closing,
    source: {
      stop: () => {
        step("stop the source");
        return Promise.resolve();
      },
    },
    storage: {
      close: async () => {
        await spend(storeMillis);
        step("close the store");
      },
    },
    exit: (code) => step(`exit ${code}`),
  });
  return { clock, log, steps, shutdown };
}

Deno.test("the end comes in order, once, whoever asks", async () => {
  const { steps, log, shutdown } = process({});
  shutdown.begin("request");
  shutdown.begin("SIGTERM");
  await settle();
  assert.deepEqual(steps, [
    "0 stop the source",
    "0 drain",
    "0 close the listener",
    "0 stop the hub",
    "0 close the store",
    "0 exit 0",
  ]);
  assert.deepEqual(log.find({ message: "draining" }).map(({ properties }) => properties), [
    { by: "request", seconds: 7 },
  ]);
  assert.deepEqual(log.find({ message: "stopped" }).map(({ properties }) => properties), [
    { left: 0 },
  ]);
});

Deno.test("sockets and requests that stay do not keep the process over its time", async () => {
  for (const drainSeconds of [7, 1]) {
    const { clock, log, steps, shutdown } = process({
      socketMillis: 60_000,
      requestMillis: 60_000,
      drainSeconds,
    });
    shutdown.begin("SIGTERM");
    await clock.advanceAsync(drainSeconds * 1_000);
    const [closingAt, storeAt] = drainSeconds === 1 ? [500, 750] : [6_000, 6_500];
    assert.deepEqual(steps, [
      "0 stop the source",
      "0 drain",
      `${closingAt} refuse bodies that are still arriving`,
      `${closingAt} close the listener`,
      `${storeAt} stop the hub`,
      `${storeAt} close the store`,
      `${storeAt} exit 0`,
    ]);
    const [stopped] = log.find({ message: "stopped" });
    assert.equal(stopped!.properties["left"], 2);
  }
});

Deno.test("a store that does not close in time does not keep the process, and the log says so", async () => {
  const { clock, log, steps, shutdown } = process({ storeMillis: 60_000 });
  shutdown.begin("SIGTERM");
  await clock.advanceAsync(7_000);
  assert.equal(steps.at(-1), "7000 exit 70");
  assert.equal(
    log.find({ message: "stopped at the drain deadline, before everything was closed" }).length,
    1,
  );
});

Deno.test("bodies may arrive until a second before the end, also when no socket is left", async () => {
  const { clock, steps, shutdown } = process({ requestMillis: 6_400 });
  shutdown.begin("SIGTERM");
  await clock.advanceAsync(7_000);
  assert.ok(steps.includes("6000 refuse bodies that are still arriving"));
  assert.equal(steps.at(-1), "6400 exit 0");
});

Deno.test("told again, the process closes the store and ends with the code, whatever is under way", async () => {
  const { clock, steps, shutdown } = process({ socketMillis: 60_000, storeMillis: 200 });
  shutdown.begin("SIGTERM");
  await clock.advanceAsync(1_500);
  shutdown.exitNow(143);
  await clock.advanceAsync(200);
  assert.deepEqual(steps.slice(2), ["1700 close the store", "1700 exit 143"]);
});

Deno.test("a store that does not close is not waited for when the process is told again", async () => {
  const { clock, steps, shutdown } = process({ storeMillis: 60_000 });
  shutdown.exitNow(130);
  await clock.advanceAsync(EXIT_MILLIS);
  assert.deepEqual(steps, [`${EXIT_MILLIS} exit 130`]);
});
