import assert from "node:assert/strict";
import { REPEAT_MILLIS, Signals } from "../../../routes/cli/signals.ts";
import { TestClock } from "../../support/test_clock.ts";

/** Signals with actions that write down what they were asked for. */
function recorded() {
  const clock = new TestClock();
  const signals = new Signals(clock);
  const asked: string[] = [];
  const attach = () =>
    signals.attach({
      shutDown: (signal) => void asked.push(`shut down by ${signal}`),
      exitNow: (code) => void asked.push(`exit ${code}`),
      reload: () => void asked.push("reload"),
    });
  return { clock, signals, asked, attach };
}

for (const signal of ["SIGINT", "SIGTERM", "SIGQUIT"] as const) {
  Deno.test(`${signal} begins the end, and counts once when it comes again within a second`, () => {
    const { clock, signals, asked, attach } = recorded();
    attach();
    signals.receive(signal);
    signals.receive(signal);
    clock.advance(REPEAT_MILLIS - 1);
    signals.receive(signal);
    assert.deepEqual(asked, [`shut down by ${signal}`]);
  });
}

Deno.test("a later signal ends the process at once with 128 and its number", () => {
  const numbers = { SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 };
  for (const [signal, number] of Object.entries(numbers)) {
    const { clock, signals, asked, attach } = recorded();
    attach();
    signals.receive("SIGTERM");
    clock.advance(REPEAT_MILLIS);
    signals.receive(signal as keyof typeof numbers);
    assert.deepEqual(asked, ["shut down by SIGTERM", `exit ${128 + number}`]);
  }
});

Deno.test("a signal that keeps coming ends the process a second after the first one", () => {
  const { clock, signals, asked, attach } = recorded();
  attach();
  for (let time = 0; time <= REPEAT_MILLIS; time += REPEAT_MILLIS / 4) {
    signals.receive("SIGINT");
    clock.advance(REPEAT_MILLIS / 4);
  }
  assert.deepEqual(asked, ["shut down by SIGINT", "exit 130"]);
});

Deno.test("another signal is no repetition", () => {
  const { signals, asked, attach } = recorded();
  attach();
  signals.receive("SIGTERM");
  signals.receive("SIGINT");
  assert.deepEqual(asked, ["shut down by SIGTERM", "exit 130"]);
});

Deno.test("what comes during the start is known, and acted on as soon as somebody can", () => {
  const { signals, asked, attach } = recorded();
  assert.equal(signals.ending, undefined);
  signals.receive("SIGHUP");
  signals.receive("SIGTERM");
  assert.equal(signals.ending, "SIGTERM");
  assert.deepEqual(asked, []);
  attach();
  assert.deepEqual(asked, ["shut down by SIGTERM"]);
});

Deno.test("SIGHUP reads again and ends nothing", () => {
  const { signals, asked, attach } = recorded();
  attach();
  signals.receive("SIGHUP");
  signals.receive("SIGHUP");
  assert.deepEqual(asked, ["reload", "reload"]);
  assert.equal(signals.ending, undefined);
});
